"""Where Dagster keeps its records and how it runs: executor, storage and launcher, only here."""

import os

import dagster as dg
import yaml

from orchestration.event_log import KeptStorage
from orchestration.settings import Settings

# A process per step costs more than most steps: 1.6 s against 0.09 s in process.
EXECUTOR = dg.in_process_executor
MAX_RUNS = 2
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def instance_config(settings: Settings) -> dict[str, object]:
    """Content of dagster.yaml: SQLite in its own folder, or PostgreSQL by URL."""
    config: dict[str, object] = {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "concurrency": {
            "runs": {"max_concurrent_runs": MAX_RUNS},
            "pools": {"default_limit": 1, "granularity": "op"},
        },
        # A run whose process died would hold its pool's only slot for ever.
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 300,
            "max_runtime_seconds": 7200,
            "free_slots_after_run_end_seconds": 30,
        },
        "retention": {
            "schedule": {"purge_after_days": 30},
            "sensor": {
                "purge_after_days": {"skipped": 2, "failure": 30, "success": 30, "started": 30}
            },
        },
    }
    if settings.dagster_storage:
        config["storage"] = {"postgres": {"postgres_url": settings.dagster_storage}}
    else:
        custom = {"module": KeptStorage.__module__, "class": KeptStorage.__name__}
        folder = {"base_dir": str(settings.dagster_home)}
        config["storage"] = {"custom": {**custom, "config": folder}}
    return config


def prepare(settings: Settings) -> dg.DagsterInstance:
    """Write dagster.yaml and make the instance's tables, before two processes could race to.

    Two processes that open a new instance at once make `dagster dev` abort.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance_config(settings)), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    instance = dg.DagsterInstance.get()
    instance.get_run_records(limit=1)
    instance.all_instigator_state()
    instance.fetch_materializations(dg.AssetKey("none"), limit=1)
    return instance


def bury(instance: dg.DagsterInstance, tag: str) -> int:
    """Fail the unfinished runs of processes that are gone; how many there were.

    `tag` holds the process id of a run that was executed outside the daemon, which would otherwise
    keep its pools' slots and make every later run wait.
    """
    unfinished = dg.RunsFilter(statuses=UNFINISHED)
    dead = [
        run
        for run in instance.get_runs(unfinished)
        if tag in run.tags and not _lives(int(run.tags[tag]))
    ]
    for run in dead:
        instance.report_run_failed(run, "The process that executed this run was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(dead)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
