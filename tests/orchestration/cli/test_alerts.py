"""`watchfloor alerts`, on a ledger that was filled as intake fills it."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result
from sqlalchemy import Engine

from monitors.contract import Mode, Severity
from monitors.evaluate import FINDINGS
from monitors.registry import registry
from orchestration.alerts.config import parse_config
from orchestration.alerts.records import Watched
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import writing
from orchestration.ledger.states import ModeState
from orchestration.manifests import Manifest, content_digest
from orchestration.oncall.people_yaml import parse_people
from orchestration.people.issuing import give
from orchestration.pseudonyms import pseudonym, read_key
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import HOUR, START, at, evaluation, finding
from tests.support.manifests import MANIFEST

SPAM, THEFT = "web/scraping", "api/stolen_key"
ANN, BOB = "account_00000000000a", "account_00000000000b"
PEOPLE = """
people:
  - {id: tapir-8, slack: U0TAPIR8, roles: [admin], zone: UTC}
  - {id: heron-7, slack: U0HERON7, roles: [oncall, lead], teams: [chat-safety], zone: UTC}
  - {id: otter-2, slack: U0OTTER2, roles: [oncall], teams: [chat-safety], zone: UTC}
  - {id: finch-1, slack: U0FINCH1, roles: [viewer], zone: UTC}
"""
ROUTES = """
routes:
  - {name: all, receiver: C0ABUSE, group_by: [monitor], group_interval: 1m, repeat_interval: 30d}
"""
ROTA = """
hours:
  office: {zone: UTC, open: "09:00", close: "17:00", weekdays: [monday]}
rotas:
  chat-safety:
    zone: UTC
    handover: {at: "10:00", every: monday}
    from: 2026-01-05
    layers: [[heron-7, otter-2], [otter-2, heron-7]]
ladders:
  urgent:
    match: {severities: [S0, S1]}
    steps: [{wait: 0m, notify: {person: heron-7}}]
delivery:
  S2: {every: 15m, only_in: office}
  S3: {at: "09:00", zone: UTC}
"""
Watchfloor = Callable[..., Result]


@pytest.fixture
def tokens(
    ledger: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Everybody's token; the command line is set to this ledger and these files, and heron-7."""
    for name, text in (("PEOPLE", PEOPLE), ("ROUTES", ROUTES), ("ROTA", ROTA)):
        path = tmp_path / f"{name.lower()}.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"WATCHFLOOR_{name}", str(path))
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    roster, now = parse_people(PEOPLE), datetime.now(UTC)
    found: dict[str, str] = {}
    with writing(ledger) as connection:
        for person in roster.people:
            by = found.get("tapir-8", "")
            found[person.id] = give(connection, roster, person.id, by=by, now=now, days=1)
        monitor = registry().get(SPAM)
        change_mode(
            connection,
            approval_id="a1",
            monitor=SPAM,
            version=monitor.version,
            declared=ModeState.SHADOW,
            to=ModeState.REVIEW,
            act=Act(Actor("tapir-8", "person"), now, "for a test"),
        )
    monkeypatch.setenv("WATCHFLOOR_TOKEN", found["heron-7"])
    return found


@pytest.fixture
def desk(ledger: Engine, tokens: dict[str, str]) -> Desk:  # noqa: ARG001 - sets the environment
    """Two firing alerts of a monitor in review and one of a monitor in shadow."""
    watched = {SPAM: Watched(Mode.REVIEW, "chat-safety"), THEFT: Watched(Mode.SHADOW, "api")}
    made = Desk(ledger, parse_config(ROUTES), watched)
    spam = [
        finding(0, ANN, monitor=SPAM),
        finding(0, BOB, monitor=SPAM, severity=Severity.S1),
    ]
    made.step(1.1, evaluation(0, monitor=SPAM), found=spam)
    made.step(2.1, evaluation(1, monitor=THEFT), found=[finding(1, ANN, monitor=THEFT)])
    return made


def rows(watchfloor: Watchfloor, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON it is
    done = watchfloor("alerts", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(watchfloor: Watchfloor, *arguments: str) -> str:
    done = watchfloor("alerts", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


def id_of(desk: Desk, entity: str, monitor: str = SPAM) -> str:
    return next(a.alert_id for a in desk.alerts() if (a.entity, a.monitor) == (entity, monitor))


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


def test_acks_in_the_name_of_the_token_alone(
    watchfloor: Watchfloor,
    desk: Desk,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = id_of(desk, ANN)
    (done,) = rows(watchfloor, "ack", mine[:8], id_of(desk, BOB)[:8])
    assert (done["act"], done["by"], done["alerts"], done["again"]) == ("ack", "heron-7", 2, False)
    again = watchfloor("alerts", "ack", mine)
    assert (again.exit_code, "nothing was changed" in again.stderr) == (0, True)
    monkeypatch.setenv("WATCHFLOOR_TOKEN", tokens["otter-2"])
    assert "was acked by heron-7" in refused(watchfloor, "ack", mine)
    monkeypatch.setenv("WATCHFLOOR_TOKEN", tokens["finch-1"])
    assert "finch-1 has the roles viewer" in refused(watchfloor, "ack", mine)
    monkeypatch.setenv("WATCHFLOOR_TOKEN", "wft_nosuch")
    assert "The token is not valid" in refused(watchfloor, "ack", mine)
    monkeypatch.delenv("WATCHFLOOR_TOKEN")
    assert "You are not logged in" in refused(watchfloor, "ack", mine)
    assert [entry.actor for entry in desk.audit("ack")] == ["heron-7"] * 3


def test_lowers_a_severity(watchfloor: Watchfloor, desk: Desk) -> None:
    arguments = ("lower", id_of(desk, BOB), "S3", "--reason", "our own load test")
    (done,) = rows(watchfloor, *arguments)
    assert (done["act"], done["by"]) == ("lower_severity", "heron-7")
    assert desk.alert(BOB).severity is Severity.S3
    assert "cannot be lowered to S3" in refused(watchfloor, *arguments)


def test_silences_by_matchers_lists_and_lifts(watchfloor: Watchfloor, desk: Desk) -> None:
    drill = ("silence", "product=web", "--reason", "a drill")
    done = watchfloor("alerts", *drill, "--for", "3d", "--format", "json")
    assert (done.exit_code, done.stderr) == (
        0,
        "It ends sooner for S0, S1: see `alerts silences`.\n",
    )
    (made,) = json.loads(done.stdout)
    assert (made["act"], made["alerts"]) == ("snooze", 2)
    assert [alert.silenced_by for alert in desk.alerts() if alert.monitor == SPAM] == [
        (made["silence_id"],)
    ] * 2
    (row,) = rows(watchfloor, "silences")
    assert (row["matchers"], row["alerts"], row["owner"]) == ('product="web"', 2, "heron-7")
    assert row["S1"] < row["S2"] == row["until"]
    assert rows(watchfloor, "unsilence", made["silence_id"][:6])[0]["alerts"] == 2
    assert desk.told()[-1] == "silence_expired"
    assert rows(watchfloor, "silences") == []
    assert [row["ended_by"] for row in rows(watchfloor, "silences", "--all")] == ["heron-7"]
    assert watchfloor("alerts", *drill, "--until", "2099-01-01").exit_code == 2
    assert watchfloor("alerts", *drill, "--for", "1h").exit_code == 0
    assert rows(watchfloor, "unsilence", "product=web")[0]["alerts"] == 2


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["silence", "product=web", "--reason", "x"], "Wanted either --for or --until"),
        (["silence", "product=web", "--for", "soon", "--reason", "x"], "is no length of time"),
        (["silence", 'product=~".*"', "--for", "1h", "--reason", "x"], "matches alerts without"),
        (["silence", "entity=ann", "--for", "1h", "--reason", "x"], "is no pseudonym"),
        (["silence", "team=web", "--for", "1h", "--reason", "x"], "Alerts have no label 'team'"),
        (["unsilence", "nosuch"], "Running: none"),
        (["unsilence", "product=web"], "Running: none"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_is_refused(watchfloor: Watchfloor, arguments: list[str], wanted: str) -> None:
    assert wanted in refused(watchfloor, *arguments)


@pytest.mark.usefixtures("desk")
def test_broken_routes_are_said_line_by_line_and_the_last_sound_ones_hold(
    watchfloor: Watchfloor, tmp_path: Path
) -> None:
    assert watchfloor("alerts", "list").exit_code == 0
    (tmp_path / "routes.yaml").write_text("routes:\n  - {nam: all}\nstorms: 3\n", encoding="utf-8")
    done = watchfloor("alerts", "list")
    assert done.exit_code == 0
    first, second, third, last = done.stderr.splitlines()
    assert first.startswith("routes.yaml:2:")
    assert (second.split(":")[0], third.split(":")[1]) == ("routes.yaml", "3")
    assert last == "The routes are as they were before."


@pytest.mark.usefixtures("tokens")
def test_settings_that_were_never_sound_are_refused_line_by_line(
    watchfloor: Watchfloor, tmp_path: Path
) -> None:
    (tmp_path / "people.yaml").write_text("people:\n  - {id: A}\nx: 1\n", encoding="utf-8")
    lines = refused(watchfloor, "list").splitlines()
    assert len(lines) > 1
    assert lines[0].startswith("Error: people.yaml:2:")
    assert all(line.startswith("people.yaml:") for line in lines[1:])


def put_evaluation(lake: Lake, hour: int, *entities: str) -> None:
    """One hour of a monitor, with findings of these entities."""
    product, name = SPAM.split("/")
    start, end = at(hour), at(hour + 1)
    found = [
        {
            **asdict(finding(hour, entity, monitor=SPAM)),
            "monitor": name,
            "severity": 2,
            "score": 9.0,
            "threshold": 3.0,
            "evidence": "{}",
        }
        for entity in entities
    ]
    frame = pl.DataFrame(
        [{key: row[key] for key in FINDINGS.names()} for row in found], schema=FINDINGS
    )
    lake.replace(lake.partition_path(f"findings/{name}", product, start, "1h"), frame)
    made: Manifest = replace(
        MANIFEST,
        monitor=name,
        product=product,
        partition=start.isoformat(),
        partition_end=end.isoformat(),
        as_of=(end + timedelta(minutes=5)).isoformat(),
        digest=content_digest(frame),
    )
    path = lake.path(f"manifests/{name}", product, start, f"hour={start:%H}.json")
    lake.replace_json(path, asdict(made))


@pytest.fixture
def watched_lake(home: Path) -> Lake:
    """Five hours: two entities, one of them again, then nobody."""
    lake = Lake(str(home / "lake"))
    put_evaluation(lake, 0, "ann", "bob")
    put_evaluation(lake, 1, "ann")
    for hour in (2, 3, 4):
        put_evaluation(lake, hour)
    return lake


SPAN = ("replay", "--from", f"{START:%Y-%m-%d}", "--to", f"{START + 6 * HOUR:%Y-%m-%dT%H:%M}")


@pytest.mark.usefixtures("watched_lake")
def test_replay_says_who_would_have_been_told_and_writes_nothing(
    watchfloor: Watchfloor, desk: Desk, home: Path
) -> None:
    read_key(home)
    before = desk.everything()
    files = sorted(home.rglob("*"))
    found = rows(watchfloor, *SPAN)
    assert found["span"] == [{"evaluations": 5, "findings": 3, "alerts": 2, "notices": 3}]
    assert [(row["reason"], row["notices"]) for row in found["reasons"]] == [
        ("first", 1),
        ("resolved", 2),
    ]
    (row,) = found["receivers"]
    assert (row["receiver"], row["route"], row["alerts"], row["pages"]) == ("C0ABUSE", "all", 2, 0)
    assert (row["duplicates"], row["auto_resolved"], row["storms"]) == (1, 1.0, 0)
    each = rows(watchfloor, *SPAN, "--each")
    assert [(row["at"], row["reason"], row["group"], row["alerts"]) for row in each] == [
        ("2026-03-02T01:05:00Z", "first", f"monitor={SPAM}", 2),
        ("2026-03-02T03:05:00Z", "resolved", f"monitor={SPAM}", 1),
        ("2026-03-02T04:05:00Z", "resolved", f"monitor={SPAM}", 1),
    ]
    assert desk.everything() == before
    assert sorted(home.rglob("*")) == files


@pytest.mark.usefixtures("watched_lake", "desk")
def test_replay_tries_other_routes(watchfloor: Watchfloor, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(ROUTES.replace("C0ABUSE", "C0OTHER"), encoding="utf-8")
    first, *_ = rows(watchfloor, *SPAN, "--routes", str(other), "--each")
    assert first["receiver"] == "C0OTHER"
    other.write_text("routes: []\nstrom: 1\n", encoding="utf-8")
    assert "other.yaml:2:" in refused(watchfloor, *SPAN, "--routes", str(other))


@pytest.mark.usefixtures("watched_lake")
def test_replay_needs_no_ledger_and_says_that_shadow_tells_nobody(watchfloor: Watchfloor) -> None:
    done = watchfloor("alerts", *SPAN, "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)["receivers"]) == (0, [])
    assert "Every monitor is in shadow, which tells nobody; see --shadow." in done.stderr
    assert rows(watchfloor, *SPAN, "--shadow")["span"][0]["notices"] == 3


@pytest.mark.usefixtures("watched_lake")
def test_replay_of_a_span_without_evaluations_lacks_data(watchfloor: Watchfloor) -> None:
    done = watchfloor("alerts", "replay", "--from", "2026-04-01", "--to", "2026-04-02")
    assert done.exit_code == 3
    assert "Nothing was evaluated from 2026-04-01 00:00" in done.stderr
    assert (
        watchfloor("alerts", "replay", "--from", "2026-04-02", "--to", "2026-04-01").exit_code == 2
    )


@pytest.mark.usefixtures("watched_lake")
def test_entities_are_shown_where_the_lake_has_them(
    watchfloor: Watchfloor, desk: Desk, home: Path
) -> None:
    hidden = pseudonym(read_key(home), "account_id", "ann")
    desk.step(6, evaluation(5, monitor=SPAM), found=[finding(5, hidden, monitor=SPAM)])
    assert "ann" not in {row["entity"] for row in rows(watchfloor, "list")}
    shown = {row["entity"] for row in rows(watchfloor, "list", "--entities")}
    assert shown == {"ann", ANN, BOB}  # of the others no finding is left
    assert len(rows(watchfloor, "list", "--entity", "ann")) == 1
