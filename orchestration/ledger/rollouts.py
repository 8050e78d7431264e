"""The share of entities that a version in auto may act on: a row per change, the latest counts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, tuple_

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import rollouts

SHARES = (0, 1, 10, 50, 100)


@dataclass(frozen=True, slots=True)
class Rollout:
    """One change of a version's share, in percent."""

    rollout_id: str
    monitor: str
    version: int
    percent: int
    by: str
    reason: str
    at: datetime

    @property
    def object_id(self) -> str:
        """What the audit calls it."""
        return f"rollout:{self.monitor}:v{self.version}"

    @property
    def digest(self) -> str:
        """SHA-256 of the whole row."""
        return digest_record(asdict(self))


def set_share(
    connection: Connection, *, rollout_id: str, monitor: str, version: int, percent: int, act: Act
) -> Rollout:
    """Write a version's new share, with its audit row.

    Raises LedgerError for a share that is none of 0, 1, 10, 50 and 100.
    """
    if percent not in SHARES:
        raise LedgerError(
            f"The share of {monitor} version {version} is to be {percent} %; wanted one of "
            f"{', '.join(map(str, SHARES))}."
        )
    before = rollouts_of(writer(connection), [(monitor, version)])[monitor, version]
    made = Rollout(
        rollout_id=check_id("rollout_id", rollout_id),
        monitor=check_id("monitor", monitor),
        version=version,
        percent=percent,
        by=act.actor.id,
        reason=act.reason,
        at=act.at,
    )
    seq = append(
        connection,
        act=act,
        verb="roll_out",
        object_id=made.object_id,
        before=before[-1].digest if before else None,
        after=made.digest,
    )
    connection.execute(insert(rollouts), {**asdict(made), "audit_seq": seq})
    return made


def rollouts_of(
    connection: Connection, versions: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], list[Rollout]]:
    """Every change of the share of some monitors' versions, oldest first; each is there."""
    wanted = sorted(set(versions))
    found: dict[tuple[str, int], list[Rollout]] = {version: [] for version in wanted}
    named = tuple_(rollouts.c.monitor, rollouts.c.version)
    for at in range(0, len(wanted), BATCH):
        some = select(rollouts).where(named.in_(wanted[at : at + BATCH]))
        for row in connection.execute(some.order_by(rollouts.c.audit_seq)).mappings():
            made = Rollout(**{name: row[name] for name in row if name != "audit_seq"})
            found[made.monitor, made.version].append(made)
    return found
