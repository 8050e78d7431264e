"""Starts the re-evaluation of partitions whose events changed after they were evaluated."""

from collections.abc import Sequence

import dagster as dg

from assets.descriptions import asset_key, deps
from assets.monitors import evaluations_key
from monitors.registry import Registry
from orchestration.changes import Reopened, reopened
from orchestration.jobs import DAILY_TICK, HOURLY_TICK, Job
from orchestration.partitions import LENGTH, key_of
from orchestration.resources import INTENT_TAG, Clock, LakeResource
from orchestration.timeline import RANGE_END, RANGE_START

MOST = 10  # runs a tick; what is left is found again by the next one


def late_events(registry: Registry, jobs: Sequence[Job]) -> dg.SensorDefinition:
    """The sensor over every monitor of a registry, starting the hourly and the daily tick."""

    @dg.sensor(
        name="late_events",
        jobs=[job for job in jobs if job.name in {HOURLY_TICK, DAILY_TICK}],
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def late_events_sensor(
        context: dg.SensorEvaluationContext, lake: LakeResource, clock: Clock
    ) -> dg.SensorResult | dg.SkipReason:
        """Request one run per product and stretch of partitions that late rows re-opened.

        Stateless: an evaluation newer than the change ends it, and while one is under way nothing
        is requested. The run key holds the minute, so that a tick repeated after a crash requests
        nothing twice.
        """
        if _busy(context.instance):
            return dg.SkipReason("A re-evaluation is still under way.")
        now = clock.now()
        found = reopened(lake.lake, registry.monitors.values(), now=now)
        if not found:
            return dg.SkipReason("No evaluated hour of the last 48 has changed since.")
        key = now.replace(second=0, microsecond=0).isoformat()
        return dg.SensorResult(run_requests=[_request(r, registry, key) for r in found[:MOST]])

    return late_events_sensor


def _busy(instance: dg.DagsterInstance) -> bool:
    """Whether runs of an earlier tick are still to end: their partitions would be found again."""
    unfinished = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    wanted = dg.RunsFilter(statuses=unfinished, tags={INTENT_TAG: "late"})
    return bool(instance.get_run_ids(wanted, limit=1))


def _request(found: Reopened, registry: Registry, key: str) -> dg.RunRequest:
    first = key_of(found.span.start, found.every)
    last = key_of(found.span.end - LENGTH[found.every], found.every)
    return dg.RunRequest(
        run_key=f"{found.product}:{found.every}:{first}:{last}:{key}",
        job_name=HOURLY_TICK if found.every == "1h" else DAILY_TICK,
        asset_selection=_selection(found, registry),
        tags={RANGE_START: first, RANGE_END: last, INTENT_TAG: "late"},
    )


def _selection(found: Reopened, registry: Registry) -> Sequence[dg.AssetKey]:
    """The monitors, the hourly aggregates they read, and their product's manifests."""
    keys = {asset_key(m) for m in found.monitors}
    if found.every == "1h":
        upstream = {dep.asset_key for m in found.monitors for dep in deps(m, registry)}
        keys |= {key for key in upstream if key.path[1] == "activity"}
    return sorted({*keys, evaluations_key(found.product, found.every)})
