"""Judgements for tests: of drawn units of a monitor's version, each an alert that is over."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from orchestration.alerts.records import AlertState
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.rollouts import set_share
from tests.support.ledgers import act, alert, changed, opened, person

RATER = "rita"


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
