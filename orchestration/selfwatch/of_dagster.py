"""What Dagster's storage says is wrong: failed checks, late assets, failed ticks and runs.

Nothing is remembered between two looks, so that no look can fall behind. Each asks for the newest
row of what it is about, in one query or by an index.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from orchestration.selfwatch.faults import Fault

ENDED = [TickStatus.SUCCESS, TickStatus.SKIPPED, TickStatus.FAILURE]
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
# A tick of longer ago is of something that is not there any more. Sensors have so many ticks that
# looking through those of two days takes half a second.
OLD = {InstigatorType.SENSOR: timedelta(hours=1), InstigatorType.SCHEDULE: timedelta(days=2)}


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at: checks, assets with how old they may be, and jobs by name.

    A job on which people's knowledge rests is in `paging` too, as are sensors and schedules.
    """

    checks: Sequence[dg.AssetCheckKey]
    assets: Mapping[dg.AssetKey, timedelta]
    jobs: Sequence[str]
    paging: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wrong, and when the newest of the assets was made; null before the first."""

    faults: tuple[Fault, ...]
    made_at: datetime | None


def of_dagster(
    instance: dg.DagsterInstance, watched: Watched, *, up_since: datetime, now: datetime
) -> Seen:
    """Look at everything. `up_since` is when Watchfloor was started: before that nothing is late.

    An asset that was never made is not late: that it was evaluated in vain is a failed check.
    """
    made = _made(instance, list(watched.assets))
    late = [
        Fault("asset", "/".join(key.path))
        for key, at in made.items()
        if now - max(at, up_since) > watched.assets[key]
    ]
    faults = [
        *_checks(instance, watched.checks),
        *late,
        *_ticks(instance, watched.paging, now),
        *_runs(instance, watched),
    ]
    return Seen(tuple(faults), max(made.values(), default=None))


def _checks(instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]) -> Iterator[Fault]:
    """Checks whose newest evaluation failed as an ERROR. One that is being evaluated is not."""
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    for key, record in newest.items():
        if record.status is not AssetCheckExecutionRecordStatus.FAILED:
            continue
        found = record.evaluation
        if found is not None and found.severity is dg.AssetCheckSeverity.ERROR:
            yield Fault("check", f"{'/'.join(key.asset_key.path)}:{key.name}")


def _made(instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey]) -> dict[dg.AssetKey, datetime]:
    """When each asset was last materialised; those that never were are left out."""
    found = {}
    for record in instance.get_asset_records(keys):
        newest = record.asset_entry.last_materialization_record
        if newest is not None:
            found[record.asset_entry.asset_key] = datetime.fromtimestamp(newest.timestamp, UTC)
    return found


def _ticks(instance: dg.DagsterInstance, paging: frozenset[str], now: datetime) -> Iterator[Fault]:
    """Sensors and schedules that run and whose newest tick failed."""
    for state in instance.all_instigator_state():
        if not state.is_running or state.instigator_type not in OLD:
            continue
        after = (now - OLD[state.instigator_type]).timestamp()
        newest = instance.get_tick_summaries(
            state.instigator_origin_id, state.selector_id, after=after, limit=1, statuses=ENDED
        )
        if any(tick.status is TickStatus.FAILURE for tick in newest):
            yield Fault("tick", state.name, page=state.name in paging)


def _runs(instance: dg.DagsterInstance, watched: Watched) -> Iterator[Fault]:
    """Jobs whose newest finished run failed."""
    for job in watched.jobs:
        wanted = dg.RunsFilter(job_name=job, statuses=FINISHED)
        for run in instance.get_runs(wanted, limit=1):
            if run.status is dg.DagsterRunStatus.FAILURE:
                yield Fault("run", job, page=job in watched.paging)
