"""Monitors promoted, demoted and disabled, in the name of who holds a token."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from monitors.contract import Mode
from monitors.registry import registry
from orchestration.cli.monitors_modes import holding
from orchestration.intake.settings import in_force
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import Approval
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.states import ModeState
from orchestration.measurement.precision import lower_bound
from orchestration.measurement.quality import MonitorQuality
from orchestration.measurement.standing import Need, Standing, standing
from orchestration.oncall.people_yaml import parse_people
from orchestration.people.issuing import give
from orchestration.policies.enforcement_yaml import parse_enforcement
from tests.support.ledgers import alert, opened
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
NEED = 100  # labels of drawn units, by the gate of its action
ROOT = Path(__file__).parents[3]
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
    rules = partial(parse_enforcement, products=registry().products)
    in_force(
        ledger,
        name="enforcement",
        path=ROOT / "orchestration" / "enforcement.yaml",
        parse=rules,
        now=datetime.now(UTC),
    )
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


def test_auto_takes_an_approver_who_did_not_write_the_monitor_and_enough_labels(
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
    assert refused(watchfloor, "promote", MONITOR.id, "auto") == (
        f"Error: {MONITOR.id} version {MONITOR.version} may not act by itself: 0 labels of drawn "
        f"units, {NEED} wanted. {NEED} labels more, all right, would do.\n"
    )
    assert "not approved for auto" in refused(watchfloor, "demote", MONITOR.id)


def test_auto_is_reached_with_the_last_label_that_it_takes_and_begins_with_one_percent(
    watchfloor: Watchfloor, act_as: Callable[[str], None], ledger: Engine
) -> None:
    act_as("crane-6")
    change(watchfloor, "promote", MONITOR.id, "review")
    judge(ledger, 0, NEED - 1)
    assert f"{NEED - 1} labels of drawn units, {NEED} wanted. 1 labels more" in refused(
        watchfloor, "promote", MONITOR.id, "auto"
    )
    assert shown_of(watchfloor)["labels_needed"] == 1
    judge(ledger, NEED - 1, NEED)
    done = change(watchfloor, "promote", MONITOR.id, "auto")
    assert (done["approved"], done["effective"], done["rolled_out_percent"]) == ("auto", "auto", 1)
    shown = shown_of(watchfloor)
    assert (shown["labels"], shown["labels_right"], shown["labels_needed"]) == (NEED, NEED, 0)
    assert shown["auto_why_not"] == "gold says nothing yet of those who labelled it"
    assert change(watchfloor, "demote", MONITOR.id)["effective"] == "review"
    assert shown_of(watchfloor)["rolled_out_percent"] is None


def test_a_version_is_rolled_out_a_step_at_a_time_and_stopped_at_once(
    watchfloor: Watchfloor, act_as: Callable[[str], None], ledger: Engine
) -> None:
    act_as("crane-6")
    change(watchfloor, "promote", MONITOR.id, "review")
    assert "is not approved for auto" in refused(watchfloor, "rollout", MONITOR.id, "10")
    judge(ledger, 0, NEED)
    change(watchfloor, "promote", MONITOR.id, "auto")
    assert "to be to 50 %; wanted the next step" in refused(watchfloor, "rollout", MONITOR.id, "50")
    assert change(watchfloor, "rollout", MONITOR.id, "10")["percent"] == 10
    again = watchfloor("monitors", "rollout", MONITOR.id, "10", *WHY)
    assert (again.exit_code, again.stderr) == (0, "It was so before; nothing was changed.\n")
    compared = watchfloor("monitors", "rollout", MONITOR.id, "--format", "json")
    rows = json.loads(compared.stdout)
    assert [(row["outcome"], row["state"], row["candidate_n"]) for row in rows] == [
        (name, "insufficient", 0) for name in ("violating", "appealed", "overturned", "repeated")
    ]
    assert compared.stderr.startswith(f"{MONITOR.id} version {MONITOR.version}: 10 % of the ent")
    assert shown_of(watchfloor)["rolled_out_percent"] == 10
    act_as("lynx-3")
    assert "needs one of the roles" in refused(watchfloor, "rollout", MONITOR.id, "50")
    assert change(watchfloor, "rollout", MONITOR.id, "0")["percent"] == 0
    without = watchfloor("monitors", "rollout", MONITOR.id, "1")
    assert (without.exit_code, "Missing option '--reason'" in without.stderr) == (2, True)


def judge(ledger: Engine, first: int, until: int) -> None:
    """Judge drawn units of the monitor, all right, an hour ago."""
    at = datetime.now(UTC) - timedelta(hours=1)
    act = Act(Actor("rita", "person"), datetime.now(UTC), "judged")
    units = [f"m-{number}" for number in range(first, until)]
    made = [
        alert(unit, monitor=MONITOR.id, version=MONITOR.version, product="web") for unit in units
    ]
    labels = [
        Label(
            label_id=f"l-{unit}",
            unit_id=unit,
            value=True,
            source=Source.RANDOM,
            rater="rita",
            monitor=MONITOR.id,
            monitor_version=MONITOR.version,
            created_at=at,
            inclusion_prob=0.2,
            stratum="uniform",
        )
        for unit in units
    ]
    with writing(ledger) as connection:
        opened(connection, *made)
        write_labels(connection, labels, act)


def shown_of(watchfloor: Watchfloor) -> dict[str, Any]:
    (shown,) = json.loads(watchfloor("monitors", "show", MONITOR.id, "--format", "json").stdout)
    return dict(shown)


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
    found = holding(monitor, approved, now=NOON + timedelta(hours=2), stands=stands(0))
    assert (found.mode.value, found.why[: len(why)]) == (mode, why)


def test_auto_holds_once_the_precision_of_the_version_is_measured() -> None:
    monitor = declare()(lambda logins: failures_by(logins, "1h"))
    approved = approval(ModeState.AUTO)
    found = holding(monitor, approved, now=NOON + timedelta(hours=2), stands=stands(14), percent=10)
    assert (found.mode.value, found.why[:16], found.percent) == ("auto", "auto by crane-6 ", 10)


def test_what_caps_it_is_said_with_its_figures() -> None:
    monitor = declare()(lambda logins: failures_by(logins, "1h"))
    found = holding(
        monitor, approval(ModeState.AUTO), now=NOON + timedelta(hours=2), stands=stands(13)
    )
    assert found.why.endswith("because; capped: 13 labels of drawn units, 14 wanted")
    assert found.percent is None


def stands(n: int) -> Standing:
    """What n labels, all right, allow."""
    newest = NOON if n else None
    quality = MonitorQuality(n, n, lower_bound(n, n), newest, "measured")
    return standing(quality, need=Need(), now=NOON)
