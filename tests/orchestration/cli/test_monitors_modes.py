"""Monitors promoted, demoted and disabled, in the name of who holds a token."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from monitors.contract import Mode
from monitors.registry import registry
from orchestration.cli.monitors_modes import holding
from orchestration.ledger.approvals import Approval
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.states import ModeState
from orchestration.oncall.people_yaml import parse_people
from orchestration.people.issuing import give
from tests.support.monitors import declare, failures_by
from tests.support.rotas import rota_of

MONITOR = registry().get("web/scraping")
AUTHOR = MONITOR.authors[0]
PEOPLE = f"""
people:
  - {{id: tapir-8, slack: U0TAPIR8, roles: [admin], teams: [chat-safety], zone: UTC}}
  - {{id: crane-6, slack: U0CRANE6, roles: [approver], zone: UTC}}
  - {{id: lynx-3, slack: U0LYNX3, roles: [engineer], zone: UTC}}
  - {{id: heron-7, slack: U0HERON7, roles: [oncall], zone: UTC}}
  - {{id: {AUTHOR}, slack: U0AUTHOR, roles: [approver], zone: UTC}}
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Watchfloor = Callable[..., Result]
WHY = ("--reason", "a fortnight in shadow")


@pytest.fixture
def act_as(
    ledger: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Changes whose token the command line has."""
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("WATCHFLOOR_PEOPLE", str(path))
    rota = tmp_path / "rota.yaml"
    rota.write_text(rota_of("heron-7", "tapir-8"), encoding="utf-8")
    monkeypatch.setenv("WATCHFLOOR_ROTA", str(rota))
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    roster, now, tokens = parse_people(PEOPLE), datetime.now(UTC), dict[str, str]()
    with writing(ledger) as connection:
        for person in roster.people:
            by = tokens.get("tapir-8", "")
            tokens[person.id] = give(connection, roster, person.id, by=by, now=now, days=1)
    return lambda person: monkeypatch.setenv("WATCHFLOOR_TOKEN", tokens[person])


def change(watchfloor: Watchfloor, *arguments: str) -> dict[str, Any]:
    done = watchfloor("monitors", *arguments, *WHY, "--format", "json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    return dict(found)


def refused(watchfloor: Watchfloor, *arguments: str) -> str:
    done = watchfloor("monitors", *arguments, *WHY)
    assert (done.exit_code, done.stdout) == (2, "")
    return str(done.stderr)


def test_a_promotion_is_by_name_with_a_reason_and_shown(
    watchfloor: Watchfloor, act_as: Callable[[str], None], ledger: Engine
) -> None:
    act_as("lynx-3")
    done = change(watchfloor, "promote", MONITOR.id, "review")
    assert (done["by"], done["version"], done["effective"]) == (
        *("lynx-3", MONITOR.version, "review"),
    )
    assert done["effective_why"].startswith("review by lynx-3 at ")
    with reading(ledger) as connection:
        last = list(entries(connection))[-1]
    assert (last.verb, last.actor, last.reason) == ("promote", "lynx-3", "a fortnight in shadow")
    (shown,) = json.loads(watchfloor("monitors", "show", MONITOR.id, "--format", "json").stdout)
    assert (shown["mode"], shown["effective"]) == ("shadow", "review")
    assert shown["effective_why"].endswith("a fortnight in shadow")
    listed = json.loads(watchfloor("monitors", "list", "--format", "json").stdout)
    assert {row["id"]: row["effective"] for row in listed}[MONITOR.id] == "review"
    assert {row["effective"] for row in listed} == {"review", "shadow"}


def test_auto_takes_an_approver_who_did_not_write_the_monitor_and_is_capped(
    watchfloor: Watchfloor, act_as: Callable[[str], None]
) -> None:
    act_as("lynx-3")
    change(watchfloor, "promote", MONITOR.id, "review")
    assert "needs one of the roles admin, approver" in refused(
        watchfloor, "promote", MONITOR.id, "auto"
    )
    act_as(AUTHOR)
    assert f"{AUTHOR} is an author of {MONITOR.id}" in refused(
        watchfloor, "promote", MONITOR.id, "auto"
    )
    act_as("crane-6")
    done = change(watchfloor, "promote", MONITOR.id, "auto")
    assert (done["approved"], done["effective"]) == ("auto", "review")
    assert done["effective_why"].endswith("capped, as its precision is not measured now")
    assert change(watchfloor, "demote", MONITOR.id)["approved"] == "review"
    assert "not approved for auto" in refused(watchfloor, "demote", MONITOR.id)


def test_a_monitor_is_disabled_until_a_time(
    watchfloor: Watchfloor, act_as: Callable[[str], None]
) -> None:
    act_as("crane-6")
    until = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    done = change(watchfloor, "disable", MONITOR.id, "--until", until)
    assert (done["effective"], done["approved"]) == ("disabled", "disabled")
    assert done["effective_why"].startswith("disabled until ")
    assert "wanted a later end" in refused(
        watchfloor, "disable", MONITOR.id, "--until", "2026-01-01"
    )


def test_who_may_not_and_what_may_not(
    watchfloor: Watchfloor, act_as: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    act_as("heron-7")
    assert "none of which may 'promote'" in refused(watchfloor, "promote", MONITOR.id, "review")
    act_as("crane-6")
    assert "is shadow and cannot become auto" in refused(watchfloor, "promote", MONITOR.id, "auto")
    assert "Did you mean" in refused(watchfloor, "promote", f"{MONITOR.id}x", "review")
    monkeypatch.delenv("WATCHFLOOR_TOKEN")
    assert "You are not logged in" in refused(watchfloor, "promote", MONITOR.id, "review")
    without = watchfloor("monitors", "promote", MONITOR.id, "review")
    assert (without.exit_code, "Missing option '--reason'" in without.stderr) == (2, True)


def test_without_a_ledger_monitors_are_listed_all_the_same(watchfloor: Watchfloor) -> None:
    done = watchfloor("monitors", "list", "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert {row["effective"] for row in json.loads(done.stdout)} == {None}


def test_a_ledger_that_is_of_no_use_is_said_and_monitors_are_listed_all_the_same(
    watchfloor: Watchfloor, home: Path
) -> None:
    home.mkdir()
    (home / "ledger.db").write_bytes(b"no database" * 100)
    done = watchfloor("monitors", "list", "--format", "json")
    assert (done.exit_code, len(json.loads(done.stdout)) > 1) == (0, True)
    assert done.stderr.startswith("Effective modes are not known: The ledger cannot be read")
    refusal = watchfloor("monitors", "promote", MONITOR.id, "review", *WHY)
    assert (refusal.exit_code, "Restore a backup" in refusal.stderr) == (2, True)


def approval(mode: ModeState, **changes: object) -> Approval:
    given = {
        "approval_id": "a1",
        "monitor": "accounts/failed",
        "version": 1,
        "mode": mode,
        "resumes": None,
        "expires_at": None,
        "approved_by": "crane-6",
        "reason": "because",
        "at": NOON,
        **changes,
    }
    return Approval(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declared", "approved", "mode", "why"),
    [
        (Mode.SHADOW, None, "shadow", "nobody has approved version 1 yet"),
        (Mode.DRAFT, approval(ModeState.REVIEW), "draft", "it declares draft, which no approval"),
        (
            Mode.SHADOW,
            approval(ModeState.REVIEW),
            "review",
            "review by crane-6 at 2026-03-02 12:00",
        ),
        (Mode.SHADOW, approval(ModeState.AUTO), "review", "approved for auto by crane-6"),
        (
            Mode.SHADOW,
            approval(
                ModeState.DISABLED, resumes=ModeState.REVIEW, expires_at=NOON + timedelta(hours=1)
            ),
            "review",
            "its disabling is over; disabled by crane-6",
        ),
    ],
)
def test_says_which_mode_holds_and_why(
    declared: Mode, approved: Approval | None, mode: str, why: str
) -> None:
    monitor = declare(mode=declared)(lambda logins: failures_by(logins, "1h"))
    found = holding(monitor, approved, now=NOON + timedelta(hours=2), measured=False)
    assert (found.mode.value, found.why[: len(why)]) == (mode, why)


def test_auto_holds_once_the_precision_of_the_version_is_measured() -> None:
    monitor = declare()(lambda logins: failures_by(logins, "1h"))
    approved = approval(ModeState.AUTO)
    found = holding(monitor, approved, now=NOON + timedelta(hours=2), measured=True)
    assert (found.mode.value, found.why[:16]) == ("auto", "auto by crane-6 ")
