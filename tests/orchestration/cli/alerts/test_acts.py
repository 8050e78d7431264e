"""`watchfloor alerts ack|lower|silence|unsilence|silences`, in the name of who has a token."""

import json

import pytest

from monitors.contract import Severity
from tests.orchestration.acts.desks import Desk
from tests.orchestration.cli.alerts.office import (
    ANN,
    BOB,
    SPAM,
    Watchfloor,
    id_of,
    refused,
    rows,
)


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
    for span in ("1h", "2h"):
        assert watchfloor("alerts", *drill, "--for", span).exit_code == 0
    assert [row["alerts"] for row in rows(watchfloor, "unsilence", "product=web")] == [2, 2]


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
