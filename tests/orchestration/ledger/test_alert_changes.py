from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.alerts import alert_digest, alert_of, going_on, of_ids
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.verify import verify
from tests.support.ledgers import ACK, NOON, act, alert, changed, count, opened, person

FIRING, ACKED = AlertState.FIRING, AlertState.ACKED
RESOLVED, CLOSED = AlertState.RESOLVED, AlertState.CLOSED
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as connection:
        yield connection


@pytest.fixture
def firing(connection: Connection) -> Connection:
    opened(connection, alert(state=FIRING))
    return connection


def test_an_alert_comes_back_as_it_was_written(connection: Connection) -> None:
    whole = alert(
        state=ACKED,
        ack=ACK,
        severity=Severity.S3,
        worst=Severity.S0,
        silenced_by=("s1", "s2"),
        inhibited_by=("a9",),
        shadow=True,
        count=9,
        retracted=2,
        late=3,
        raises=4,
        fires=5,
        flaps=6,
        lapses=7,
        revision=8,
        first_seen=NOON - timedelta(microseconds=1),
    )
    opened(connection, whole)
    assert alert_of(connection, "a1") == whole


def test_a_change_writes_its_row_and_its_audit_row(firing: Connection) -> None:
    before = alert_of(firing, "a1")
    after = changed(firing, person(2), state=ACKED, ack=ACK)
    *_, last = entries(firing)
    assert (after.state, after.ack) == (ACKED, ACK)
    assert (last.verb, last.object, last.actor) == ("ack", "alert:a1", "ana")
    assert (last.before, last.after) == (alert_digest(before), alert_digest(after))


def test_an_alert_that_is_as_it_was_is_not_written(firing: Connection) -> None:
    found = alert_of(firing, "a1")
    assert write_alerts(firing, before={"a1": found}, after=[found], act=act(1)) == 0
    assert [entry.verb for entry in entries(firing)] == ["init", "open"]


def test_counts_change_without_an_act(firing: Connection) -> None:
    before = alert_of(firing, "a1")
    more = replace(before, count=2, version=3, last_seen=LATER, last_partition=LATER, shadow=True)
    assert write_alerts(firing, before={"a1": before}, after=[more], act=act(1)) == 1
    assert alert_of(firing, "a1") == more
    assert [entry.verb for entry in entries(firing)] == ["init", "open"]
    assert verify(firing, seals=[]).wrong == ""


def test_each_change_has_its_own_verb(firing: Connection) -> None:
    changed(firing, act(1), severity=Severity.S1, worst=Severity.S1, raises=1)
    changed(firing, act(2), silenced_by=("s1",))
    changed(firing, act(3), late=1)
    changed(firing, act(4), state=RESOLVED)
    changed(firing, act(5), state=FIRING, fires=1)
    changed(firing, person(6), state=ACKED, ack=ACK)
    changed(firing, act(7), state=FIRING, ack=None, lapses=1)
    changed(firing, person(8), state=RESOLVED)
    changed(firing, act(9), state=CLOSED)
    verbs = [entry.verb for entry in entries(firing)]
    assert verbs[2:] == [
        "set_severity",
        "set_flags",
        "amend",
        "resolve",
        "fire_again",
        "ack",
        "fire_again",
        "resolve",
        "close",
    ]


def test_a_dedup_key_has_one_open_episode(connection: Connection) -> None:
    opened(connection, alert("a1", key="k", state=RESOLVED))
    with pytest.raises(IntegrityError), connection.begin_nested():
        opened(connection, alert("a2", key="k"))
    assert count(connection, "alerts") == 1


def test_an_episode_may_end_and_the_next_begin_in_one_write(connection: Connection) -> None:
    ended = alert("a1", key="k", state=RESOLVED)
    opened(connection, ended)
    after = [alert("a2", key="k", state=FIRING), replace(ended, state=CLOSED, revision=2)]
    assert write_alerts(connection, before={"a1": ended}, after=after, act=act(1)) == 2
    assert [one.alert_id for one in going_on(connection)] == ["a2"]
    assert [one.state for one in of_ids(connection, ["a2", "a1", "a9"])] == [CLOSED, FIRING]


def test_an_alert_is_opened_by_a_system_only(connection: Connection) -> None:
    with pytest.raises(LedgerError, match="would be opened by 'ana'; wanted a system"):
        write_alerts(connection, before={}, after=[alert()], act=person())


def test_a_system_cannot_ack(firing: Connection) -> None:
    with pytest.raises(LedgerError, match="asked for by the system 'intake'; wanted a person"):
        changed(firing, act(2), state=ACKED, ack=ACK)


def test_one_change_that_is_refused_refuses_all_of_them(firing: Connection) -> None:
    found = alert_of(firing, "a1")
    wrong = replace(found, state=CLOSED, revision=2)
    with pytest.raises(LedgerError, match="is firing and cannot become closed; wanted one of"):
        write_alerts(firing, before={"a1": found}, after=[alert("a2"), wrong], act=act(1))
    assert going_on(firing) == [found]
    assert [entry.verb for entry in entries(firing)] == ["init", "open"]


def test_nothing_inhibits_itself_or_an_s0(firing: Connection) -> None:
    with pytest.raises(LedgerError, match="cannot be inhibited by a1"):
        changed(firing, act(2), inhibited_by=("a1",))
    changed(firing, act(2), inhibited_by=("a9",))
    with pytest.raises(LedgerError, match="and none for S0"):
        changed(firing, act(4), severity=Severity.S0, worst=Severity.S0)
    raised = changed(firing, act(5), severity=Severity.S0, worst=Severity.S0, inhibited_by=())
    assert (raised.severity, raised.inhibited_by) == (Severity.S0, ())


def test_a_severity_rises_by_itself_and_falls_by_a_person(firing: Connection) -> None:
    changed(firing, act(2), severity=Severity.S1, worst=Severity.S1)
    with pytest.raises(LedgerError, match="By itself a severity only rises"):
        changed(firing, act(3), severity=Severity.S3)
    with pytest.raises(LedgerError, match="By itself a severity only rises"):
        changed(firing, act(3), severity=Severity.S3, state=RESOLVED)
    assert changed(firing, person(4), severity=Severity.S3).severity == Severity.S3


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("alert_id", "alert_id"),
        ("key", "key"),
        ("entity", "entity"),
        ("entity_type", "entity_type"),
        ("monitor", "monitor"),
        ("product", "product"),
        ("harm", "harm"),
        ("silenced_by", "what mutes the alert"),
        ("inhibited_by", "what mutes the alert"),
    ],
)
def test_words_of_people_are_refused_as_ids(connection: Connection, field: str, name: str) -> None:
    words = "what somebody wrote"
    spoken = alert(**{field: (words,) if field.endswith("_by") else words})
    with pytest.raises(LedgerError, match=f"{name} is a text of 19 characters that is no id"):
        opened(connection, spoken)


def test_an_alert_that_is_not_there_is_said_to_be_missing(connection: Connection) -> None:
    with pytest.raises(LedgerError, match="no alert of the id given"):
        alert_of(connection, "a1")


def test_alerts_are_written_inside_a_writing_transaction_only(ledger: Engine) -> None:
    with reading(ledger) as connection, pytest.raises(LedgerError, match="outside a writing"):
        opened(connection, alert())


# Written out once more, so that the property does not ask the table it is about.
NEXT = {
    "pending": {"firing": "s", "resolved": "s"},
    "firing": {"acked": "p", "resolved": "ps"},
    "acked": {"firing": "s", "resolved": "ps"},
    "resolved": {"firing": "s", "closed": "ps"},
    "closed": {},
}
STEP = st.tuples(st.sampled_from(list(AlertState)), st.sampled_from("ps"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=12))
def test_no_sequence_of_changes_leaves_the_table(
    ledger: Engine, steps: list[tuple[AlertState, str]]
) -> None:
    with writing(ledger) as connection:
        opened(connection, alert())
        state, written = "pending", 2
        for minute, (to, who) in enumerate(steps, start=1):
            by = person(minute) if who == "p" else act(minute)
            ack = ACK if to == ACKED else None
            before = alert_of(connection, "a1")
            if who in NEXT[state].get(to, "") or to == state:
                changed(connection, by, state=to, ack=ack, late=minute)
                state, written = str(to), written + 1
            else:
                with pytest.raises(LedgerError):
                    changed(connection, by, state=to, ack=ack, late=minute)
                assert alert_of(connection, "a1") == before
            assert alert_of(connection, "a1").state == state
            assert count(connection, "audit") == written
        assert verify(connection, seals=[]).wrong == ""
        connection.rollback()
