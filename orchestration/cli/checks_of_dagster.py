"""The checks of `watchfloor doctor` that need Dagster."""

import dagster as dg
import yaml

from orchestration.cli.checks import FAIL, OK, WARN, Found
from orchestration.deployment import instance_config
from orchestration.settings import Settings

FILE = "dagster.yaml"


def home(settings: Settings) -> Found:
    """Whether Dagster's folder is prepared, and as the settings say."""
    path = settings.dagster_home / FILE
    if not path.exists():
        return FAIL, f"{settings.dagster_home} is not prepared", "watchfloor init"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    if told != instance_config(settings):
        return WARN, f"{path} is not what the settings say", "watchfloor init writes it anew."
    return OK, f"{settings.dagster_home} is prepared", ""


def definitions(settings: Settings) -> Found:
    """Whether Dagster can load all that we define."""
    del settings
    from orchestration.definitions import defs  # noqa: PLC0415 - it may fail: that is the check

    repository = defs.get_repository_def()
    assets = len(list(defs.resolve_all_asset_keys()))
    schedules, sensors = len(repository.schedule_defs), len(repository.sensor_defs)
    return OK, f"{assets} assets, {schedules} schedules, {sensors} sensors", ""


def daemon(settings: Settings) -> Found:
    """Whether the daemon that ticks schedules and sensors is alive."""
    if not (settings.dagster_home / FILE).exists():
        return WARN, "not known before Dagster's folder is prepared", "watchfloor init"
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        statuses = instance.get_daemon_statuses()
    required = {kind for kind, status in statuses.items() if status.required}
    dead = sorted(kind for kind in required if not statuses[kind].healthy)
    if not dead:
        return OK, f"{len(required)} heartbeats", ""
    found = "not running" if len(dead) == len(required) else f"no heartbeat of {', '.join(dead)}"
    return WARN, found, "make dev"
