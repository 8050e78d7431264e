"""Which entities a monitor's version may act on by itself while it is rolled out."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rollouts import SHARES, Rollout
from orchestration.measurement.errors import MeasurementError

WORD, SPARE, STEPS = 8, 11, 1 << 53  # of a hash, as a fraction that a float has room for


def bucket(entity: str, monitor: str, version: int, seed: str) -> float:
    """Where an entity stands from 0 up to 100; it is rolled out to where that is under the share.

    Nothing but these four decide, so a larger share keeps every entity of a smaller one, and one
    version's share says nothing of another's. Raises MeasurementError for an empty seed.
    """
    if not seed:
        raise MeasurementError("The seed of the roll-out is empty; wanted the id of its first row.")
    text = digest_parts("rollout", monitor, str(version), entity).encode()
    digest = hmac.digest(seed.encode(), text, "sha256")
    return 100 * ((int.from_bytes(digest[:WORD], "big") >> SPARE) / STEPS)


@dataclass(frozen=True, slots=True)
class Rollouts:
    """Every change of one version's share, oldest first.

    Its seed is the id of the first, which nobody can guess and no setting can change.
    """

    rows: tuple[Rollout, ...]

    @property
    def percent(self) -> int:
        """The share that holds; 0 where it was never rolled out."""
        return self.rows[-1].percent if self.rows else 0

    def holds(self, entity: str) -> bool:
        """Whether an entity is among those that may be acted on now."""
        return self.held_at(entity, self.rows[-1].at) if self.rows else False

    def held_at(self, entity: str, moment: datetime) -> bool:
        """Whether it was at a moment, as of the last change until then."""
        until = [row for row in self.rows if row.at <= moment]
        if not until:
            return False
        first = self.rows[0]
        stands = bucket(entity, first.monitor, first.version, first.rollout_id)
        return stands < until[-1].percent


def of(rows: Iterable[Rollout]) -> Rollouts:
    """The roll-out of one version, of its rows in their order."""
    return Rollouts(tuple(rows))


def step_up(percent: int) -> int | None:
    """The next larger share; None after the last."""
    return next((share for share in SHARES if share > percent), None)
