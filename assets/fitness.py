"""Whether a monitor's newest checks let it act by itself: what Dagster knows and the ledger not."""

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as Status,
)

from assets.descriptions import asset_key
from assets.results import CHECKS
from monitors.registry import Registry
from orchestration.enforcement.auto import Fit

ENDED = {Status.SUCCEEDED, Status.FAILED}


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
        return next((f"check:{name}" for name in CHECKS if not passed(key, name)), None)

    def passed(key: dg.AssetKey, name: str) -> bool:
        newest = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, name), limit=1, status=ENDED
        )
        return any(one.status is Status.SUCCEEDED for one in newest)

    return fit
