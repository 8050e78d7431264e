"""`watchfloor alerts list|show|explain`, on a ledger that was filled as intake fills it."""

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.database import writing
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import at, evaluation, finding
from tests.orchestration.cli.alerts.office import (
    ANN,
    BOB,
    SPAM,
    THEFT,
    Watchfloor,
    id_of,
    refused,
    rows,
)


def test_lists_the_gravest_first_with_its_mode_and_what_mutes_it(
    watchfloor: Watchfloor, desk: Desk
) -> None:
    found = rows(watchfloor, "list")
    shown = ("severity", "state", "mode", "monitor", "entity", "muted_by")
    assert [tuple(row[name] for name in shown) for row in found] == [
        ("S1", "firing", "review", SPAM, BOB, None),
        ("S2", "firing", "shadow", THEFT, ANN, "shadow"),
        ("S2", "firing", "review", SPAM, ANN, None),
    ]
    assert found[0]["alert_id"] == id_of(desk, BOB)
    table = watchfloor("alerts", "list", "--limit", "1")
    assert f"{id_of(desk, BOB)[:12]}  S1" in table.stdout
    assert "2 more; raise --limit" in table.stderr


@pytest.mark.parametrize(
    ("arguments", "n"),
    [
        (["--severity", "S1"], 1),
        (["--severity", "S1", "--severity", "S2"], 3),
        (["--state", "acked"], 0),
        (["--state", "firing"], 3),
        (["--product", "web"], 2),
        (["--monitor", THEFT], 1),
        (["--mode", "shadow"], 1),
        (["--mode", "review"], 2),
        (["--entity", ANN], 2),
        (["--entity", "account_000000000000"], 0),
        (["--since", "2026-03-02T01:00"], 3),
        (["--since", "2026-03-02T01:30"], 1),
    ],
)
@pytest.mark.usefixtures("desk")
def test_filters(watchfloor: Watchfloor, arguments: list[str], n: int) -> None:
    assert len(rows(watchfloor, "list", *arguments)) == n


def test_shows_a_life_with_findings_and_threads(watchfloor: Watchfloor, desk: Desk) -> None:
    alert_id = id_of(desk, ANN)
    assert watchfloor("alerts", "ack", alert_id).exit_code == 0
    found = rows(watchfloor, "show", alert_id[:8])
    (alert,) = found["alert"]
    assert (alert["alert_id"], alert["state"], alert["held_by"]) == (alert_id, "acked", "heron-7")
    assert [(row["who"], row["what"], row["on"]) for row in found["life"]] == [
        ("system:intake", "open", "alert"),
        ("heron-7", "ack", "alert"),
        ("heron-7", "ack", "thread"),
    ]
    assert [row["finding_id"] for row in found["findings"]] == [f"{SPAM} 1 0 {ANN}"]
    (thread,) = found["threads"]
    assert (thread["receiver"], thread["closed_at"]) == ("C0ABUSE", None)
    table = watchfloor("alerts", "show", alert_id).stdout
    assert f"alert_id       {alert_id}\n" in table
    assert all(title in table for title in ("life\n", "findings\n", "threads\n"))


def test_an_abbreviated_id_must_be_unique_and_long_enough(
    watchfloor: Watchfloor, desk: Desk
) -> None:
    same = "abcdef0123"
    ids = [same + "1" * 54, same + "2" * 54]
    twins = [
        replace(alert, alert_id=made, key=f"key-{made}")
        for alert, made in zip(desk.alerts(), ids, strict=False)
    ]
    with writing(desk.engine) as connection:
        act = Act(Actor("intake", "system"), at(3), "for a test")
        write_alerts(connection, before={}, after=twins, act=act)
    told = refused(watchfloor, "show", "abcdef01")
    assert "begins the ids of 2 alerts: abcdef012311, abcdef012322" in told
    assert rows(watchfloor, "show", "abcdef01231")["alert"][0]["alert_id"] == ids[0]
    assert "There is no alert 0000000000" in refused(watchfloor, "explain", "0000000000")
    for short in ("abcdef0", "nothexadec", "%%%%%%%%"):
        assert "at least the first 8 digits" in refused(watchfloor, "ack", short)


def test_explains_why_and_when(watchfloor: Watchfloor, desk: Desk) -> None:
    told = watchfloor("alerts", "explain", id_of(desk, ANN)).stdout.splitlines()
    assert told[0].startswith("firing since 2026-03-02 01:06:00 UTC, S2; 1 of 1 findings stand")
    assert told[1] == (
        "C0ABUSE by route all: told at 2026-03-02 01:06:00 UTC (first); "
        + told[1].split("; ", 1)[1]
    )
    assert "(repeat)" in told[1]
    hidden = watchfloor("alerts", "explain", id_of(desk, ANN, THEFT)).stdout
    assert "Its monitor is in shadow, or not watched" in hidden
    found = rows(watchfloor, "explain", id_of(desk, ANN))
    assert [(row["route"], row["told_reason"]) for row in found["tellings"]] == [("all", "first")]


@pytest.mark.usefixtures("watched_lake")
def test_entities_are_shown_where_the_lake_has_them(
    watchfloor: Watchfloor, desk: Desk, home: Path
) -> None:
    hidden = Pseudonyms(home).name("account_id", "ann")
    desk.step(6, evaluation(5, monitor=SPAM), found=[finding(5, hidden, monitor=SPAM)])
    assert "ann" not in {row["entity"] for row in rows(watchfloor, "list")}
    shown = {row["entity"] for row in rows(watchfloor, "list", "--entities")}
    assert shown == {"ann", ANN, BOB}  # of the others no finding is left
    assert len(rows(watchfloor, "list", "--entity", "ann")) == 1


@pytest.mark.usefixtures("desk")
def test_broken_routes_are_said_line_by_line_and_the_last_sound_ones_hold(
    watchfloor: Watchfloor, tmp_path: Path
) -> None:
    assert watchfloor("alerts", "list").exit_code == 0
    (tmp_path / "routes.yaml").write_text("routes:\n  - {nam: all}\nstorms: 3\n", encoding="utf-8")
    done = watchfloor("alerts", "list")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    first, second, third, *_ = lines
    assert first.startswith("routes.yaml:2:")
    assert (second.split(":")[0], third.split(":")[1]) == ("routes.yaml", "3")
    assert lines[-1] == "The routes are as they were before."


@pytest.mark.usefixtures("tokens")
def test_settings_that_were_never_sound_are_refused_line_by_line(
    watchfloor: Watchfloor, tmp_path: Path
) -> None:
    (tmp_path / "people.yaml").write_text("people:\n  - {id: A}\nx: 1\n", encoding="utf-8")
    lines = refused(watchfloor, "list").splitlines()
    assert len(lines) > 1
    assert lines[0].startswith("Error: people.yaml:2:")
    assert all(line.startswith("people.yaml:") for line in lines[1:])
