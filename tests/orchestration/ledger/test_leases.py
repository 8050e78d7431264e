from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from orchestration.ledger import leases
from orchestration.ledger.channels import (
    Channel,
    channel,
    count_elsewhere,
    every_channel,
    write_channel,
)
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.leases import LostLeaseError
from orchestration.ledger.outbox import (
    absorbed,
    backlog,
    held,
    rows_of,
    tried_threads,
    waiting,
)
from orchestration.ledger.tables import outbox
from tests.support.ledgers import NOON
from tests.support.outboxes import after, put, row

MINUTE = timedelta(minutes=1)


def names(ledger: Engine, now: datetime = NOON, limit: int = 10) -> list[str]:
    with reading(ledger) as connection:
        return [each.outbox_id for each in waiting(connection, now, limit)]


def had(ledger: Engine, *ids: str, by: str = "w1", now: datetime = NOON) -> set[str]:
    with writing(ledger) as connection:
        return leases.lease(connection, ids, by=by, now=now, until=now + MINUTE)


def test_the_lowest_lane_waits_first_and_then_the_oldest(ledger: Engine) -> None:
    put(ledger, row("b", 1, lane=2), row("a", 1, lane=2), row("c", 1, lane=0), row("d", 1, lane=1))
    assert names(ledger) == ["c", "d", "a", "b"]
    assert names(ledger, limit=2) == ["c", "d"]


def test_a_row_waits_for_its_time(ledger: Engine) -> None:
    put(ledger, row("a", 1, not_before=after(60)))
    assert names(ledger) == []
    assert names(ledger, after(59)) == []
    assert names(ledger, after(60)) == ["a"]


def test_a_row_due_when_it_was_written_is_due_though_the_clock_was_put_back(
    ledger: Engine,
) -> None:
    put(ledger, row("a", 1, created_at=after(3600), not_before=after(3600)))
    assert names(ledger, NOON) == ["a"]


def test_a_leased_row_waits_again_when_its_lease_is_over_and_counts_as_tried(
    ledger: Engine,
) -> None:
    put(ledger, row("a", 1))
    assert had(ledger, "a") == {"a"}
    assert names(ledger, after(59)) == []
    assert had(ledger, "a", by="w2", now=after(59)) == set()
    assert names(ledger, after(60)) == ["a"]
    assert had(ledger, "a", by="w2", now=after(60)) == {"a"}
    with reading(ledger) as connection:
        (found,) = rows_of(connection, ["a"])
    assert (found.attempts, found.leased_by) == (1, "w2")


def test_a_lease_given_back_leaves_the_row_as_it_was(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    had(ledger, "a")
    with writing(ledger) as connection:
        leases.release(connection, ["a"], by="w2")
    assert names(ledger) == []
    with writing(ledger) as connection:
        leases.release(connection, ["a"], by="w1")
    with reading(ledger) as connection:
        assert waiting(connection, NOON, 1) == rows_of(connection, ["a"])
        assert waiting(connection, NOON, 1)[0].attempts == 0


@pytest.mark.parametrize("write", ["renew", "progress", "done", "retry", "absorb"])
def test_who_lost_a_lease_writes_nothing(ledger: Engine, write: str) -> None:
    put(ledger, row("a", 1), row("b", 1))
    had(ledger, "a", "b")
    had(ledger, "b", by="w2", now=after(60))
    with reading(ledger) as connection:
        before = rows_of(connection, ["a", "b"])
    with pytest.raises(LostLeaseError), writing(ledger) as connection:  # noqa: PT012 - one of five
        if write == "renew":
            leases.renew(connection, ["a", "b"], by="w1", until=after(99))
        elif write == "progress":
            leases.progress(connection, "b", {"parent": "1"}, by="w1")
        elif write == "done":
            leases.done(connection, ["a", "b"], by="w1", outcome="sent", now=NOON)
        elif write == "retry":
            leases.retry(connection, ["a", "b"], by="w1", not_before=NOON, error="timeout")
        else:
            leases.absorb(connection, ["b"], into="a", outcome="merged", now=NOON)
    with reading(ledger) as connection:
        assert rows_of(connection, ["a", "b"]) == before


def test_a_row_that_is_done_is_not_done_again(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    had(ledger, "a")
    with writing(ledger) as connection:
        leases.progress(connection, "a", {"parent": "1700000000.000100", "n": 2}, by="w1", lane=1)
        leases.done(connection, ["a"], by="w1", outcome="sent", now=after(5))
    assert had(ledger, "a", now=after(600)) == set()
    with pytest.raises(LostLeaseError, match="0 of 1 outbox rows"), writing(ledger) as connection:
        leases.done(connection, ["a"], by="w1", outcome="refused", now=after(6), error="x")
    with reading(ledger) as connection:
        found = connection.execute(select(outbox)).mappings().one()
    kept = ("outcome", "done_at", "error", "leased_by", "leased_until", "lane", "progress")
    assert [found[name] for name in kept] == [
        "sent",
        after(5),
        None,
        None,
        None,
        1,
        {"parent": "1700000000.000100", "n": 2},
    ]


def test_a_retried_row_keeps_its_error_and_waits(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    had(ledger, "a")
    with writing(ledger) as connection:
        leases.retry(connection, ["a"], by="w1", not_before=after(30), error="timeout")
    assert names(ledger, after(29)) == []
    with reading(ledger) as connection:
        (found,) = waiting(connection, after(30), 1)
        assert (found.attempts, found.error, found.leased_by) == (1, "timeout", None)
        assert held(connection, after(29)) == [found]
        assert held(connection, after(30)) == []


def test_progress_and_errors_hold_ids_only(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    had(ledger, "a")
    with pytest.raises(LedgerError, match="progress 'parent'"), writing(ledger) as connection:
        leases.progress(connection, "a", {"parent": "what somebody wrote"}, by="w1")
    with pytest.raises(LedgerError, match="error is a text"), writing(ledger) as connection:
        leases.retry(connection, ["a"], by="w1", not_before=NOON, error="what somebody wrote")


def test_a_row_tells_what_it_absorbed_and_what_that_had(ledger: Engine) -> None:
    put(ledger, row("a", 1), row("b", 1), row("c", 1), row("d", 1))
    with writing(ledger) as connection:
        leases.absorb(connection, ["a"], into="b", outcome="merged", now=NOON)
        leases.absorb(connection, ["b"], into="c", outcome="collapsed", now=NOON)
        (kept,) = rows_of(connection, ["c"])
        assert [each.outbox_id for each in absorbed(connection, kept)] == ["a", "b"]
    assert names(ledger) == ["c", "d"]


def test_a_thread_is_tried_while_something_in_it_may_have_arrived(ledger: Engine) -> None:
    put(ledger, row("a", 1, thread="t1"), row("b", 1, thread="t1"), row("c", 1, thread="t2"))
    had(ledger, "a")
    with writing(ledger) as connection:
        rows = rows_of(connection, ["b", "c"])
        assert tried_threads(connection, rows, NOON) == set()
        leases.retry(connection, ["a"], by="w1", not_before=NOON, error="timeout")
        assert tried_threads(connection, rows, NOON) == {"t1"}
        leases.lease(connection, ["a"], by="w1", now=NOON, until=after(60))
        leases.done(connection, ["a"], by="w1", outcome="fallback", now=NOON)
        assert tried_threads(connection, rows, NOON) == {"t1"}
        connection.execute(update(outbox).values(outcome="sent"))
        assert tried_threads(connection, rows, NOON) == set()


def test_the_backlog_is_what_is_due(ledger: Engine) -> None:
    with reading(ledger) as connection:
        assert backlog(connection, NOON) == (0, None)
    put(
        ledger,
        row("a", 1, not_before=after(20)),
        row("b", 1, created_at=after(10), not_before=after(10)),
        row("c", 1, not_before=after(40)),
    )
    had(ledger, "b", now=after(10))
    with reading(ledger) as connection:
        assert backlog(connection, after(30)) == (2, after(10))


def test_a_receiver_is_kept(ledger: Engine) -> None:
    known = Channel("C1", 2.5, NOON, blocked_until=after(30), failing_since=None)
    with writing(ledger) as connection:
        assert channel(connection, "C1") is None
        write_channel(connection, Channel("C1", 3.0, NOON, failing_since=NOON))
        write_channel(connection, known)
        assert channel(connection, "C1") == known
        assert every_channel(connection) == {"C1": known}


def test_what_is_not_urgent_waits_while_its_receiver_wants_a_pause(ledger: Engine) -> None:
    put(ledger, row("a", 1, lane=2), row("b", 1, lane=1), row("c", 1, receiver="C2"))
    with writing(ledger) as connection:
        write_channel(connection, Channel("C1", 3.0, NOON, blocked_until=after(30)))
    assert names(ledger) == ["b", "c"]
    assert names(ledger, after(30)) == ["b", "a", "c"]


def test_what_went_elsewhere_is_counted_in_one_row_while_that_waits(ledger: Engine) -> None:
    rows = [row("a", 1), row("b", 1), row("c", 1)]
    put(ledger, *rows)
    for each in rows[:2]:
        with writing(ledger) as connection:
            count_elsewhere(connection, [each], since=NOON, now=after(600))
    with reading(ledger) as connection:
        (told,) = [each for each in waiting(connection, after(600), 9) if each.kind != "notice"]
    assert (told.kind, told.receiver, told.lane, told.created_at) == (
        "elsewhere",
        "C1",
        2,
        after(600),
    )
    assert told.payload == {"n": 2, "since": 1772452800}
    had(ledger, told.outbox_id, now=after(600))
    with writing(ledger) as connection:
        count_elsewhere(connection, rows[2:], since=NOON, now=after(601))
    with reading(ledger) as connection:
        found = [each for each in waiting(connection, after(601), 9) if each.kind == "elsewhere"]
    assert [each.payload["n"] for each in found] == [1]


TIMES = st.integers(-1200, 1200).map(after)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    written=st.tuples(TIMES, TIMES),
    until=st.none() | TIMES,
    attempts=st.integers(0, 1),
    now=TIMES,
)
def test_the_database_and_the_row_agree_on_what_is_due_and_free(
    ledger: Engine,
    written: tuple[datetime, datetime],
    until: datetime | None,
    attempts: int,
    now: datetime,
) -> None:
    created, not_before = written
    put(ledger, row("a", 1, created_at=created, not_before=not_before))
    with writing(ledger) as connection:
        connection.execute(update(outbox).values(leased_until=until, attempts=attempts))
        (found,) = rows_of(connection, ["a"])
        ready = found.is_due(now) and found.is_free(now)
        assert waiting(connection, now, 1) == ([found] if ready else [])
        connection.execute(delete(outbox))
