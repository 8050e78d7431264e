"""Everything Dagster sees, put together from what the files declare."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from assets.activity import activity_assets
from assets.alerts import alert_assets
from assets.classifiers import classifier_assets
from assets.coverage import coverage_assets
from assets.events import event_assets
from assets.launch import launch_assets
from assets.monitors import monitor_assets
from assets.operations import OPERATIONS
from assets.retention import retention
from monitors.registry import Registry, registry
from orchestration.alerting import Alerting
from orchestration.deployment import EXECUTOR
from orchestration.duck import CONFIG
from orchestration.jobs import jobs
from orchestration.resources import Clock, LakeResource
from orchestration.schedules import schedules
from orchestration.settings import Settings, load
from orchestration.working import Working
from sensors.all import sensors


def build(monitors: Registry, settings: Settings, clock: Clock) -> dg.Definitions:
    """Definitions for these monitors and settings."""
    evaluations = monitor_assets(monitors)
    assets = [
        *event_assets(monitors),
        *activity_assets(monitors),
        *evaluations,
        *alert_assets(evaluations),
        *coverage_assets(monitors),
        retention,
        *classifier_assets(monitors),
        *OPERATIONS,
        *launch_assets(settings),
    ]
    found, alerting = jobs(assets), Alerting(settings, monitors)
    return dg.Definitions(
        assets=assets,
        jobs=found,
        schedules=schedules(found),
        sensors=sensors(monitors, found, assets),
        resources={
            "lake": LakeResource.of(settings),
            "clock": clock,
            "alerting": alerting,
            "working": Working(alerting),
            "duckdb": DuckDBResource(database=":memory:", connection_config=CONFIG),
        },
        executor=EXECUTOR,
    )


defs = build(registry().watching(), load(), Clock())
