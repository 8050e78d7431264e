"""Every sensor: what tells people, what starts work, and what watches over all of it."""

import dagster as dg

from monitors.registry import Registry
from orchestration.jobs import Job
from sensors.alerts import intake, outbox
from sensors.appeals import appeals
from sensors.cases import cases
from sensors.enforcement import enforcement
from sensors.escalation import escalation
from sensors.health import health
from sensors.late_events import late_events
from sensors.retraining import retraining
from sensors.sla import sla


def sensors(
    registry: Registry, jobs: list[Job], assets: list[dg.AssetsDefinition]
) -> list[dg.SensorDefinition]:
    """The sensors over these monitors, jobs and assets."""
    return [
        late_events(registry, jobs),
        intake,
        outbox,
        escalation,
        cases,
        enforcement,
        appeals,
        sla,
        retraining,
        health(registry, jobs, assets),
    ]
