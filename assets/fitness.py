"""Whether a monitor's newest checks let it act by itself: what Dagster knows and the ledger not."""

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as Status,
)

from assets.descriptions import asset_key
from assets.results import CHECKS
from monitors.registry import Registry
from orchestration.intake.modes import WAITS, Fit

PASSED = Status.SUCCEEDED
ENDED = {PASSED, Status.FAILED}
JUDGING = {"canary", "hit_rate"}  # what these find is of the monitor itself


def fitness(instance: dg.DagsterInstance, registry: Registry) -> Fit:
    """Asks for each check of a monitor; every one must have passed when it last ended.

    A warning is enough to leave the decision to people: a hit rate out of line is what a rule that
    went wrong looks like. One that is being evaluated counts by its result before.
    """

    def fit(monitor_id: str, version: int) -> str | None:
        monitor = registry.monitors.get(monitor_id)
        if monitor is None or monitor.version != version:
            return "version"
        key = asset_key(monitor)
        ended = {name: newest(key, name) for name in CHECKS}
        codes = [code(name, status) for name, status in ended.items() if status is not PASSED]
        return min(codes, default=None)  # what failed before what waits

    def newest(key: dg.AssetKey, name: str) -> Status | None:
        found = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, name), limit=1, status=ENDED
        )
        return found[0].status if found else None

    return fit


def code(name: str, status: Status | None) -> str:
    """What a check that has not passed says: that the monitor is wrong, or only that it waits.

    A check that never ended says nothing of the monitor, and one that its events did not come
    says something of the source.
    """
    failed = status is Status.FAILED and name in JUDGING
    return f"check:{name}" if failed else f"{WAITS}{name}"
