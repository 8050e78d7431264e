"""Plans: what was drawn of one monitor's version from one frame and partition, in the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.labels import OF_DRAWS, SCORED, labels_of, latest
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import plans as table
from orchestration.ledger.tables import strata as strata_table
from orchestration.measurement.drawing import GUESSES

Frame = Literal["episodes", "windows"]
SHOWN = 16  # hex digits of a digest in an id
PILOT = 10  # labels of a stratum, under which the guess stands


@dataclass(frozen=True, slots=True)
class Plan:
    """One draw from the units of `[starts_at, ends_at)`; `seed_digest` tells seeds apart."""

    plan_id: str
    frame: Frame
    monitor: str
    version: int
    starts_at: datetime
    ends_at: datetime
    seed_digest: str
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class Stratum:
    """Of `size` units `kept` could be drawn and `drawn` were, each with `inclusion_prob`.

    That is the probability of being kept and drawn; null where there was no unit.
    """

    stratum: str
    size: int
    kept: int
    drawn: int
    inclusion_prob: float | None


def plan_of(
    frame: Frame,
    version: tuple[str, int],
    day: tuple[datetime, datetime],
    *,
    seed: str,
    now: datetime,
) -> Plan:
    """A plan of a monitor's version; its id is the same whenever it is made, with any seed."""
    monitor, number = version
    times = [at.isoformat() for at in day]
    digest = digest_parts("plan", frame, monitor, str(number), *times)
    return Plan(
        plan_id=f"plan_{digest[:SHOWN]}",
        frame=frame,
        monitor=monitor,
        version=number,
        starts_at=day[0],
        ends_at=day[1],
        seed_digest=digest_parts("seed", seed),
        drawn_at=now,
    )


def add_plan(connection: Connection, plan: Plan, strata: Sequence[Stratum], act: Act) -> None:
    """Write a plan with its strata and one audit row; both are never changed."""
    rows = [{"plan_id": plan.plan_id, **asdict(stratum)} for stratum in strata]
    after = digest_record({**asdict(plan), "strata": rows})
    seq = append(connection, act=act, verb="plan", object_id=f"plan:{plan.plan_id}", after=after)
    connection.execute(insert(table), {**asdict(plan), "audit_seq": seq})
    connection.execute(insert(strata_table), rows)


def is_drawn(connection: Connection, plan: Plan) -> bool:
    """Whether it is in the ledger."""
    mine = select(table.c.plan_id).where(table.c.plan_id == plan.plan_id)
    return connection.execute(mine).one_or_none() is not None


def plans_in(connection: Connection, start: datetime, end: datetime) -> list[Plan]:
    """The plans of partitions that lie in `[start, end)`, by monitor, version, frame and time."""
    p = table.c
    columns = [p[name] for name in Plan.__dataclass_fields__]
    mine = select(*columns).where(p.starts_at >= start, p.ends_at <= end)
    ordered = mine.order_by(p.monitor, p.version, p.frame, p.starts_at)
    return [Plan(**row) for row in connection.execute(ordered).mappings()]


def strata_in(connection: Connection, plan_ids: Iterable[str]) -> dict[str, list[Stratum]]:
    """The strata of plans, in order of their names."""
    s, wanted = strata_table.c, sorted(set(plan_ids))
    found: defaultdict[str, list[Stratum]] = defaultdict(list)
    for at in range(0, len(wanted), BATCH):
        mine = select(strata_table).where(s.plan_id.in_(wanted[at : at + BATCH]))
        for row in connection.execute(mine.order_by(s.plan_id, s.stratum)).mappings():
            found[row["plan_id"]].append(
                Stratum(**{name: row[name] for name in Stratum.__dataclass_fields__})
            )
    return dict(found)


def pilot_rates(connection: Connection, monitor: str, version: int) -> dict[str, float]:
    """What share of each stratum is bad, by earlier labels of the version's windows.

    (k + 1/2) / (n + 1), never 0 or 1; `GUESSES` where fewer than ten were judged.
    """
    found: defaultdict[str, list[bool]] = defaultdict(list)
    every = labels_of(connection, [(monitor, version)])
    drawn = [one for one in every if one.unit_id.startswith(SCORED) and one.source in OF_DRAWS]
    strata = {one.unit_id: one.stratum for one in drawn if one.stratum is not None}
    for label in latest(drawn):
        if label.unit_id in strata:
            found[strata[label.unit_id]].append(label.value)
    judged = {name: (sum(all_) + 0.5) / (len(all_) + 1) for name, all_ in found.items()}
    return {
        name: judged[name] if len(found[name]) >= PILOT else guess
        for name, guess in GUESSES.items()
    }
