from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monitors.columns import TIMESTAMP
from monitors.evaluate import Span
from orchestration.health.volume import Arrival, arrivals, newest, volume_activity, volume_baseline
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import build_activity, build_baseline, compact
from tests.support.lakes import Row, at, put

NOW = at("2026-03-30T09:00")
WEEK = timedelta(days=7)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def logins(hour: datetime, n: int) -> list[Row]:
    row = {"occurred_at": hour + timedelta(minutes=1), "account_id": "a", "succeeded": True}
    return [row] * n


def weeks(lake: Lake, *counts: int) -> None:
    """So many events at this hour of each of the last weeks, the last one last; its baseline."""
    for n, count in enumerate(reversed(counts), start=1):
        put(lake, "accounts", "logins", logins(NOW - n * WEEK, count))
    build_baseline(lake, volume_baseline("logins"), "accounts", NOW.replace(hour=0))


def arrived(lake: Lake, *hours: datetime) -> list[Arrival]:
    return arrivals(lake, "accounts", "logins", list(hours or [NOW]))


def test_without_a_baseline_there_is_insufficient_data(lake: Lake) -> None:
    put(lake, "accounts", "logins", logins(NOW, 5))
    assert arrived(lake) == [Arrival(NOW, 5, "insufficient data", None, 0, 0)]


def test_two_weeks_are_insufficient_and_three_are_not(lake: Lake) -> None:
    weeks(lake, 100, 100)
    assert arrived(lake)[0].volume == "insufficient data"
    other = Lake(lake.root + "-other")
    weeks(other, 100, 100, 100)
    assert arrived(other) == [Arrival(NOW, 0, "low", 100.0, 0, 0)]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (0, "low"),
        (30, "low"),
        (49, "low"),
        (60, "usual"),
        (100, "usual"),
        (150, "usual"),
        (160, "high"),
        (1000, "high"),
    ],
)
def test_far_more_or_fewer_events_than_in_earlier_weeks_are_noticed(
    lake: Lake, rows: int, wanted: str
) -> None:
    weeks(lake, 96, 100, 100, 104)
    put(lake, "accounts", "logins", logins(NOW, rows))
    (found,) = arrived(lake)
    assert (found.rows, found.volume, found.expected) == (rows, wanted, 100.0)


def test_an_hour_is_compared_with_the_same_hour_of_the_week(lake: Lake) -> None:
    for n in range(1, 5):
        put(lake, "accounts", "logins", logins(NOW - n * WEEK - HOUR, 200))
    weeks(lake, 20, 20, 20, 20)
    before, now = arrived(lake, NOW - HOUR, NOW)
    assert (before.expected, now.expected) == (200.0, 20.0)


def test_weeks_that_differ_much_make_little_of_a_difference(lake: Lake) -> None:
    weeks(lake, 100, 20, 180, 60)
    assert arrived(lake)[0] == Arrival(NOW, 0, "usual", 80.0, 0, 0)


def test_one_event_where_there_never_was_one_is_no_alarm(lake: Lake) -> None:
    put(lake, "accounts", "logins", logins(NOW - 28 * DAY - HOUR + DAY, 1))
    weeks(lake, 0, 0, 0, 0)
    put(lake, "accounts", "logins", logins(NOW, 1))
    assert arrived(lake)[0] == Arrival(NOW, 1, "usual", 0.0, 0, 0)


def steady(lake: Lake, rate: float) -> list[Arrival]:
    """The hours of a day after four weeks in which each hour had as many events but for chance."""
    counts = np.random.default_rng(7).poisson(rate, (29, 24))
    start = NOW.replace(hour=0) - 28 * DAY
    hours = [start + n * HOUR for n in range(29 * 24)]
    time = pl.Series("occurred_at", hours, dtype=TIMESTAMP)
    times = time.repeat_by(pl.Series(counts.ravel())).explode()
    rows = pl.DataFrame({"occurred_at": times, "product": "accounts"})
    for n in range(29):
        day = start + n * DAY
        own = rows.filter(pl.col("occurred_at") >= day, pl.col("occurred_at") < day + DAY)
        lake.replace(lake.day_path("events/logins", "accounts", day), own)
    build_baseline(lake, volume_baseline("logins"), "accounts", start + 28 * DAY)
    found = arrivals(lake, "accounts", "logins", hours[28 * 24 :])
    assert [a.rows for a in found] == counts[28].tolist()
    return found


def test_about_one_in_a_hundred_hours_of_a_steady_product_alarms_at_most(lake: Lake) -> None:
    found = [
        arrival.volume
        for rate in (0.3, 3.0, 30.0, 300.0)
        for arrival in steady(Lake(f"{lake.root}-{rate}"), rate)
    ]
    assert len(found) == 96
    assert found.count("usual") >= 95


def test_hours_come_in_order_and_an_hour_without_events_counts_none(lake: Lake) -> None:
    put(lake, "accounts", "logins", logins(NOW, 2) + logins(NOW + 2 * HOUR, 1))
    found = arrived(lake, NOW, NOW + HOUR, NOW + 2 * HOUR)
    assert [(a.hour, a.rows) for a in found] == [
        (NOW, 2),
        (NOW + HOUR, 0),
        (NOW + 2 * HOUR, 1),
    ]


def test_values_missing_from_required_columns_are_counted(lake: Lake) -> None:
    whole: Row = {"occurred_at": NOW, "succeeded": True, "account_id": None}
    rows = [whole, {**whole, "succeeded": None}, {**whole, "succeeded": None, "event_id": None}]
    put(lake, "accounts", "logins", rows)
    (found,) = arrived(lake)
    assert (found.rows, found.required_nulls) == (3, 3)


def test_rows_received_more_than_an_hour_after_they_happened_are_late(lake: Lake) -> None:
    moment = timedelta(microseconds=1)
    rows = [
        {"occurred_at": NOW, "received_at": NOW + delay, "succeeded": True}
        for delay in (timedelta(0), HOUR, HOUR + moment, DAY)
    ]
    put(lake, "accounts", "logins", rows)
    assert arrived(lake)[0].late == 2


def test_the_newest_event_is_found_in_hours_and_in_compacted_days(lake: Lake) -> None:
    assert newest(lake, "accounts", "logins") is None
    put(lake, "accounts", "logins", logins(NOW, 1) + logins(NOW - 3 * HOUR, 1))
    assert newest(lake, "accounts", "logins") == NOW + timedelta(minutes=1)
    compact(lake, "logins", "accounts", NOW.replace(hour=0))
    assert newest(lake, "accounts", "logins") == NOW + timedelta(minutes=1)
    put(lake, "accounts", "logins", logins(NOW + HOUR, 1))
    assert newest(lake, "accounts", "logins") == NOW + HOUR + timedelta(minutes=1)
    assert newest(lake, "web", "logins") is None


def test_every_product_has_a_volume_without_declaring_it(lake: Lake) -> None:
    put(lake, "accounts", "logins", logins(NOW, 3))
    activity = volume_activity("logins")
    assert (activity.name, activity.keys) == ("logins_by_product", ["product"])
    built = build_activity(lake, activity, "accounts", Span(NOW, NOW + 2 * HOUR))
    assert built == {NOW: 1, NOW + HOUR: 0}
