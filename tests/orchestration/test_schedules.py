from datetime import UTC, datetime

import dagster as dg

from orchestration.schedules import (
    coverage_map,
    every_day,
    every_draw,
    every_five_minutes,
    every_hour,
    every_night,
    every_quarter,
)
from orchestration.timeline import RANGE_END, RANGE_START


def request(schedule: dg.ScheduleDefinition, at: str) -> dg.RunRequest:
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime.fromisoformat(at).replace(tzinfo=UTC)
    )
    found = schedule(context)
    assert isinstance(found, dg.RunRequest)
    return found


def test_the_hourly_tick_takes_the_hour_that_just_ended() -> None:
    assert request(every_hour, "2026-11-03T00:05").partition_key == "2026-11-02-23:00"


def test_the_daily_tick_takes_yesterday() -> None:
    assert request(every_day, "2026-11-03T00:20").partition_key == "2026-11-02"


def test_what_is_judged_is_drawn_of_yesterday() -> None:
    assert request(every_draw, "2026-11-03T02:30").partition_key == "2026-11-02"


def test_the_five_minute_tick_takes_the_open_hour_and_in_its_grace_the_last_one() -> None:
    early = request(every_five_minutes, "2026-11-03T12:25").tags
    late = request(every_five_minutes, "2026-11-03T12:30").tags

    assert (early[RANGE_START], early[RANGE_END]) == ("2026-11-03-11:00", "2026-11-03-12:00")
    assert (late[RANGE_START], late[RANGE_END]) == ("2026-11-03-12:00", "2026-11-03-12:00")


def test_a_repeated_tick_asks_for_the_same_run() -> None:
    ours = (
        *(every_hour, every_day, every_five_minutes, every_night, every_quarter, coverage_map),
        every_draw,
    )
    for schedule in ours:
        first, second = (request(schedule, "2026-11-03T12:05") for _ in range(2))
        assert first.run_key == second.run_key
