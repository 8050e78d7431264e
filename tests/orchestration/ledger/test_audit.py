from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, update

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Entry, append, entries, entry_hash, head
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.seals import seal_of
from orchestration.ledger.tables import audit
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, person

EXAMPLES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_the_hash_of_a_row_is_the_same_for_ever() -> None:
    entry = Entry(
        seq=7,
        prev_hash="0" * 64,
        hash="",
        at=datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC),
        actor="ana",
        on_behalf_of=None,
        verb="ack",
        object="alert:a1",
        before="b",
        after="c",
        reason="I look at it",
    )
    assert entry_hash(entry) == ("ff4a35f41b05d90a19f2a6d8a784713c1a889353b6fb948fd58877b08000d0d9")


def test_each_row_holds_the_hash_of_the_one_before(ledger: Engine) -> None:
    with writing(ledger) as connection:
        assert append(connection, act=act(), verb="open", object_id="alert:a1", after="x") == 2
        assert append(connection, act=person(1), verb="ack", object_id="alert:a1", before="x") == 3
    with reading(ledger) as connection:
        first, second, third = entries(connection)
        assert head(connection) is not None
    assert first.prev_hash == "0" * 64
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    assert (first.object, first.actor) == ("ledger:ledger-1", "system:intake")
    assert (third.actor, third.before, third.after) == ("ana", "x", None)
    assert third.at == NOON + timedelta(minutes=1)


def test_a_time_of_another_zone_is_kept_as_utc(ledger: Engine) -> None:
    tokyo = timezone(timedelta(hours=9))
    later = Act(Actor("ana", "person"), datetime(2026, 3, 2, 21, 5, 0, 7, tzinfo=tokyo), "look")
    with writing(ledger) as connection:
        append(connection, act=later, verb="look", object_id="alert:a1")
    with reading(ledger) as connection:
        *_, last = entries(connection)
        assert last.at == datetime(2026, 3, 2, 12, 5, 0, 7, tzinfo=UTC)
        assert last.at.tzinfo is UTC
        assert verify(connection, seals=[]).wrong == ""


@pytest.mark.parametrize("text", ["two words", "who@host", "", "x" * 201, "line\nline"])
def test_what_is_no_id_is_refused_and_not_repeated(ledger: Engine, text: str) -> None:
    with writing(ledger) as connection, pytest.raises(LedgerError) as raised:
        append(connection, act=act(), verb="open", object_id=text)
    assert f"object is a text of {len(text)} characters that is no id" in str(raised.value)


def test_a_person_cannot_have_the_name_of_a_part_of_watchfloor() -> None:
    with pytest.raises(LedgerError, match="wanted an id without a colon"):
        Actor("system:intake", "person")


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "bell\a", "x" * 301])
def test_a_reason_is_one_printable_line(reason: str) -> None:
    with pytest.raises(LedgerError, match="wanted one printable line"):
        act(why=reason)


CHANGES = st.one_of(
    st.just(("hash", "f" * 64)),
    st.just(("prev_hash", "e" * 64)),
    st.just(("at", NOON + timedelta(microseconds=1))),
    st.just(("on_behalf_of", "somebody")),
    st.sampled_from(["actor", "verb", "object", "before", "after", "reason"]).map(
        lambda name: (name, "changed")
    ),
)


@EXAMPLES
@given(acts=st.integers(1, 6), which=st.integers(1, 7), change=CHANGES)
def test_editing_any_row_is_detected(
    ledger: Engine, acts: int, which: int, change: tuple[str, object]
) -> None:
    with writing(ledger) as connection:
        for number in range(acts):
            append(connection, act=act(number + 1), verb="look", object_id=f"alert:a{number}")
        row = min(which, acts + 1)
        assert verify(connection, seals=[]).wrong == ""

        connection.execute(update(audit).where(audit.c.seq == row).values(dict([change])))

        assert f"ow {row} of the audit" in verify(connection, seals=[]).wrong
        connection.rollback()


@EXAMPLES
@given(acts=st.integers(1, 6), gone=st.sets(st.integers(1, 7), min_size=1))
def test_removing_any_rows_is_detected(ledger: Engine, acts: int, gone: set[int]) -> None:
    with writing(ledger) as connection:
        for number in range(acts):
            append(connection, act=act(number + 1), verb="look", object_id=f"alert:a{number}")
        seal = seal_of(connection, now=NOON)
        rows = {min(row, acts + 1) for row in gone}

        connection.execute(delete(audit).where(audit.c.seq.in_(rows)))

        verdict = verify(connection, seals=[seal])
        assert verdict.wrong != ""
        assert verdict.rows == min(rows) - 1
        connection.rollback()


@EXAMPLES
@given(acts=st.integers(2, 6), which=st.integers(2, 6))
def test_a_past_that_was_rewritten_with_its_hashes_is_detected_by_a_seal(
    ledger: Engine, acts: int, which: int
) -> None:
    with writing(ledger) as connection:
        for number in range(acts):
            append(connection, act=act(number + 1), verb="look", object_id=f"alert:a{number}")
        seal = seal_of(connection, now=NOON)
        since = min(which, acts + 1)
        connection.execute(delete(audit).where(audit.c.seq >= since))
        for number in range(since, acts + 2):
            append(connection, act=act(number), verb="lie", object_id=f"alert:a{number}")

        assert verify(connection, seals=[]).wrong == ""
        found = f"Row {acts + 1} of the audit is not what was sealed"
        assert verify(connection, seals=[seal]).wrong.startswith(found)
        connection.rollback()
