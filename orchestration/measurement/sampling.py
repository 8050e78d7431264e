"""The uniform slice: which alert episodes are measured, decided before anybody looks at them."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from orchestration.ledger.ids import check_time
from orchestration.ledger.tables import alerts
from orchestration.measurement.errors import MeasurementError

UNIFORM = "uniform"
WORD = 8  # bytes of the hash
SPARE = 11  # bits that a float in [0, 1) has no room for
STEPS = 1 << 53


@dataclass(frozen=True, slots=True)
class Drawn:
    """One episode of the slice, with what its label is to record.

    `version` is the monitor's newest that found it; a label records the one that was judged.
    """

    alert_id: str
    monitor: str
    version: int
    inclusion_prob: float
    stratum: str


def drawn(alert_id: str, seed: str, share: float) -> bool:
    """Whether an episode belongs to the slice; nothing but its id, the seed and the share decide.

    A larger share of the same seed keeps every episode of a smaller one. Raises MeasurementError
    for an empty seed, and for a share that is not in (0, 1].
    """
    _check(seed, share)
    return place(alert_id, seed) < share


def place(unit_id: str, seed: str) -> float:
    """A number in [0, 1), as if drawn evenly; nothing but the id and the seed decides."""
    digest = hmac.digest(seed.encode(), unit_id.encode(), "sha256")
    return (int.from_bytes(digest[:WORD], "big") >> SPARE) / STEPS


def draw(connection: Connection, *, seed: str, share: float, now: datetime) -> list[Drawn]:
    """The episodes opened until now that belong to the slice, by id.

    All are drawn from: shadow, closed and acted on by policy too. Raises MeasurementError as
    `drawn` does, and LedgerError for a time without a zone.
    """
    _check(seed, share)
    found = _episodes(connection, check_time("now", now))
    slice_ = (
        Drawn(alert_id, monitor, version, share, UNIFORM)
        for alert_id, monitor, version in found
        if drawn(alert_id, seed, share)
    )
    return sorted(slice_, key=lambda unit: unit.alert_id)


def _check(seed: str, share: float) -> None:
    if not seed:
        raise MeasurementError(
            "The seed of the draw is empty; wanted a secret text, so that nobody can tell which "
            "episodes are measured. Set one and keep it."
        )
    if not 0 < share <= 1:
        raise MeasurementError(
            f"The share to draw is {share}; wanted more than 0 and at most 1. With 0 nothing is "
            "ever measured."
        )


def _episodes(connection: Connection, until: datetime) -> Iterator[tuple[str, str, int]]:
    columns = (alerts.c.alert_id, alerts.c.monitor, alerts.c.version)
    for row in connection.execute(select(*columns).where(alerts.c.opened_at <= until)):
        yield row.alert_id, row.monitor, row.version
