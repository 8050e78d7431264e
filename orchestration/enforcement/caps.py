"""Caps: the most that is done in a batch and in a day. A breach applies none of the batch.

A day is a UTC day. A live row counts for the day on which it was admitted and the day on which it
was sent; while it was admitted and is not sent yet, it counts for every day. So no day sees more
than the caps allow, whatever was put off. Rows that were blocked or ran out of time do not count.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.enforcement_states import PENDING, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import batches, enforcements
from orchestration.partitions import day_of
from orchestration.policies.rules import Caps

CAPS = Actor("caps", "system")
PREFIX = "cap:"
UNSENT = (*PENDING, EnforcementState.EXECUTING, EnforcementState.UNKNOWN)
NEVER = (EnforcementState.BLOCKED, EnforcementState.EXPIRED)
# Entities of a product that were active in the last day; None where that is not known.
Active = Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the day's caps is used: in all, and by product, monitor and tenant."""

    total: int = 0
    products: Mapping[str, int] = field(default_factory=dict)
    monitors: Mapping[str, int] = field(default_factory=dict)
    tenants: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breach:
    """A cap that would be breached: what it allows, and what it would come to.

    `about` is the product, monitor or tenant. A null `would_be` is a share of nobody knows how
    many: what is not known counts as a breach, since nobody can say that it is none.
    """

    cap: str
    limit: float
    would_be: float | None
    about: str = ""

    @property
    def code(self) -> str:
        """Why rows are blocked by it."""
        return f"{PREFIX}{self.cap}"


def usage(connection: Connection, now: datetime) -> Usage:
    """What counts for the UTC day of `now`."""
    row, day = enforcements.c, day_of(now)
    today = or_(row.admitted_at >= day, row.executing_at >= day, row.state.in_(UNSENT))
    counting = (row.mode == "live", row.admitted_at.is_not(None), row.state.not_in(NEVER), today)
    grouped = select(row.product, row.monitor, row.tenant, func.count()).where(*counting)
    products: Counter[str] = Counter()
    monitors: Counter[str] = Counter()
    tenants: Counter[str] = Counter()
    for product, monitor, tenant, n in connection.execute(
        grouped.group_by(row.product, row.monitor, row.tenant)
    ):
        products[product] += n
        monitors.update({monitor: n} if monitor else {})
        tenants.update({tenant: n} if tenant else {})
    return Usage(products.total(), products, monitors, tenants)


def breaches(
    connection: Connection,
    rows: Sequence[Enforcement],
    *,
    limits: Caps,
    active: Active,
    now: datetime,
) -> list[Breach]:
    """The caps that a batch of these rows would breach today; none of them may be admitted yet."""
    return exceeded(usage(connection, now), rows, limits=limits, active=active)


def exceeded(
    used: Usage, rows: Sequence[Enforcement], *, limits: Caps, active: Active
) -> list[Breach]:
    """The caps that these rows would breach on top of what is used."""
    if not rows:
        return []
    n = len(rows)
    found = [
        *_over("per_run", limits.per_run, {"": n}, {}),
        *_over("per_day", limits.per_day, {"": n}, {"": used.total}),
        *_over("per_monitor", limits.per_monitor, _by(rows, "monitor"), used.monitors),
        *_over("per_tenant", limits.per_tenant, _by(rows, "tenant"), used.tenants),
    ]
    for product, new in sorted(_by(rows, "product").items()):
        there = active(product)
        share = (used.products.get(product, 0) + new) / there if there else None
        if share is None or share > limits.per_day_share:
            found.append(Breach("per_day_share", limits.per_day_share, share, product))
    return found


def admit(
    connection: Connection, batch_id: str, *, limits: Caps, active: Active, now: datetime
) -> list[Breach]:
    """Let a batch through the day's caps, whole or not at all; the caps that it would breach.

    In the transaction that takes its first row for execution. All pending live rows are admitted,
    those too that still wait for people, so that no later breach finds a part of it done. With a
    breach all of them are blocked and the batch says so, until two people resume it. One that was
    admitted before stays so. Rows read before this call are out of date after it.
    """
    same = batches.c.batch_id == batch_id
    done = connection.scalars(select(batches.c.admitted_at).where(same)).one()
    if done is not None:
        return []
    pending = pending_of(connection, enforcements.c.batch_id == batch_id)
    found = breaches(connection, list(pending.values()), limits=limits, active=active, now=now)
    if found:
        block(connection, batch_id, pending, found[0], now=now)
    else:
        let_in(connection, batch_id, pending, now=now)
    return found


def pending_of(connection: Connection, *conditions: ColumnElement[bool]) -> dict[str, Enforcement]:
    """Live rows of which nothing was sent yet."""
    live = (enforcements.c.mode == "live", enforcements.c.state.in_(list(PENDING)))
    return where(connection, ENFORCEMENTS, *live, *conditions)


def block(
    connection: Connection,
    batch_id: str,
    pending: Mapping[str, Enforcement],
    breach: Breach,
    *,
    now: datetime,
) -> None:
    """Block every pending row of a batch for a breach, and write it on the batch."""
    act = Act(CAPS, now, f"the cap {breach.cap} would be breached")
    after = [blocked(row, breach.code) for row in pending.values()]
    write(connection, ENFORCEMENTS, before=pending, after=after, act=act)
    mark(connection, [batch_id], breach, now=now)


def mark(
    connection: Connection, batch_ids: Iterable[str], breach: Breach, *, now: datetime
) -> None:
    """Write a breach on batches: none of theirs is applied, and people are paged."""
    act = Act(CAPS, now, f"the cap {breach.cap} would be breached")
    for batch_id in batch_ids:
        append(connection, act=act, verb="breach", object_id=f"batch:{batch_id}")
        values = {"breach": breach.cap, "breached_at": now, "resumed_at": None}
        _set(connection, batch_id, values)


def let_in(
    connection: Connection, batch_id: str, rows: Mapping[str, Enforcement], *, now: datetime
) -> None:
    """Admit rows of a batch to the day's caps."""
    act = Act(CAPS, now, "the day's caps hold")
    after = [replace(row, admitted_at=now) for row in rows.values()]
    write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="admit")
    _set(connection, batch_id, {"admitted_at": now})


def blocked(row: Enforcement, code: str) -> Enforcement:
    """The row as it is once it is blocked: it holds its target no longer, and nobody's lease."""
    return replace(
        row,
        state=EnforcementState.BLOCKED,
        code=code,
        standing=False,
        admitted_at=None,
        leased_by=None,
        leased_until=None,
    )


def _set(connection: Connection, batch_id: str, values: Mapping[str, object]) -> None:
    same = update(batches).where(batches.c.batch_id == batch_id)
    writer(connection).execute(same.values(**values))


def _over(cap: str, limit: int, new: Mapping[str, int], used: Mapping[str, int]) -> list[Breach]:
    sums = {about: used.get(about, 0) + n for about, n in sorted(new.items())}
    return [Breach(cap, limit, n, about) for about, n in sums.items() if n > limit]


def _by(rows: Sequence[Enforcement], name: str) -> Counter[str]:
    """Rows by product, monitor or tenant; those without one are of nobody's cap."""
    return Counter(value for row in rows if (value := getattr(row, name)) is not None)
