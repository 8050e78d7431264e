"""Tells of Watchfloor's own faults: open-source Dagster tells of none."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.descriptions import LATE, asset_key
from monitors.registry import Registry
from orchestration.alerting import Alerting
from orchestration.jobs import (
    ALERTS,
    FRESH_TICK,
    GATE,
    HOURLY_TICK,
    LAUNCH,
    LAUNCH_GATE,
    OPERATIONS,
    Job,
)
from orchestration.ledger.database import reading
from orchestration.resources import Clock
from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.of_dagster import Watched, of_dagster
from orchestration.selfwatch.of_ledger import of_ledger, of_settings
from orchestration.selfwatch.of_work import of_work
from orchestration.selfwatch.problems import Changes, keep
from orchestration.working import Working, is_live
from orchestration.yaml_lines import YamlError

# What keeps people in the dark when it fails. The daily tick only closes what was evaluated.
PAGING = frozenset(
    {HOURLY_TICK, FRESH_TICK, "every_hour", "intake", "outbox", "escalation", "cases"}
)
# Checks of the operations' assets that are looked at here, as of now.
LOOKED_AT = frozenset({"breaches", "settings", "caps", "unknown", "notices"})
SUMMED_UP = "coverage"  # of a product's monitors; each has a check that says the same of it
STOPPED = timedelta(minutes=10)  # without a look for so long, Watchfloor was not running


def health(
    registry: Registry, jobs: list[Job], assets: list[dg.AssetsDefinition]
) -> dg.SensorDefinition:
    """The sensor over every check, monitor and job.

    The checks of the alerts' own asset are left out, and some of the operations': what they say
    is looked at here, as of now.
    """
    checks = [
        spec.key
        for definition in assets
        for spec in definition.check_specs
        if spec.asset_key != ALERTS and spec.name != SUMMED_UP
        if not (spec.asset_key in OPERATIONS and spec.name in LOOKED_AT)
        if not (spec.asset_key.path[0] == LAUNCH and spec.asset_key.path[-1] == GATE)
    ]
    late = {asset_key(one): LATE[one.every] for one in registry.monitors.values()}
    names = [job.name for job in jobs if job.name != LAUNCH_GATE]  # it is meant to fail
    watched = Watched(checks, late, names, PAGING)

    @dg.sensor(
        name="health",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def health_sensor(
        context: dg.SensorEvaluationContext,
        alerting: dg.ResourceParam[Alerting],
        working: dg.ResourceParam[Working],
        clock: Clock,
    ) -> dg.SensorResult:
        """Look at everything, and queue what is new, lasts or is over.

        What is known of each problem is a row of the ledger. The cursor holds only since when
        Watchfloor has been running, as nothing is late before it could have been made.
        """
        now = clock.now()
        up_since = _up_since(context.cursor, now)
        seen = of_dagster(context.instance, watched, up_since=up_since, now=now)
        with reading(alerting.engine) as connection:
            home = alerting.settings.home
            found = of_ledger(connection, home=home, made_at=seen.made_at, now=now)
            work = of_work(connection, now=now)
        changes = keep(
            alerting.engine,
            [*seen.faults, *found, *work, *_of_settings(working, now)],
            receiver=alerting.settings.health_channel,
            now=now,
        )
        cursor = f"{up_since.isoformat()} {now.isoformat()}"
        return dg.SensorResult(skip_reason=dg.SkipReason(_said(changes)), cursor=cursor)

    return health_sensor


def _of_settings(working: Working, now: datetime) -> list[Fault]:
    """Settings files that are wrong; one that was never sound keeps everybody from being told."""
    try:
        told = working.alerting.rules(now).wrong
    except YamlError:
        return [Fault("settings", "never-sound", page=True)]
    try:
        terms = working.terms(now)
    except YamlError:
        return [*of_settings(told), Fault("settings", "never-sound-casework", page=True)]
    unserved = is_live(terms) and working.service is None
    return of_settings({**terms.wrong, **({"service": "none is set"} if unserved else {})})


def _up_since(cursor: str | None, now: datetime) -> datetime:
    """Since when looks have followed each other without a long gap."""
    if not cursor:
        return now
    began, last = (datetime.fromisoformat(text).astimezone(UTC) for text in cursor.split())
    return began if timedelta(0) <= now - last <= STOPPED else now


def _said(changes: Changes) -> str:
    return (
        f"{len(changes.new)} new, {len(changes.again)} told again, {len(changes.over)} over; "
        f"{len(changes.lasting)} last."
    )
