"""Words for what the command line says of alerts."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import polars as pl
from click.testing import Result

from monitors.evaluate import FINDINGS
from orchestration.lake import Lake
from orchestration.manifests import Manifest, content_digest
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import at, finding
from tests.support.manifests import MANIFEST

SPAM, THEFT = "web/scraping", "api/stolen_key"
ANN, BOB = "account_00000000000a", "account_00000000000b"
PEOPLE = """
people:
  - {id: tapir-8, slack: U0TAPIR8, roles: [admin], zone: UTC}
  - {id: heron-7, slack: U0HERON7, roles: [oncall, lead], teams: [chat-safety], zone: UTC}
  - {id: otter-2, slack: U0OTTER2, roles: [oncall], teams: [chat-safety], zone: UTC}
  - {id: finch-1, slack: U0FINCH1, roles: [viewer], zone: UTC}
"""
ROUTES = """
routes:
  - {name: all, receiver: C0ABUSE, group_by: [monitor], group_interval: 1m, repeat_interval: 30d}
"""
ROTA = """
hours:
  office: {zone: UTC, open: "09:00", close: "17:00", weekdays: [monday]}
rotas:
  chat-safety:
    zone: UTC
    handover: {at: "10:00", every: monday}
    from: 2026-01-05
    layers: [[heron-7, otter-2], [otter-2, heron-7]]
ladders:
  urgent:
    match: {severities: [S0, S1]}
    steps: [{wait: 0m, notify: {person: heron-7}}]
delivery:
  S2: {every: 15m, only_in: office}
  S3: {at: "09:00", zone: UTC}
"""
Watchfloor = Callable[..., Result]


def rows(watchfloor: Watchfloor, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON it is
    done = watchfloor("alerts", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(watchfloor: Watchfloor, *arguments: str) -> str:
    done = watchfloor("alerts", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


def id_of(desk: Desk, entity: str, monitor: str = SPAM) -> str:
    return next(a.alert_id for a in desk.alerts() if (a.entity, a.monitor) == (entity, monitor))


def put_evaluation(lake: Lake, hour: int, *entities: str) -> None:
    """One hour of a monitor, with findings of these entities."""
    product, name = SPAM.split("/")
    start, end = at(hour), at(hour + 1)
    found = [
        {
            **asdict(finding(hour, entity, monitor=SPAM)),
            "monitor": name,
            "severity": 2,
            "score": 9.0,
            "threshold": 3.0,
            "evidence": "{}",
        }
        for entity in entities
    ]
    frame = pl.DataFrame(
        [{key: row[key] for key in FINDINGS.names()} for row in found], schema=FINDINGS
    )
    lake.replace(lake.partition_path(f"findings/{name}", product, start, "1h"), frame)
    made: Manifest = replace(
        MANIFEST,
        monitor=name,
        product=product,
        partition=start.isoformat(),
        partition_end=end.isoformat(),
        as_of=(end + timedelta(minutes=5)).isoformat(),
        digest=content_digest(frame),
    )
    path = lake.path(f"manifests/{name}", product, start, f"hour={start:%H}.json")
    lake.replace_json(path, asdict(made))
