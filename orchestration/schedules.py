"""When the ticks come. All times are UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from orchestration.jobs import (
    COVERAGE,
    DAILY_TICK,
    FRESH_TICK,
    HEALTH_RUN,
    HOURLY_TICK,
    LAUNCH_RUN,
    OPERATIONS_RUN,
    QUALITY_RUN,
    RETENTION,
    SAMPLING_RUN,
    WEEKLY_RUN,
    Job,
)
from orchestration.partitions import DAY, HOUR, day_of, hour_of, key_of
from orchestration.settings import load
from orchestration.timeline import RANGE_END, RANGE_START

RUNNING = dg.DefaultScheduleStatus.RUNNING


@dg.schedule(
    job_name=HOURLY_TICK,
    cron_schedule="5 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_hour(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Evaluate the hour that ended five minutes ago."""
    key = key_of(hour_of(_now(context)) - HOUR, "1h")
    return dg.RunRequest(run_key=key, partition_key=key)


@dg.schedule(
    job_name=FRESH_TICK,
    cron_schedule="*/5 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_five_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Evaluate the open hour, and the one before it while its grace lasts."""
    now = _now(context)
    first = hour_of(now - load().grace)
    tags = {RANGE_START: key_of(first, "1h"), RANGE_END: key_of(hour_of(now), "1h")}
    return dg.RunRequest(run_key=now.isoformat(), tags=tags)


@dg.schedule(
    job_name=DAILY_TICK,
    cron_schedule="20 0 * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Close yesterday."""
    key = key_of(day_of(_now(context)) - DAY, "1d")
    return dg.RunRequest(run_key=key, partition_key=key)


@dg.schedule(
    job_name=COVERAGE, cron_schedule="25 * * * *", execution_timezone="UTC", default_status=RUNNING
)
def coverage_map(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Redraw the coverage map after the hourly tick."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=RETENTION, cron_schedule="10 1 * * *", execution_timezone="UTC", default_status=RUNNING
)
def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Delete what is past its time."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=SAMPLING_RUN,
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_draw(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Draw yesterday, two hours after it was closed: most late rows are in by then."""
    key = key_of(day_of(_now(context)) - DAY, "1d")
    return dg.RunRequest(run_key=key, partition_key=key)


@dg.schedule(
    job_name=OPERATIONS_RUN,
    cron_schedule="3,18,33,48 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_quarter(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Look at cases, enforcement and appeals, also while nothing starts a run of them."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=HEALTH_RUN,
    cron_schedule="40 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def health_of_the_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Count the last seven days, each hour."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=QUALITY_RUN,
    cron_schedule="50 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def quality_of_monitors(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Measure every monitor's version, each hour."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=WEEKLY_RUN,
    cron_schedule="45 0 * * 1",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def every_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Report on the week that ended in the night."""
    return dg.RunRequest(run_key=_now(context).isoformat())


@dg.schedule(
    job_name=LAUNCH_RUN,
    cron_schedule="40 * * * *",
    execution_timezone="UTC",
    default_status=RUNNING,
)
def launches(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Hold every product's checklist against what is, also long after its launch."""
    return dg.RunRequest(run_key=_now(context).isoformat())


def schedules(jobs: Sequence[Job]) -> list[dg.ScheduleDefinition]:
    """Every schedule whose job exists."""
    known = {job.name for job in jobs}
    every = [
        every_hour,
        every_five_minutes,
        every_day,
        every_draw,
        every_night,
        coverage_map,
        every_quarter,
        health_of_the_week,
        quality_of_monitors,
        every_week,
        launches,
    ]
    return [schedule for schedule in every if schedule.job_name in known]


def _now(context: dg.ScheduleEvaluationContext) -> datetime:
    return context.scheduled_execution_time.astimezone(UTC)
