from datetime import timedelta

import pytest
from sqlalchemy import Engine

from orchestration.ledger.channels import Channel, channel
from orchestration.ledger.database import reading, writing
from orchestration.ledger.leases import lease
from orchestration.outbox.drain import Drained
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Busy, Down, Result, Sent
from orchestration.outbox.work import Work
from tests.support.ledgers import NOON
from tests.support.outboxes import (
    TIMED_OUT,
    Clock,
    Receiver,
    after,
    found,
    many,
    outcomes,
    put,
    row,
    run,
    tally,
)


def of(ledger: Engine, receiver: str = "C1") -> Channel | None:
    with reading(ledger) as connection:
        return channel(connection, receiver)


def test_nothing_to_send_writes_nothing(ledger: Engine) -> None:
    put(ledger, row("a", 1, not_before=after(60)))
    assert run(ledger, Receiver(), Clock()) == Drained()
    assert of(ledger) is None
    assert found(ledger, "a") == row("a", 1, not_before=after(60))


def test_what_waits_is_sent_in_order_and_no_faster_than_the_receiver_takes_it(
    ledger: Engine,
) -> None:
    put(ledger, *many("abcdef"), row("g", 1, lane=0), row("h", 1, receiver="C2"))
    receiver, clock = Receiver(), Clock()
    drained = run(ledger, receiver, clock)
    assert receiver.got == ["g", "a", "b", "h", "c", "d", "e", "f"]
    assert drained == Drained(sent=8)
    assert clock.now - NOON == pytest.approx(timedelta(seconds=4), abs=timedelta(milliseconds=1))
    assert tally(ledger) == {"sent": 8}
    assert run(ledger, receiver, clock) == Drained()
    assert len(receiver.calls) == 8


def test_a_drain_ends_at_its_limit_and_at_its_deadline(ledger: Engine) -> None:
    put(ledger, *many("abcdef"))
    receiver, clock = Receiver(), Clock()
    assert run(ledger, receiver, clock, limit=2) == Drained(sent=2, waiting=4, oldest=NOON)
    assert run(ledger, receiver, clock, seconds=1.5) == Drained(sent=2, waiting=2, oldest=NOON)
    assert found(ledger, "e").attempts == 0
    assert run(ledger, receiver, clock) == Drained(sent=2)


def test_what_is_not_sent_in_time_is_given_back_untried(ledger: Engine) -> None:
    put(ledger, *many("abc"))
    clock = Clock()

    def slow(_work: Work, number: int) -> Result | None:
        clock.sleep(6)
        return TIMED_OUT if number == 99 else None

    receiver = Receiver(slow)
    assert run(ledger, receiver, clock) == Drained(sent=2, waiting=1, oldest=NOON)
    left = found(ledger, "c")
    assert (left.attempts, left.leased_by, left.leased_until) == (0, None, None)


def test_notices_of_a_thread_are_merged_and_their_ids_kept(ledger: Engine) -> None:
    put(ledger, *many("abc", thread="t"), row("d", 1, thread="t", lane=0))
    told: list[tuple[str, list[str], bool]] = []

    def take(work: Work, seen: Progress) -> Result:
        told.append((work.outbox_id, [each.outbox_id for each in work.absorbed], seen.first_try))
        return Sent()

    assert run(ledger, take, Clock()) == Drained(sent=2, merged=2)
    assert told == [("d", [], True), ("c", ["a", "b"], True)]
    assert outcomes(ledger) == {"a": "merged", "b": "merged", "c": "sent", "d": "sent"}
    assert found(ledger, "a").progress == {"into": "c"}
    assert found(ledger, "c").progress == {"due": 1772452800, "rows": 2}


def test_a_message_that_failed_tells_the_same_again(ledger: Engine) -> None:
    put(ledger, *many("ab", thread="t"))
    told: list[list[str]] = []

    def take(work: Work, number: int) -> Result | None:
        told.append([each.outbox_id for each in work.every])
        return TIMED_OUT if number == 1 else None

    receiver, clock = Receiver(take), Clock()
    assert run(ledger, receiver, clock) == Drained(merged=1, retried=1)
    put(ledger, row("c", 1, thread="t"))
    clock.sleep(5)
    assert run(ledger, receiver, clock) == Drained(sent=2)
    assert told == [["a", "b"], ["a", "b"], ["c"]]


def test_a_long_backlog_becomes_one_message_per_receiver(ledger: Engine) -> None:
    put(ledger, *many([f"n{number:04}" for number in range(1200)]))
    put(ledger, row("s", 1, lane=0), row("o", 1, receiver="C2"))
    receiver, clock = Receiver(), Clock(after(3600))
    assert run(ledger, receiver, clock) == Drained(sent=3, collapsed=1200)
    assert len(receiver.got) == 3
    assert tally(ledger) == {"sent": 3, "collapsed": 1200}
    (storm,) = {"s", "o"} ^ set(receiver.got)
    assert found(ledger, "n0000").progress == {"into": storm}
    told = found(ledger, storm)
    assert (told.payload["n"], told.payload["n_s2"], told.progress["rows"]) == (1200, 1200, 1200)
    assert len(told.payload["threads"]) == 20


def test_a_pause_that_was_asked_for_is_kept(ledger: Engine) -> None:
    put(ledger, *many("ab"), row("c", 1, receiver="C2"))
    receiver = Receiver(lambda _work, number: Busy(timedelta(seconds=30)) if number == 1 else None)
    clock = Clock()
    assert run(ledger, receiver, clock) == Drained(sent=1, retried=1, waiting=1, oldest=NOON)
    known = of(ledger)
    assert known is not None
    assert (known.blocked_until, known.failing_since) == (after(30), NOON)
    put(ledger, row("s", 1, lane=0))
    clock.now = after(29.9)
    assert run(ledger, receiver, clock).sent == 0
    clock.now = after(30)
    assert run(ledger, receiver, clock) == Drained(sent=3)
    assert receiver.got == ["c", "s", "a", "b"]
    known = of(ledger)
    assert known is not None
    assert (known.blocked_until, known.failing_since) == (None, None)


def test_a_receiver_that_is_away_is_tried_by_one_message_ever_less_often(ledger: Engine) -> None:
    put(ledger, *many("abcdefgh"))
    receiver, clock = Receiver(lambda _work, _number: TIMED_OUT), Clock()
    while clock.now < after(600):
        run(ledger, receiver, clock, seconds=5)
        clock.sleep(5)
    assert set(receiver.calls) == {"a"}
    assert 12 <= len(receiver.calls) <= 24
    left = found(ledger, "a")
    assert (left.error, left.attempts) == ("timeout:unknown", len(receiver.calls))
    clock.sleep(60)
    receiver.fails = lambda _work, _number: None
    assert run(ledger, receiver, clock) == Drained(sent=8)


def test_only_a_message_that_nothing_came_of_yet_is_a_first_try(ledger: Engine) -> None:
    put(ledger, row("a", 1, thread="t"))
    with writing(ledger) as connection:
        lease(connection, ["a"], by="dead", now=NOON, until=after(60))
    put(ledger, row("b", 1, thread="t", kind="act"), row("c", 1, thread="u"))
    seen: dict[str, bool] = {}

    def take(work: Work, progress: Progress) -> Result:
        seen[work.outbox_id] = progress.first_try
        return TIMED_OUT if work.outbox_id == "a" else Sent()

    run(ledger, take, Clock())
    assert seen == {"c": True}
    run(ledger, take, Clock(after(60)))
    put(ledger, row("s", 1, thread="t", lane=0))
    run(ledger, take, Clock(after(61)))
    assert seen == {"c": True, "a": False, "s": False}


def test_parts_that_are_done_are_seen_again(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    seen_parts = []

    def take(work: Work, seen: Progress) -> Result:
        seen_parts.append(seen.parts)
        if not seen.parts:
            seen.record("parent", "1700000000.000100")
            seen.record("n", 3)
            return Down(f"http {work.lane}\n", unknown=False)
        return Sent()

    clock = Clock()
    run(ledger, take, clock)
    assert found(ledger, "a").error == "http_2_"
    clock.sleep(2)
    run(ledger, take, clock)
    assert seen_parts == [{}, {"parent": "1700000000.000100", "n": 3}]
    assert outcomes(ledger) == {"a": "sent"}


def test_the_names_of_the_drain_are_no_parts(ledger: Engine) -> None:
    put(ledger, row("a", 1))

    def take(_work: Work, seen: Progress) -> Result:
        seen.record("rows", 1)
        return Sent()

    with pytest.raises(OutboxError, match="Part 'rows' is the drain's own"):
        run(ledger, take, Clock())


def test_a_message_that_raises_keeps_no_other_from_being_sent(ledger: Engine) -> None:
    put(ledger, *many("abc"), row("d", 1, thread="t-b", kind="act"))

    def poison(work: Work, _number: int) -> Result | None:
        if work.outbox_id == "b":
            raise KeyError("what somebody wrote")
        return None

    receiver = Receiver(poison)
    with pytest.raises(KeyError):
        run(ledger, receiver, Clock(), seconds=1)
    assert receiver.got == ["a", "c"]
    left = found(ledger, "b")
    assert (left.error, left.attempts, left.leased_by) == ("KeyError", 1, None)
    known = of(ledger)
    assert known is not None
    assert known.failing_since is None


def test_several_that_raise_are_raised_together(ledger: Engine) -> None:
    put(ledger, *many("ab"))

    def poison(work: Work, _seen: Progress) -> Result:
        raise ValueError(work.outbox_id)

    with pytest.raises(ExceptionGroup) as raised:
        run(ledger, poison, Clock(), seconds=0.5)
    assert [str(error) for error in raised.value.exceptions] == ["a", "b"]
