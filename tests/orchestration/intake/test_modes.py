from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from monitors.contract import Mode, Monitor
from monitors.registry import registry
from orchestration.alerts.records import Watched
from orchestration.intake.modes import declared, effective_mode, standings, watched
from orchestration.intake.settings import in_force
from orchestration.ledger.approvals import change_mode, last_approval
from orchestration.ledger.database import writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.states import ModeState
from orchestration.measurement.standing import Standing
from orchestration.policies.enforcement_yaml import parse_enforcement
from tests.support.ledgers import NOON, alert, count, opened, person
from tests.support.monitors import failed_logins

DRAFT, SHADOW, REVIEW = ModeState.DRAFT, ModeState.SHADOW, ModeState.REVIEW
AUTO, DISABLED, DEPRECATED = ModeState.AUTO, ModeState.DISABLED, ModeState.DEPRECATED
HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    """A ledger in which the shipped rules of enforcement are in force."""
    path = ROOT / "orchestration" / "enforcement.yaml"
    parse = partial(parse_enforcement, products=registry().products)
    in_force(ledger, name="enforcement", path=path, parse=parse, now=NOON)
    with writing(ledger) as connection:
        yield connection


def approve(connection: Connection, *modes: ModeState, monitor: Monitor = failed_logins) -> None:
    """Take a monitor's version through these modes, one minute each."""
    for to in modes:
        minute = count(connection, "approvals")
        change_mode(
            connection,
            approval_id=f"p{minute}",
            monitor=monitor.id,
            version=monitor.version,
            declared=declared(monitor),
            to=to,
            act=person(minute),
            expires_at=NOON + HOUR if to == DISABLED else None,
        )


def mode(connection: Connection, monitor: Monitor, minutes: int = 30) -> ModeState:
    last = last_approval(connection, monitor=monitor.id, version=monitor.version)
    now = NOON + timedelta(minutes=minutes)
    stands = standings(connection, [monitor], now=now)[monitor.id]
    return effective_mode(monitor, last, now=now, stands=stands)


@pytest.mark.parametrize("mode_", [Mode.SHADOW, Mode.REVIEW, Mode.AUTO])
def test_whatever_is_declared_a_version_begins_in_shadow(
    connection: Connection, mode_: Mode
) -> None:
    monitor = replace(failed_logins, mode=mode_)
    assert mode(connection, monitor) == SHADOW
    approve(connection, REVIEW, monitor=monitor)
    assert mode(connection, monitor) == REVIEW


def test_a_declared_draft_stays_one_whatever_was_approved(connection: Connection) -> None:
    draft = replace(failed_logins, mode=Mode.DRAFT)
    approve(connection, SHADOW, REVIEW, monitor=draft)
    assert mode(connection, draft) == DRAFT


def test_the_approval_of_another_version_does_not_count(connection: Connection) -> None:
    approve(connection, REVIEW)
    assert mode(connection, replace(failed_logins, version=2)) == SHADOW
    assert mode(connection, failed_logins) == REVIEW


def test_auto_is_capped_at_review_while_nothing_is_measured(connection: Connection) -> None:
    approve(connection, REVIEW, AUTO)
    assert mode(connection, failed_logins) == REVIEW


def test_a_disabled_monitor_is_watched_by_nobody_until_that_ends(connection: Connection) -> None:
    approve(connection, REVIEW, DISABLED)
    known = {failed_logins.id: Watched(Mode.REVIEW, "test")}
    before_end = NOON + HOUR - timedelta(microseconds=1)
    assert watched(connection, [failed_logins], now=before_end) == {}
    assert watched(connection, [failed_logins], now=NOON + HOUR) == known


def test_a_deprecated_monitor_is_watched_by_nobody_for_good(connection: Connection) -> None:
    approve(connection, DISABLED, DEPRECATED)
    assert watched(connection, [failed_logins], now=NOON + 9 * HOUR) == {}


def test_every_monitor_is_watched_in_its_own_mode(connection: Connection) -> None:
    draft = replace(failed_logins, name="draft", mode=Mode.DRAFT)
    other = replace(failed_logins, name="other", owner="web")
    approve(connection, REVIEW)
    assert watched(connection, [failed_logins, draft, other], now=NOON + HOUR) == {
        "accounts/failed_logins": Watched(Mode.REVIEW, "test"),
        "accounts/draft": Watched(Mode.DRAFT, "test"),
        "accounts/other": Watched(Mode.SHADOW, "web"),
    }


def measure(connection: Connection, n: int, *, version: int = 1, first: int = 0) -> None:
    """Judge so many drawn units of a version, all right, at noon."""
    units = [f"m{version}-{number}" for number in range(first, first + n)]
    opened(connection, *(alert(unit, monitor=failed_logins.id, version=version) for unit in units))
    labels = [
        Label(
            label_id=f"l-{unit}",
            unit_id=unit,
            value=True,
            source=Source.RANDOM,
            rater="ana",
            monitor=failed_logins.id,
            monitor_version=version,
            created_at=NOON,
            inclusion_prob=0.2,
            stratum="uniform",
        )
        for unit in units
    ]
    write_labels(connection, labels, person(1))


def watched_mode(connection: Connection, monitor: Monitor, days: int = 0) -> Mode:
    now = NOON + HOUR + timedelta(days=days)
    return watched(connection, [monitor], now=now)[monitor.id].mode


def test_a_monitor_whose_action_has_a_gate_takes_what_that_asks(connection: Connection) -> None:
    warns = replace(failed_logins, action="warn")  # 0.80, of 50 or more
    approve(connection, REVIEW, AUTO)
    measure(connection, 49)
    assert watched_mode(connection, warns) == Mode.REVIEW
    assert standing_of(connection, warns).labels_needed == 1
    measure(connection, 1, version=1, first=49)
    assert watched_mode(connection, warns) == Mode.AUTO


def test_while_no_rules_are_in_force_nothing_is_in_auto(ledger: Engine) -> None:
    with writing(ledger) as connection:
        approve(connection, REVIEW, AUTO)
        measure(connection, 14)
        assert standing_of(connection, failed_logins).why == ("no_rules",)
        assert watched_mode(connection, failed_logins) == Mode.REVIEW


def test_rules_that_cannot_be_read_any_more_are_none(ledger: Engine, tmp_path: Path) -> None:
    path = tmp_path / "enforcement.yaml"
    path.write_text("mode: whatever\n", encoding="utf-8")
    in_force(ledger, name="enforcement", path=path, parse=str, now=NOON)
    with writing(ledger) as connection:
        assert standing_of(connection, failed_logins).why == ("no_rules", "too_few")


@pytest.mark.parametrize(
    ("code", "why"), [("check:canary", ("check:canary",)), ("waits:canary", ()), (None, ())]
)
def test_a_failed_check_is_a_reason_and_one_that_waits_is_none(
    connection: Connection, code: str | None, why: tuple[str, ...]
) -> None:
    measure(connection, 14)

    def fit(_monitor: str, _version: int) -> str | None:
        return code

    found = standings(connection, [failed_logins], now=NOON + HOUR, fit=fit)
    assert found[failed_logins.id].why == why


def standing_of(connection: Connection, monitor: Monitor) -> Standing:
    return standings(connection, [monitor], now=NOON + HOUR)[monitor.id]


def test_auto_holds_for_a_version_whose_precision_is_measured(connection: Connection) -> None:
    approve(connection, REVIEW, AUTO)
    assert watched_mode(connection, failed_logins) == Mode.REVIEW
    measure(connection, 14)
    assert watched_mode(connection, failed_logins) == Mode.AUTO


def test_too_few_labels_and_old_ones_cap_auto_at_review(connection: Connection) -> None:
    approve(connection, REVIEW, AUTO)
    measure(connection, 13)
    assert watched_mode(connection, failed_logins) == Mode.REVIEW
    measure(connection, 14, version=2)
    assert watched_mode(connection, failed_logins) == Mode.REVIEW


def test_a_measurement_that_grew_old_ends_auto(connection: Connection) -> None:
    approve(connection, REVIEW, AUTO)
    measure(connection, 14)
    assert watched_mode(connection, failed_logins, days=29) == Mode.AUTO
    assert watched_mode(connection, failed_logins, days=30) == Mode.REVIEW


def test_a_new_version_is_in_auto_no_more(connection: Connection) -> None:
    approve(connection, REVIEW, AUTO)
    measure(connection, 14)
    assert watched_mode(connection, replace(failed_logins, version=2)) == Mode.SHADOW


def test_a_measurement_raises_nothing_by_itself(connection: Connection) -> None:
    approve(connection, REVIEW)
    measure(connection, 14)
    assert watched_mode(connection, failed_logins) == Mode.REVIEW
