import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration.deployment import prepare
from orchestration.event_log import KeptEventLog
from orchestration.settings import load

WRITE_AND_DIE = """
import os, signal, sys
import dagster as dg
with dg.DagsterInstance.get() as instance:
    for n in range(3):
        instance.report_engine_event(f"event {n}", run_id="cut", job_name="job")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="rows")])
def rows() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(metadata={"n": 3})
    yield dg.AssetCheckResult(check_name="whole", passed=True)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    with prepare(load({"WATCHFLOOR_HOME": str(tmp_path / "home")})) as found:
        yield found


def kept(instance: dg.DagsterInstance) -> KeptEventLog:
    found = instance.event_log_storage
    assert isinstance(found, KeptEventLog)
    return found


def report(instance: dg.DagsterInstance, run: str, *texts: str) -> None:
    for text in texts:
        instance.report_engine_event(text, run_id=run, job_name="job")


def texts(instance: dg.DagsterInstance, run: str) -> list[str | None]:
    return [e.get_dagster_event().message for e in instance.all_logs(run)]


def test_dagster_s_own_storage_reads_the_same_records_from_the_same_files(
    instance: dg.DagsterInstance,
) -> None:
    done = dg.materialize([rows], instance=instance)
    key = dg.AssetKey("rows")
    check = dg.AssetCheckKey(key, "whole")
    ours = kept(instance)
    theirs = SqliteEventLogStorage(str(Path(instance.root_directory, "history", "runs")))
    theirs.register_instance(instance)

    assert theirs.get_records_for_run(done.run_id) == ours.get_records_for_run(done.run_id)
    assert theirs.get_asset_records([key]) == ours.get_asset_records([key])
    latest = theirs.get_latest_asset_check_execution_by_key([check])
    assert latest == ours.get_latest_asset_check_execution_by_key([check])
    assert latest[check].status.value == "SUCCEEDED"


def test_who_watches_a_run_hears_of_events_while_its_database_is_open(
    instance: dg.DagsterInstance,
) -> None:
    report(instance, "run", "before")
    heard: list[str | None] = []
    reader = SqliteEventLogStorage(str(Path(instance.root_directory, "history", "runs")))
    reader.register_instance(instance)
    try:
        reader.watch("run", None, lambda e, _: heard.append(e.get_dagster_event().message))
        report(instance, "run", "after")
        deadline = time.monotonic() + 30
        while heard != ["before", "after"] and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        reader.dispose()
    assert heard == ["before", "after"]


def test_more_runs_than_databases_stay_open_can_all_be_read(
    instance: dg.DagsterInstance,
) -> None:
    runs = [f"run {n}" for n in range(10)]
    for run in runs + runs:
        report(instance, run, run)
    assert [texts(instance, run) for run in runs] == [[run, run] for run in runs]


def test_threads_write_to_different_runs_at_once(instance: dg.DagsterInstance) -> None:
    expected = [f"event {n}" for n in range(5)]
    runs = [f"run {n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: report(instance, run, *expected), runs))
    assert [texts(instance, run) for run in runs] == [expected] * 8


def test_events_of_a_killed_process_are_there(instance: dg.DagsterInstance) -> None:
    environment = {**os.environ, "DAGSTER_HOME": instance.root_directory}
    command = [sys.executable, "-W", "ignore", "-c", WRITE_AND_DIE]
    killed = subprocess.run(command, env=environment, check=False, timeout=120)
    assert killed.returncode == -9
    assert texts(instance, "cut") == ["event 0", "event 1", "event 2"]


def test_after_a_wipe_nothing_is_known_and_new_events_are_kept(
    instance: dg.DagsterInstance,
) -> None:
    report(instance, "run", "old")
    instance.wipe()
    assert texts(instance, "run") == []
    report(instance, "run", "new")
    assert texts(instance, "run") == ["new"]
