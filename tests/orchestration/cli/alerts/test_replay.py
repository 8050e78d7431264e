"""`watchfloor alerts replay`."""

import json
from pathlib import Path

import pytest

from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import HOUR, START
from tests.orchestration.cli.alerts.office import (
    ROUTES,
    SPAM,
    Watchfloor,
    refused,
    rows,
)

SPAN = ("replay", "--from", f"{START:%Y-%m-%d}", "--to", f"{START + 6 * HOUR:%Y-%m-%dT%H:%M}")


@pytest.mark.usefixtures("watched_lake")
def test_replay_says_who_would_have_been_told_and_writes_nothing(
    watchfloor: Watchfloor, desk: Desk, home: Path
) -> None:
    Pseudonyms(home).names("account_id", ["ann", "bob"])
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
    # The shipped routes ask for six clean hours, so that one of the two does not resolve.
    assert rows(watchfloor, *SPAN, "--shadow")["span"][0]["notices"] == 2


@pytest.mark.usefixtures("watched_lake")
def test_replay_of_a_span_without_evaluations_lacks_data(watchfloor: Watchfloor) -> None:
    done = watchfloor("alerts", "replay", "--from", "2026-04-01", "--to", "2026-04-02")
    assert done.exit_code == 3
    assert "Nothing was evaluated from 2026-04-01 00:00" in done.stderr
    assert (
        watchfloor("alerts", "replay", "--from", "2026-04-02", "--to", "2026-04-01").exit_code == 2
    )
