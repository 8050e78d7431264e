"""What was deleted because its time was over, and the audit's daily seal: records of two duties."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from assets.results import ERROR, WARN, Event
from orchestration.alerting import Alerting
from orchestration.ledger.database import reading
from orchestration.ledger.seals import Seal, read_seals, seal_of, seals_in, write_seal
from orchestration.resources import Clock, LakeResource
from orchestration.retention.lake import prune_lake
from orchestration.retention.ledger import prune_ledger
from orchestration.retention.runs import prune_runs

KEY = dg.AssetKey(["watchfloor", "retention"])
SEALED_EVERY = timedelta(hours=26)  # a night, and the hours by which one may be late


@dg.asset(
    key=KEY,
    group_name="watchfloor",
    kinds={"parquet", "sqlalchemy"},
    description="Deletes what is past its time from lake, ledger and Dagster's runs, each night, "
    "and seals the ledger's audit.",
    check_specs=[
        dg.AssetCheckSpec(
            "sealed",
            asset=KEY,
            description="The ledger's audit was sealed, and a day ago as well. A longer gap is "
            "time in which a cut end would not have been noticed.",
        )
    ],
)
def retention(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    alerting: dg.ResourceParam[Alerting],
    clock: Clock,
) -> Iterator[Event]:
    """Delete what is past its time, count it, and seal what the ledger's audit ends with."""
    now, keep = clock.now(), alerting.settings.keep
    files = prune_lake(lake.lake, keep, now=now)
    rows = prune_ledger(alerting.engine, keep, now=now)
    runs = prune_runs(context.instance, before=now - keep.runs)
    last, made = _seal(alerting, now)
    yield dg.MaterializeResult(
        metadata={
            "files_deleted": sum(files.values()),
            "ledger_rows_deleted": sum(rows.values()),
            "runs_deleted": runs,
            **files,
            **{f"ledger/{table}": n for table, n in rows.items()},
        }
    )
    yield _sealed(last, made)


def _seal(alerting: Alerting, now: datetime) -> tuple[Seal | None, Seal]:
    """The ledger's last seal before, None if it had none, and the one that is written now."""
    path = seals_in(alerting.settings.home)
    with reading(alerting.engine) as connection:
        made = seal_of(connection, now=now)
    mine = [seal for seal in read_seals(path) if seal.ledger_id == made.ledger_id]
    write_seal(path, seal=made)
    return (mine[-1] if mine else None), made


def _sealed(last: Seal | None, made: Seal) -> dg.AssetCheckResult:
    cut = last is not None and last.seq > made.seq
    late = last is not None and made.at - last.at > SEALED_EVERY
    return dg.AssetCheckResult(
        check_name="sealed",
        passed=not (cut or late),
        severity=ERROR if cut else WARN,
        metadata={
            "last_seal_before": last.at.isoformat() if last else "none",
            "sealed_row": made.seq,
            "sealed_row_before": last.seq if last else 0,
            "wrong": "rows of the audit were cut: run `watchfloor ledger verify`"
            if cut
            else "nothing was sealed for more than a day"
            if late
            else "nothing",
        },
    )
