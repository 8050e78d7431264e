from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledger.channels import Channel
from orchestration.outbox.buckets import (
    backoff,
    fresh,
    is_blocked,
    taken,
    token_at,
    tokens_at,
)
from orchestration.outbox.settings import DEFAULT
from tests.support.ledgers import NOON
from tests.support.outboxes import after


def test_three_may_go_at_once_and_then_one_a_second() -> None:
    channel = fresh("C1", NOON, DEFAULT)
    for _ in range(3):
        assert token_at(channel, NOON, DEFAULT) == NOON
        channel = taken(channel, NOON, DEFAULT)
    assert token_at(channel, NOON, DEFAULT) == after(1.000001)
    assert tokens_at(channel, after(2), DEFAULT) == 2
    assert tokens_at(channel, after(600), DEFAULT) == 3


def test_urgent_messages_leave_a_debt_of_one_burst_at_most() -> None:
    channel = fresh("C1", NOON, DEFAULT)
    for _ in range(50):
        channel = taken(channel, NOON, DEFAULT)
    assert channel == Channel("C1", -3.0, NOON)
    assert tokens_at(channel, after(4), DEFAULT) == 1


def test_a_clock_put_back_stops_nothing() -> None:
    assert tokens_at(Channel("C1", 0.0, after(61)), NOON, DEFAULT) == 3
    assert taken(Channel("C1", 0.0, after(3600)), NOON, DEFAULT) == Channel("C1", 2.0, NOON)


def test_a_clock_that_is_a_little_behind_adds_nothing() -> None:
    channel = taken(Channel("C1", 1.0, after(60)), NOON, DEFAULT)
    assert channel == Channel("C1", 0.0, NOON)
    assert tokens_at(channel, after(1), DEFAULT) == 1


@pytest.mark.parametrize(("until", "blocked"), [(0, False), (1, True), (900, True), (901, False)])
def test_a_pause_longer_than_any_is_of_another_clock(until: int, blocked: bool) -> None:  # noqa: FBT001
    assert is_blocked(Channel("C1", 0.0, NOON, blocked_until=after(until)), NOON) is blocked


def test_nobody_asked_for_a_pause() -> None:
    assert not is_blocked(fresh("C1", NOON, DEFAULT), NOON)


def test_a_failure_always_waits_the_same() -> None:
    waits = [backoff("o1", attempt).total_seconds() for attempt in range(1, 8)]
    assert [round(wait, 3) for wait in waits] == [1.15, 3.551, 4.151, 11.179, 28.65, 39.884, 59.083]
    assert backoff("o2", 1) != backoff("o1", 1)


@given(st.text(), st.integers(1, 10_000))
def test_a_failure_waits_for_half_of_its_time_at_least(outbox_id: str, attempt: int) -> None:
    longest = min(60, 2.0 ** min(attempt, 10))
    wait = backoff(outbox_id, attempt)
    assert timedelta(seconds=longest / 2) <= wait <= timedelta(seconds=longest)
