"""What Dagster knows of a monitor: whether it is started by itself, and its newest checks."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as Status,
)

from launch_checklists.facts import Check, Known, Missing
from monitors.contract import Monitor
from orchestration.launch.sources import Sources

SCHEDULE = InstigatorType.SCHEDULE
ENDED = {Status.SUCCEEDED, Status.FAILED}


def key_of(monitor: Monitor) -> dg.AssetKey:
    """Key of a monitor's asset (design §3)."""
    return dg.AssetKey([monitor.product, "monitors", monitor.name])


def scheduled(sources: Sources, monitor: Monitor) -> Known[bool]:
    """Whether the schedule of its cadence runs; missing before the daemon has looked at it once."""
    if isinstance(sources.instance, Missing):
        return sources.instance
    name = sources.schedules[monitor.cadence]
    states = sources.instance.all_instigator_state()
    found = [one for one in states if (one.instigator_type, one.name) == (SCHEDULE, name)]
    if not found:
        return Missing(f"Dagster's daemon has never looked at the schedule {name}")
    return any(one.is_running for one in found)


def checks(sources: Sources, monitor: Monitor) -> Known[Mapping[str, Check]]:
    """The newest end of each of its checks; missing before any has run."""
    if isinstance(sources.instance, Missing):
        return sources.instance
    found = {}
    for name in sources.checks:
        history = sources.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key_of(monitor), name), limit=1, status=ENDED
        )
        for one in history:
            at = datetime.fromtimestamp(one.create_timestamp, UTC)
            found[name] = Check(passed=one.status is Status.SUCCEEDED, at=at)
    return found or Missing("none of its checks has run")
