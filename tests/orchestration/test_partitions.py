from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.evaluate import Span
from orchestration.partitions import by_day, day_of, hour_of, key_of, start_of, starts
from tests.support.lakes import at, span


def test_an_hour_and_a_day_begin_in_utc_whatever_the_zone_of_the_time() -> None:
    tokyo = datetime(2026, 3, 3, 1, 30, tzinfo=timezone(timedelta(hours=9)))
    assert hour_of(tokyo) == at("2026-03-02T16:00")
    assert hour_of(tokyo).utcoffset() == timedelta(0)
    assert day_of(tokyo) == at("2026-03-02T00:00")


@pytest.mark.parametrize(
    ("every", "key", "start"),
    [("1h", "2026-03-02-07:00", "2026-03-02T07:00"), ("1d", "2026-03-02", "2026-03-02T00:00")],
)
def test_a_key_names_a_partition_and_is_read_back(every: str, key: str, start: str) -> None:
    assert key_of(at(start), every) == key
    assert start_of(key, every) == at(start)


def test_the_partitions_of_a_span_are_half_open() -> None:
    assert list(starts(span("2026-03-02T22:00", "2026-03-03T01:00"), "1h")) == [
        at("2026-03-02T22:00"),
        at("2026-03-02T23:00"),
        at("2026-03-03T00:00"),
    ]
    assert list(starts(span("2026-03-02T00:00", "2026-03-04T00:00"), "1d")) == [
        at("2026-03-02T00:00"),
        at("2026-03-03T00:00"),
    ]
    assert list(starts(span("2026-03-02T22:00", "2026-03-02T22:00"), "1h")) == []


def test_a_partition_that_is_only_touched_counts() -> None:
    within = span("2026-03-02T22:59", "2026-03-03T00:01")
    assert list(starts(within, "1h")) == [
        at("2026-03-02T22:00"),
        at("2026-03-02T23:00"),
        at("2026-03-03T00:00"),
    ]
    assert list(starts(within, "1d")) == [at("2026-03-02T00:00"), at("2026-03-03T00:00")]


def test_a_span_is_cut_at_each_midnight() -> None:
    assert list(by_day(span("2026-03-01T22:30", "2026-03-03T01:15"))) == [
        span("2026-03-01T22:30", "2026-03-02T00:00"),
        span("2026-03-02T00:00", "2026-03-03T00:00"),
        span("2026-03-03T00:00", "2026-03-03T01:15"),
    ]
    assert list(by_day(span("2026-03-02T00:00", "2026-03-02T00:00"))) == []


@given(st.integers(0, 5000), st.integers(0, 10_000))
def test_the_parts_of_a_span_join_without_gap_and_none_crosses_midnight(a: int, n: int) -> None:
    start = at("2026-03-01T00:00") + timedelta(minutes=a)
    parts = list(by_day(Span(start, start + timedelta(minutes=n))))
    edges = [edge for part in parts for edge in (part.start, part.end)]
    assert edges[1:-1:2] == edges[2::2]
    assert [edges[0], edges[-1]] == [start, start + timedelta(minutes=n)] if n else not edges
    moment = timedelta(microseconds=1)
    assert all(day_of(part.start) == day_of(part.end - moment) for part in parts)
