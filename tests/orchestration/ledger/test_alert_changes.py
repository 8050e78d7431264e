from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from monitors.contract import Severity
from orchestration.ledger.alert_changes import (
    change_flags,
    change_severity,
    open_alert,
    transition,
)
from orchestration.ledger.alerts import Alert, alert_digest, alert_of
from orchestration.ledger.audit import entries
from orchestration.ledger.database import writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.states import AlertState
from orchestration.ledger.tables import outbox
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, alert, count, intent, person

FIRING, ACKED = AlertState.FIRING, AlertState.ACKED
RESOLVED, CLOSED = AlertState.RESOLVED, AlertState.CLOSED
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as connection:
        yield connection


@pytest.fixture
def firing(connection: Connection) -> Connection:
    open_alert(connection, alert=alert(), act=act())
    transition(connection, alert_id="a1", to=FIRING, act=act(1))
    return connection


def test_a_new_alert_is_pending_and_comes_back_as_it_was_written(connection: Connection) -> None:
    open_alert(connection, alert=alert(), act=act(), intents=[intent()])
    assert alert_of(connection, "a1") == alert()
    assert count(connection, "outbox") == 1


def test_an_alert_that_begins_elsewhere_is_refused(connection: Connection) -> None:
    begun = Alert(**{**_fields(alert()), "state": FIRING})
    with pytest.raises(LedgerError, match="is firing at revision 1; wanted pending at 1"):
        open_alert(connection, alert=begun, act=act())


def test_a_dedup_key_has_one_open_episode_and_a_new_one_after_it(connection: Connection) -> None:
    open_alert(connection, alert=alert("a1", dedup_key="k"), act=act())
    with pytest.raises(IntegrityError), connection.begin_nested():
        open_alert(connection, alert=alert("a2", dedup_key="k", episode=2), act=act())
    transition(connection, alert_id="a1", to=RESOLVED, act=act(1))
    transition(connection, alert_id="a1", to=CLOSED, act=act(2))
    open_alert(connection, alert=alert("a2", dedup_key="k", episode=2), act=act(3))
    assert count(connection, "alerts") == 2


def test_a_change_writes_row_audit_and_intents_together(firing: Connection) -> None:
    before = alert_of(firing, "a1")
    after = transition(
        firing, alert_id="a1", to=ACKED, act=person(5), ack_until=LATER, intents=[intent()]
    )
    *_, last = entries(firing)
    assert alert_of(firing, "a1") == after
    assert (after.state, after.ack_by, after.ack_until) == (ACKED, "ana", LATER)
    assert (last.verb, last.object, last.actor) == ("ack", "alert:a1", "ana")
    assert (last.before, last.after) == (alert_digest(before), alert_digest(after))
    assert firing.execute(select(outbox.c.audit_seq, outbox.c.payload)).all() == [
        (last.seq, {"alert": "a1", "count": 3, "groups": ["g1"]})
    ]


def test_firing_again_ends_the_ack_and_counts_a_flap_only_after_a_resolution(
    firing: Connection,
) -> None:
    transition(firing, alert_id="a1", to=ACKED, act=person(2), ack_until=LATER)
    again = transition(firing, alert_id="a1", to=FIRING, act=act(3))
    assert (again.ack_by, again.ack_at, again.ack_until, again.flaps) == (None, None, None, 0)
    transition(firing, alert_id="a1", to=RESOLVED, act=act(4))
    assert transition(firing, alert_id="a1", to=FIRING, act=act(5)).flaps == 1


@pytest.mark.parametrize("until", [None, NOON])
def test_an_ack_has_an_end_ahead(firing: Connection, until: object) -> None:
    with pytest.raises(LedgerError, match="wanted a later time"):
        transition(firing, alert_id="a1", to=ACKED, act=person(2), ack_until=until)  # type: ignore[arg-type]


def test_a_system_cannot_ack(firing: Connection) -> None:
    with pytest.raises(LedgerError, match="asked for by the system 'intake'; wanted a person"):
        transition(firing, alert_id="a1", to=ACKED, act=act(2), ack_until=LATER)


def test_the_second_of_two_who_saw_the_same_revision_is_told(firing: Connection) -> None:
    seen = alert_of(firing, "a1").revision
    transition(firing, alert_id="a1", to=RESOLVED, act=person(2), seen=seen)
    with pytest.raises(LedgerError, match="is at revision 3 and was seen at 2"):
        transition(firing, alert_id="a1", to=CLOSED, act=person(3, who="ben"), seen=seen)


def test_a_stale_source_never_resolves(firing: Connection) -> None:
    change_flags(firing, alert_id="a1", act=act(2), stale_source=True)
    with pytest.raises(LedgerError, match="has a stale source"):
        transition(firing, alert_id="a1", to=RESOLVED, act=person(3))
    change_flags(firing, alert_id="a1", act=act(4), stale_source=False)
    assert transition(firing, alert_id="a1", to=RESOLVED, act=act(5)).state == RESOLVED


def test_flags_are_beside_the_state(firing: Connection) -> None:
    muted = change_flags(
        firing, alert_id="a1", act=act(2), silenced_by=("s2", "s1"), inhibited_by=("a9",)
    )
    assert (muted.silenced_by, muted.inhibited_by) == (("s1", "s2"), ("a9",))
    assert (muted.state, muted.state_at) == (FIRING, NOON + timedelta(minutes=1))
    assert transition(firing, alert_id="a1", to=RESOLVED, act=act(3)).silenced_by == ("s1", "s2")


def test_flags_that_are_so_already_write_nothing(firing: Connection) -> None:
    before = count(firing, "audit")
    assert change_flags(firing, alert_id="a1", act=act(2), silenced_by=()).revision == 2
    assert count(firing, "audit") == before


def test_nothing_inhibits_itself_or_an_s0(firing: Connection) -> None:
    with pytest.raises(LedgerError, match="cannot be inhibited by a1"):
        change_flags(firing, alert_id="a1", act=act(2), inhibited_by=("a1",))
    change_flags(firing, alert_id="a1", act=act(2), inhibited_by=("a9",))
    raised = change_severity(firing, alert_id="a1", severity=Severity.S0, act=act(3))
    assert raised.inhibited_by == ()
    with pytest.raises(LedgerError, match="and none for S0"):
        change_flags(firing, alert_id="a1", act=act(4), inhibited_by=("a9",))


def test_a_severity_rises_by_itself_and_falls_by_a_person(firing: Connection) -> None:
    raised = change_severity(firing, alert_id="a1", severity=Severity.S1, act=act(2))
    assert raised.severity == Severity.S1
    with pytest.raises(LedgerError, match="By itself a severity only rises"):
        change_severity(firing, alert_id="a1", severity=Severity.S3, act=act(3))
    with pytest.raises(LedgerError, match="is S1 already"):
        change_severity(firing, alert_id="a1", severity=Severity.S1, act=act(3))
    lowered = change_severity(firing, alert_id="a1", severity=Severity.S3, act=person(4))
    assert lowered.severity == Severity.S3


@pytest.mark.parametrize("field", ["alert_id", "dedup_key", "group_key", "entity", "monitor"])
def test_words_of_people_are_refused_as_ids(connection: Connection, field: str) -> None:
    spoken = Alert(**{**_fields(alert()), field: "what somebody wrote"})
    with pytest.raises(LedgerError, match=f"{field} is a text of 19 characters that is no id"):
        open_alert(connection, alert=spoken, act=act())


def test_an_alert_that_is_not_there_is_said_to_be_missing(connection: Connection) -> None:
    with pytest.raises(LedgerError, match="no alert of the id given"):
        transition(connection, alert_id="a1", to=FIRING, act=act())


# Written out once more, so that the property does not ask the table it is about.
NEXT = {
    "pending": {"firing": "s", "resolved": "s"},
    "firing": {"acked": "p", "resolved": "ps"},
    "acked": {"firing": "s", "resolved": "ps"},
    "resolved": {"firing": "s", "closed": "ps"},
    "closed": {},
}
STEP = st.tuples(st.sampled_from(list(AlertState)), st.sampled_from("ps"), st.booleans())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=12))
def test_no_sequence_of_changes_leaves_the_table(
    ledger: Engine, steps: list[tuple[AlertState, str, bool]]
) -> None:
    with writing(ledger) as connection:
        open_alert(connection, alert=alert(), act=act())
        state, written = "pending", 2
        for minute, (to, who, stale) in enumerate(steps, start=1):
            flagged = change_flags(connection, alert_id="a1", act=act(minute), stale_source=stale)
            written = count(connection, "audit")
            by = person(minute) if who == "p" else act(minute)
            if who in NEXT[state].get(to, "") and not (stale and to == RESOLVED):
                transition(connection, alert_id="a1", to=to, act=by, ack_until=LATER)
                state, written = str(to), written + 1
            else:
                with pytest.raises(LedgerError):
                    transition(connection, alert_id="a1", to=to, act=by, ack_until=LATER)
                assert alert_of(connection, "a1") == flagged
            assert alert_of(connection, "a1").state == state
            assert count(connection, "audit") == written
        assert verify(connection, seals=[]).wrong == ""
        connection.rollback()


def _fields(one: Alert) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}
