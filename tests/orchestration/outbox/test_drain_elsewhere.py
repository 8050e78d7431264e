from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from orchestration.ledger.database import reading, writing
from orchestration.ledger.leases import lease
from orchestration.ledger.tables import audit, outbox
from orchestration.outbox.drain import Drained, drain
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Busy, Gone, Refused, Result, Sent
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


def test_a_refused_message_is_over_and_says_so(ledger: Engine) -> None:
    put(ledger, *many("ab"))
    receiver = Receiver(
        lambda work, _number: Refused("channel_not_found") if work.outbox_id == "a" else None
    )
    assert run(ledger, receiver, Clock()) == Drained(sent=1, refused=1)
    left = found(ledger, "a")
    assert (left.error, left.progress["elsewhere"]) == ("channel_not_found", "none")
    assert outcomes(ledger) == {"a": "refused", "b": "sent"}


def test_a_refused_message_is_told_elsewhere_at_once(ledger: Engine) -> None:
    put(ledger, row("a", 1, lane=3))
    receiver = Receiver(lambda _work, _number: Refused("channel_not_found"))
    second = Receiver()
    assert run(ledger, receiver, Clock(), fallback=second) == Drained(refused=1)
    assert second.got == ["a"]
    assert found(ledger, "a").progress["elsewhere"] == "Sent"


def test_a_refused_message_waits_until_it_can_be_told_elsewhere(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    receiver = Receiver(lambda _work, _number: Refused("channel_not_found"))
    second = Receiver(lambda _work, number: TIMED_OUT if number == 1 else None)
    clock = Clock()
    assert run(ledger, receiver, clock, fallback=second, seconds=0.5) == Drained(retried=1)
    assert outcomes(ledger) == {"a": None}
    clock.sleep(2)
    assert run(ledger, receiver, clock, fallback=second) == Drained(refused=1)
    assert second.got == ["a"]


def test_a_message_whose_thread_was_deleted_begins_again_once(ledger: Engine) -> None:
    put(ledger, row("a", 1), row("b", 1))
    parts = []

    def take(work: Work, seen: Progress) -> Result:
        parts.append((work.outbox_id, seen.parts))
        seen.record("reply", "2.0")
        return Gone() if work.outbox_id == "b" or len(parts) == 1 else Sent()

    assert run(ledger, take, Clock()) == Drained(sent=1, retried=2, refused=1)
    assert parts == [("a", {}), ("b", {}), ("a", {}), ("b", {})]
    assert found(ledger, "b").error == "gone"


def outage(ledger: Engine, minutes: int, second: Receiver, receiver: Receiver) -> Clock:
    clock = Clock()
    while clock.now < after(60 * minutes):
        run(ledger, receiver, clock, seconds=5, fallback=second)
        clock.sleep(10)
    return clock


def test_what_is_urgent_is_told_elsewhere_in_an_outage_and_counted_when_it_ends(
    ledger: Engine,
) -> None:
    put(ledger, row("a", 1, lane=0), row("b", 1, lane=1), row("c", 1, lane=1), row("d", 1, lane=2))
    receiver, second = Receiver(lambda _work, _number: TIMED_OUT), Receiver()
    outage(ledger, 10, second, receiver)
    assert second.got == []
    clock = outage(ledger, 12, second, receiver)
    assert second.got == ["a", "c"]
    assert tally(ledger) == {"fallback": 3, None: 2}
    receiver.fails = lambda _work, _number: None
    run(ledger, receiver, clock, fallback=second)
    clock.sleep(60)
    run(ledger, receiver, clock, fallback=second)
    with reading(ledger) as connection:
        told = connection.execute(select(outbox.c.payload).where(outbox.c.kind == "elsewhere"))
        assert [each.payload["n"] for each in told] == [3]
    assert tally(ledger) == {"fallback": 3, "sent": 2}


def test_everything_but_digests_is_told_elsewhere_after_an_hour(ledger: Engine) -> None:
    put(ledger, *many("abc"), row("d", 1, kind="digest", lane=3))
    receiver, second = Receiver(lambda _work, _number: TIMED_OUT), Receiver()
    outage(ledger, 59, second, receiver)
    assert second.got == []
    outage(ledger, 62, second, receiver)
    assert second.got == ["c"]
    assert outcomes(ledger)["d"] is None
    assert tally(ledger) == {"fallback": 3, None: 2}


def test_nothing_is_lost_while_both_notifiers_are_away(ledger: Engine) -> None:
    put(ledger, *many("ab", lane=1))
    away = Receiver(lambda _work, _number: TIMED_OUT)
    outage(ledger, 15, Receiver(lambda _work, _number: Refused("smtp_550")), away)
    assert tally(ledger) == {None: 2}
    clock, second = Clock(after(16 * 60)), Receiver()
    assert run(ledger, away, clock, fallback=second, seconds=5).fallback == 2
    assert second.got == ["b"]


def test_a_drain_leaves_a_message_to_the_one_that_took_it_over(ledger: Engine) -> None:
    put(ledger, *many("ab"))
    clock, other = Clock(), Receiver()

    def late(work: Work, seen: Progress) -> Result:
        if work.outbox_id == "b":
            return Sent()
        clock.sleep(120)  # as long as it takes for the lease to end
        run(ledger, other, clock)
        seen.record("parent", "1")
        raise AssertionError("It sent what was not its own any more.")

    run(ledger, late, clock, seconds=10)
    assert other.got == ["a", "b"]
    assert outcomes(ledger) == {"a": "sent", "b": "sent"}


def test_a_clock_put_back_ends_the_drain_and_delays_nothing(ledger: Engine) -> None:
    put(ledger, *many("ab"), row("c", 1, created_at=after(30), not_before=after(30)))
    clock = Clock()

    def back(_work: Work, number: int) -> Result | None:
        if number == 1:
            clock.now = after(-3600)
        return None

    receiver = Receiver(back)
    assert run(ledger, receiver, clock).sent == 1
    assert run(ledger, receiver, clock) == Drained(sent=2)
    assert receiver.got == ["a", "b", "c"]


@pytest.mark.parametrize("jump", [-86400, -3600, 3600, 86400])
def test_a_failure_is_tried_again_though_the_clock_jumped(ledger: Engine, jump: int) -> None:
    put(ledger, *many("ab"))
    receiver = Receiver(
        lambda _work, number: [Busy(timedelta(hours=9)), TIMED_OUT, None, None][number - 1]
    )
    run(ledger, receiver, Clock())
    clock = Clock(after(jump))
    run(ledger, receiver, clock)
    clock.sleep(60)
    run(ledger, receiver, clock)
    assert receiver.got == ["a", "b"]


def test_the_dead_of_another_clock_hold_nothing(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    with writing(ledger) as connection:
        lease(connection, ["a"], by="dead", now=after(7200), until=after(7260))
    receiver = Receiver()
    assert run(ledger, receiver, Clock()) == Drained(sent=1)


def test_sending_is_no_act(ledger: Engine) -> None:
    put(ledger, row("a", 1))
    run(ledger, Receiver(), Clock())
    with reading(ledger) as connection:
        assert connection.scalars(select(audit.c.verb)).all() == ["init"]


def test_under_a_clock_that_stands_it_ends_all_the_same(ledger: Engine) -> None:
    put(ledger, *many("abcdef"))
    slept: list[float] = []
    done = drain(
        ledger,
        deliver=Receiver(),
        clock=lambda: NOON,
        limit=100,
        deadline=timedelta(seconds=10),
        worker="test",
        sleep=slept.append,
    )
    assert done == Drained(sent=3, waiting=3, oldest=NOON)
    assert sum(slept) <= 10
