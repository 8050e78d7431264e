from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from orchestration.ledger.acts import Act
from orchestration.ledger.approvals import Approval, change_mode, last_approval, mode_now
from orchestration.ledger.audit import entries
from orchestration.ledger.database import writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.states import ModeState
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, count, intent, person

SHADOW, REVIEW, AUTO = ModeState.SHADOW, ModeState.REVIEW, ModeState.AUTO
DISABLED, DEPRECATED = ModeState.DISABLED, ModeState.DEPRECATED
HOUR = timedelta(hours=1)


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as connection:
        yield connection


def change(
    connection: Connection,
    to: ModeState,
    by: Act,
    *,
    expires_at: datetime | None = None,
    version: int = 2,
) -> Approval:
    return change_mode(
        connection,
        approval_id=f"p{count(connection, 'approvals')}",
        monitor="web/scraping",
        version=version,
        declared=SHADOW,
        to=to,
        act=by,
        expires_at=expires_at,
        intents=[intent(f"o{count(connection, 'approvals')}")],
    )


def mode(connection: Connection, now: datetime, version: int = 2) -> ModeState:
    last = last_approval(connection, monitor="web/scraping", version=version)
    return mode_now(last, declared=SHADOW, now=now)


def test_a_promotion_is_by_a_person_with_a_reason_and_audited(connection: Connection) -> None:
    assert mode(connection, NOON) == SHADOW
    made = change(connection, REVIEW, person(1, why="precision is 0.97 of 120"))
    assert last_approval(connection, monitor="web/scraping", version=2) == made
    assert (made.approved_by, made.reason) == ("ana", "precision is 0.97 of 120")
    assert mode(connection, NOON) == REVIEW
    *_, last = entries(connection)
    assert (last.verb, last.object, last.actor) == ("promote", "monitor:web/scraping:v2", "ana")
    assert count(connection, "outbox") == 1


def test_an_approval_is_of_one_version(connection: Connection) -> None:
    change(connection, REVIEW, person(1))
    assert mode(connection, NOON, version=3) == SHADOW


def test_a_system_demotes_and_does_not_promote(connection: Connection) -> None:
    change(connection, REVIEW, person(1))
    with pytest.raises(LedgerError, match="asked for by the system 'intake'; wanted a person"):
        change(connection, AUTO, act(2))
    change(connection, AUTO, person(2))
    assert change(connection, REVIEW, act(3)).approved_by == "intake"


def test_steps_are_not_jumped_over(connection: Connection) -> None:
    wanted = "version 2 is shadow and cannot become auto; wanted one of: disabled, review"
    with pytest.raises(LedgerError, match=wanted):
        change(connection, AUTO, person(1))


def test_a_disabling_ends_and_the_mode_before_it_holds_again(connection: Connection) -> None:
    change(connection, REVIEW, person(1))
    change(connection, DISABLED, person(2), expires_at=NOON + HOUR)
    assert mode(connection, NOON + HOUR - timedelta(microseconds=1)) == DISABLED
    assert mode(connection, NOON + HOUR) == REVIEW
    change(connection, AUTO, person(61))
    assert mode(connection, NOON + 2 * HOUR) == AUTO


def test_a_disabling_can_be_prolonged_and_shortened(connection: Connection) -> None:
    change(connection, REVIEW, person(1))
    change(connection, DISABLED, person(2), expires_at=NOON + HOUR)
    change(connection, DISABLED, person(3), expires_at=NOON + 3 * HOUR)
    assert mode(connection, NOON + 2 * HOUR) == DISABLED
    change(connection, DISABLED, person(4), expires_at=NOON + HOUR)
    assert mode(connection, NOON + 2 * HOUR) == REVIEW


def test_deprecated_is_final(connection: Connection) -> None:
    change(connection, DISABLED, person(1), expires_at=NOON + HOUR)
    change(connection, DEPRECATED, person(2))
    assert mode(connection, NOON + 2 * HOUR) == DEPRECATED
    with pytest.raises(LedgerError, match="cannot become shadow; that is final"):
        change(connection, SHADOW, person(3))


@pytest.mark.parametrize(
    ("to", "expires_at"), [(DISABLED, None), (DISABLED, NOON), (REVIEW, NOON + HOUR)]
)
def test_a_disabling_has_an_end_ahead_and_nothing_else_has_one(
    connection: Connection, to: ModeState, expires_at: datetime | None
) -> None:
    with pytest.raises(LedgerError, match="wanted a later end for disabled, and none for other"):
        change(connection, to, person(1), expires_at=expires_at)
    assert count(connection, "approvals") == 0


# Written out once more, so that the property does not ask the table it is about.
NEXT = {
    "draft": {"shadow": "p", "disabled": "p"},
    "shadow": {"review": "p", "disabled": "p"},
    "review": {"auto": "p", "disabled": "p"},
    "auto": {"review": "ps", "disabled": "p"},
    "disabled": {"disabled": "p", "deprecated": "p"},
    "deprecated": {},
}
STEP = st.tuples(st.sampled_from(list(ModeState)), st.sampled_from("ps"), st.integers(1, 40))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=12))
def test_no_sequence_of_changes_leaves_the_table(
    ledger: Engine, steps: list[tuple[ModeState, str, int]]
) -> None:
    with writing(ledger) as connection:
        minute, found, resumes, ends = 0, "shadow", "shadow", 0
        for to, who, minutes in steps:
            minute += minutes
            if found == "disabled" and minute >= ends:
                found = resumes
            by = person(minute) if who == "p" else act(minute)
            until = by.at + timedelta(minutes=30) if to == DISABLED else None
            if who in NEXT[found].get(to, ""):
                change(connection, to, by, expires_at=until)
                resumes = resumes if found == "disabled" else found
                found, ends = str(to), minute + 30
            else:
                with pytest.raises(LedgerError):
                    change(connection, to, by, expires_at=until)
            assert mode(connection, by.at) == found
        assert verify(connection, seals=[]).wrong == ""
        connection.rollback()
