import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.descriptions import asset_key
from monitors.registry import registry
from orchestration.definitions import defs

ROOT = Path(__file__).parents[1]


def test_definitions_stay_short_enough_to_read_at_a_glance() -> None:
    lines = (ROOT / "orchestration" / "definitions.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60


def test_every_monitor_is_an_asset_of_its_product() -> None:
    graph = defs.resolve_asset_graph()
    for monitor in registry().monitors.values():
        node = graph.get(asset_key(monitor))
        assert node.group_name == monitor.product
        assert node.owners == [f"team:{monitor.owner}"]
        assert node.tags["harm"] == monitor.harm
        assert node.tags["severity"] == monitor.severity.name
        assert monitor.runbook in (node.description or "")
        assert monitor.section("Threshold") in (node.description or "")
        assert {k.name for k in node.check_keys} == {"evaluated", "canary", "hit_rate"}


def test_every_asset_says_what_it_is() -> None:
    graph = defs.resolve_asset_graph()
    silent = [k for k in graph.get_all_asset_keys() if not graph.get(k).description]
    assert silent == []


def test_every_schedule_and_sensor_runs_by_default() -> None:
    repository = defs.get_repository_def()
    stopped = [
        s.name
        for s in (*repository.schedule_defs, *repository.sensor_defs)
        if s.default_status.value != "RUNNING"
    ]
    assert stopped == []
    assert {s.name for s in repository.schedule_defs} == {
        "every_hour",
        "every_five_minutes",
        "every_day",
        "every_draw",
        "every_night",
        "every_quarter",
        "every_week",
        "launches",
        "health_of_the_week",
        "quality_of_monitors",
        "coverage_map",
    }
    assert {s.name for s in repository.sensor_defs} == {
        *("escalation", "health", "intake", "late_events", "outbox"),
        *("appeals", "cases", "enforcement", "retraining", "sla"),
    }


def test_time_is_the_only_dimension_of_partitions() -> None:
    graph = defs.resolve_asset_graph()
    dimensions = {type(graph.get(k).partitions_def) for k in graph.get_all_asset_keys()}
    assert dimensions == {
        dg.HourlyPartitionsDefinition,
        dg.DailyPartitionsDefinition,
        type(None),
    }


@pytest.mark.parametrize(
    "command",
    [
        ["dagster", "definitions", "validate"],
        ["dagster", "definitions", "validate", "-w", "workspace.yaml"],
        ["dg", "check", "defs"],
        ["dg", "list", "defs"],
    ],
)
def test_dagster_s_own_commands_accept_the_project(command: list[str]) -> None:
    program = str(Path(sys.executable).with_name(command[0]))
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
