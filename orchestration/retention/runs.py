"""Dagster's runs that ended long ago, with their logs. What was materialised when stays known."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable

FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
MOST = 5000  # in one night; more wait for the next
AT_ONCE = 250  # in one transaction


def prune_runs(instance: dg.DagsterInstance, *, before: datetime, dry_run: bool = False) -> int:
    """Delete finished runs that were made before a time; how many.

    Dagster's own `delete_run` would delete the materialisations too, and the partitions would look
    as if they had never been evaluated. They and the results of checks stay, without their run.
    """
    past = dg.RunsFilter(statuses=FINISHED, created_before=before)
    ids = [record.dagster_run.run_id for record in instance.get_run_records(past, limit=MOST)]
    for at in range(0, 0 if dry_run else len(ids), AT_ONCE):
        some = ids[at : at + AT_ONCE]
        _delete_logs(instance, some)
        _delete_runs(instance, some)
    return len(ids)


def _delete_logs(instance: dg.DagsterInstance, ids: Sequence[str]) -> None:
    """Delete what runs logged. SQLite keeps each run's log in a file of its own as well."""
    storage = instance.event_log_storage
    table = SqlEventLogStorageTable
    if isinstance(storage, SqlEventLogStorage):
        logged = table.delete().where(table.c.run_id.in_(ids), table.c.asset_key.is_(None))
        with storage.index_connection() as connection:
            connection.execute(logged)
    for run_id in ids:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if isinstance(storage, SqliteEventLogStorage):
            shard = storage.path_for_shard(run_id)
            for end in ("", "-wal", "-shm"):
                Path(shard + end).unlink(missing_ok=True)


def _delete_runs(instance: dg.DagsterInstance, ids: Sequence[str]) -> None:
    """Delete the runs themselves, last, so that one that is cut off is found again."""
    storage = instance.run_storage
    if not isinstance(storage, SqlRunStorage):
        for run_id in ids:
            storage.delete_run(run_id)
        return
    with storage.connect() as connection:
        for table in (RunTagsTable, RunsTable):  # SQLite would leave the tags of a run behind
            connection.execute(table.delete().where(table.c.run_id.in_(ids)))
