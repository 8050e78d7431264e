"""Judgements for tests: of drawn units of a monitor's version, each an alert that is over."""

import re
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine

from monitors.registry import registry
from orchestration.alerts.records import AlertState
from orchestration.intake.settings import in_force
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.rollouts import set_share
from orchestration.policies.enforcement_yaml import parse_enforcement
from tests.support.ledgers import NOON, act, alert, changed, opened, person

RATER = "rita"
RULES = Path(__file__).parents[2] / "orchestration" / "enforcement.yaml"


def ruled(ledger: Engine, folder: Path, line: float = 0.80, n: int = 14) -> None:
    """Rules in force since noon, with this gate for every action that has one."""
    gate = f"auto: {{lower_bound: {line:.2f}, min_n: {n}, max_label_age: 30d}}"
    path = folder / "enforcement.yaml"
    path.write_text(re.sub(r"auto: \{.*\}", gate, RULES.read_text("utf-8")), encoding="utf-8")
    parse = partial(parse_enforcement, products=registry().products)
    in_force(ledger, name="enforcement", path=path, parse=parse, now=NOON)


def judge(
    connection: Connection,
    monitor: str,
    values: list[bool],
    *,
    at: datetime,
    version: int = 1,
    first: int = 0,
    rater: str = RATER,
) -> None:
    """Judge drawn units numbered from `first`, each the newest label that its draw has."""
    units = [f"m{version}-{first + number}" for number in range(len(values))]
    product = monitor.partition("/")[0]
    made = [alert(unit, monitor=monitor, version=version, product=product) for unit in units]
    opened(connection, *made)
    for state in (AlertState.RESOLVED, AlertState.CLOSED):
        for unit in units:
            changed(connection, act(), unit, state=state)
    values_of = dict(zip(units, values, strict=True))
    relabel(connection, monitor, values_of, at=at, version=version, rater=rater)


def share_of(engine: Engine, monitor: str, percent: int, *, version: int = 1) -> None:
    """Roll a version out to a share."""
    with writing(engine) as connection:
        set_share(
            connection,
            rollout_id=uuid4().hex,
            monitor=monitor,
            version=version,
            percent=percent,
            act=person(),
        )


def relabel(
    connection: Connection,
    monitor: str,
    values: dict[str, bool],
    *,
    at: datetime,
    version: int = 1,
    rater: str = RATER,
) -> None:
    """Judge units that are there, anew if they were judged before."""
    labels = [
        Label(
            label_id=f"l-{unit}-{at.isoformat()}",
            unit_id=unit,
            value=value,
            source=Source.RANDOM,
            rater=rater,
            monitor=monitor,
            monitor_version=version,
            created_at=at,
            inclusion_prob=0.2,
            stratum="uniform",
        )
        for unit, value in values.items()
    ]
    write_labels(connection, labels, Act(Actor(rater, "person"), at, "judged"))
