"""What Dagster's storage holds, short to write."""

from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._utils.error import SerializableErrorInfo

SCRAPING = dg.AssetKey(["web", "monitors", "scraping"])
REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("watchfloor"), "repository")
ERROR = SerializableErrorInfo("it broke", [], None)


def made(instance: dg.DagsterInstance, key: dg.AssetKey = SCRAPING) -> datetime:
    """Report that an asset was made now; when that was."""
    instance.report_runless_asset_event(dg.AssetMaterialization(key))
    (record,) = instance.get_asset_records([key])
    newest = record.asset_entry.last_materialization_record
    assert newest is not None
    return datetime.fromtimestamp(newest.timestamp, UTC)


def checked(
    instance: dg.DagsterInstance,
    name: str,
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckKey:
    """Report what came of a check of the asset."""
    found = dg.AssetCheckEvaluation(
        asset_key=SCRAPING, check_name=name, passed=passed, metadata={}, severity=severity
    )
    instance.report_runless_asset_event(found)
    return dg.AssetCheckKey(SCRAPING, name)


def ticked(
    instance: dg.DagsterInstance,
    name: str,
    status: TickStatus,
    at: datetime,
    *,
    running: bool = True,
) -> None:
    """A tick of a sensor."""
    origin = RemoteInstigatorOrigin(REPOSITORY, name)
    stands = InstigatorStatus.RUNNING if running else InstigatorStatus.STOPPED
    state = InstigatorState(origin, InstigatorType.SENSOR, stands, SensorInstigatorData())
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
        instance.add_instigator_state(state)
    instance.create_tick(
        TickData(
            state.instigator_origin_id,
            name,
            InstigatorType.SENSOR,
            status,
            at.timestamp(),
            selector_id=state.selector_id,
            error=ERROR if status is TickStatus.FAILURE else None,
            run_ids=[] if status is TickStatus.SUCCESS else None,
        )
    )


def ran(instance: dg.DagsterInstance, name: str, *, fails: bool) -> None:
    """Run a job to its end."""

    @dg.op(name=f"{name}_op")
    def once() -> None:
        if fails:
            raise RuntimeError("it broke")

    @dg.job(name=name)
    def job() -> None:
        once()

    job.execute_in_process(instance=instance, raise_on_error=False)
