"""Golden sets: units whose truth is settled, by which raters are measured; a set for each product.

Every change of a product's set gives it a new version, so that an answer tells by which set it was
measured. An item is never changed: it is retired, and another one added.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, or_, select, update

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writing
from orchestration.ledger.ids import check_id, digest_parts, digest_record
from orchestration.ledger.machines import as_row, where
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import golden, review_tasks
from orchestration.oncall.people import Person, require
from orchestration.policies.policy import Policies
from orchestration.review.errors import ReviewError
from orchestration.review.leaks import leaked
from orchestration.review.settled import WORDS, settled
from orchestration.review.tasks import withdraw

Why = Literal["expired", "leaked", "policy", "wrong"]
LASTS = timedelta(days=90)  # a quarter: abuse and its policies look different after it
SHOWN = 16  # hex digits of a digest in an id
KEEPER = Actor("golden", "system")


@dataclass(frozen=True, slots=True)
class Golden:
    """One item; the columns of `review_tables.golden`. It is in versions [since, until)."""

    golden_id: str
    unit_id: str
    product: str
    monitor: str
    version: int
    entity_type: str
    entity: str
    window_start: datetime
    window_end: datetime
    value: bool
    policy_version: str
    since_version: int
    added_by: str
    added_at: datetime
    expires_at: datetime
    until_version: int | None = None
    retired_at: datetime | None = None
    retired_why: str | None = None
    audit_seq: int = 0


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A product's set as of one version, by id; version 0 is before the first item."""

    product: str
    version: int
    items: tuple[Golden, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """An item of the set; `new` is false where it was there already."""

    item: Golden
    new: bool


def add(
    engine: Engine,
    who: Person,
    of: str,
    *,
    value: bool,
    policy_version: str,
    now: datetime,
    lasts: timedelta = LASTS,
) -> Added:
    """Put a unit into its product's set; `of` is its id, or that of one of its tasks.

    Raises PeopleError, and ReviewError unless an adjudication, or two raters who agree and nobody
    who does not, settled this very value under this policy version (`policy/version`); and for a
    unit that is in the set with another value.
    """
    require(who, "gold")
    if lasts <= timedelta(0):
        raise ReviewError(f"The item would last {lasts}; wanted more than nothing. Give days.")
    with writing(engine) as connection:
        task = _judged(connection, of)
        settled(connection, task.unit_id).require(value, check_id("policy", policy_version))
        there = _rows(connection, golden.c.unit_id == task.unit_id, golden.c.retired_at.is_(None))
        if there:
            _require_same(there[0], (value, policy_version))
            return Added(there[0], new=False)
        since = version_of(connection, task.product) + 1
        item = _item(
            task,
            value=value,
            policy_version=policy_version,
            since_version=since,
            added_by=who.id,
            added_at=now,
            expires_at=now + lasts,
        )
        act = Act(Actor(who.id, "person"), now, "its truth is settled")
        change = Change("add_gold", f"golden:{item.golden_id}", after=_digest(item))
        item = replace(item, audit_seq=append_all(connection, act=act, changes=[change]))
        connection.execute(insert(golden), as_row(item))
    return Added(item, new=True)


def retire(
    engine: Engine,
    who: Person,
    golden_id: str,
    why: Why,
    *,
    now: datetime,
    reason: str = "it is to be measured by no more",
) -> bool:
    """Take an item out of its set, and its tasks that wait; false if it was out before.

    Raises PeopleError, and ReviewError for an item that is not there and for no such `why`.
    """
    require(who, "gold")
    if why not in get_args(Why):
        known = ", ".join(get_args(Why))
        raise ReviewError(f"There is no such reason to retire an item; wanted one of {known}.")
    with writing(engine) as connection:
        found = _rows(connection, golden.c.golden_id == golden_id)
        if not found:
            raise ReviewError(
                "There is no golden item of that id; copy it from where they are listed."
            )
        act = Act(Actor(who.id, "person"), now, reason)
        return bool(_retire(connection, [(item, why) for item in found], act))


def expire(engine: Engine, now: datetime, policies: Policies) -> dict[Why, int]:
    """Take out what is over its time, of an older policy than the one in force, or known to many.

    How many went for what reason. To be repeated: each time takes what has come since.
    """
    standing = {f"{policy.id}/{policy.version}" for policy in policies.items}
    with writing(engine) as connection:
        known = leaked(connection, now)
        gone: list[tuple[Golden, Why]] = []
        for item in _rows(connection, golden.c.retired_at.is_(None)):
            if item.golden_id in known:
                gone.append((item, "leaked"))
            elif item.policy_version not in standing:
                gone.append((item, "policy"))
            elif item.expires_at <= now:
                gone.append((item, "expired"))
        _retire(connection, gone, Act(KEEPER, now, "golden items that may measure no more"))
    return {why: n for why in get_args(Why) if (n := sum(mine == why for _, mine in gone))}


def golden_set(connection: Connection, product: str, version: int | None = None) -> GoldenSet:
    """A product's set, as it is or as it was in an earlier version."""
    asked = version_of(connection, product) if version is None else version
    g = golden.c
    later = or_(g.until_version.is_(None), g.until_version > asked)
    items = _rows(connection, g.product == product, g.since_version <= asked, later)
    return GoldenSet(product, asked, tuple(items))


def golden_units(connection: Connection) -> frozenset[str]:
    """Every unit that is or ever was golden: none of them may train what gold measures."""
    return frozenset(connection.scalars(select(golden.c.unit_id).distinct()))


def version_of(connection: Connection, product: str) -> int:
    """The newest version of a product's set; 0 if it never had an item."""
    g = golden.c
    newest = select(func.max(g.since_version), func.max(g.until_version))
    since, until = connection.execute(newest.where(g.product == product)).one()
    return max(since or 0, until or 0)


def _judged(connection: Connection, of: str) -> ReviewTask:
    """The newest task of a unit, or of the unit of a task; none that was gold itself."""
    t = review_tasks.c
    unit = select(t.unit_id).where(or_(t.task_id == of, t.unit_id == of)).limit(1)
    named = t.unit_id == unit.scalar_subquery()
    found = where(connection, REVIEW_TASKS, named, t.kind != "golden").values()
    if not found:
        raise ReviewError(
            "Nothing of that id was ever drawn for review; wanted a unit or a task that raters "
            "judged. Copy it from where they are listed."
        )
    return max(found, key=lambda task: (task.made_at, task.task_id))


def _require_same(there: Golden, given: tuple[bool, str]) -> None:
    if (there.value, there.policy_version) != given:
        raise ReviewError(
            f"{there.golden_id} has this unit as {WORDS[there.value]} by {there.policy_version}; "
            "wanted the same. Retire that one first."
        )


def _item(task: ReviewTask, **given: Any) -> Golden:  # noqa: ANN401 - the item's other columns
    since = str(given["since_version"])
    return Golden(
        golden_id=f"golden_{digest_parts('golden', task.unit_id, since)[:SHOWN]}",
        unit_id=task.unit_id,
        product=task.product,
        monitor=task.monitor,
        version=task.version,
        entity_type=task.entity_type,
        entity=task.entity,
        window_start=task.window_start,
        window_end=task.window_end,
        **given,
    )


def _retire(connection: Connection, gone: Iterable[tuple[Golden, str]], act: Act) -> int:
    """Write that items are out; one new version of each product's set, however many go."""
    going = [(item, why) for item, why in gone if item.retired_at is None]
    until = {product: version_of(connection, product) + 1 for product in _products(going)}
    after = [
        replace(item, until_version=until[item.product], retired_at=act.at, retired_why=why)
        for item, why in going
    ]
    changes = [
        Change("retire_gold", f"golden:{old.golden_id}", _digest(old), _digest(new))
        for (old, _), new in zip(going, after, strict=True)
    ]
    append_all(connection, act=act, changes=changes)
    for item in after:
        values = {name: getattr(item, name) for name in ("until_version", "retired_at")}
        row = update(golden).where(golden.c.golden_id == item.golden_id)
        connection.execute(row.values(**values, retired_why=item.retired_why))
    _withdraw(connection, [item.golden_id for item in after], act)
    return len(after)


def _withdraw(connection: Connection, golden_ids: list[str], act: Act) -> None:
    """Withdraw the tasks that wait. Who has one answers it: to be refused would tell that it is."""
    t = review_tasks.c
    mine = where(connection, REVIEW_TASKS, t.golden_id.in_(golden_ids), t.state == TaskState.OPEN)
    withdraw(connection, mine.values(), act)


def _products(gone: Iterable[tuple[Golden, str]]) -> set[str]:
    return {item.product for item, _ in gone}


def _rows(connection: Connection, *wanted: ColumnElement[bool]) -> list[Golden]:
    rows = select(golden).where(*wanted).order_by(golden.c.golden_id)
    return [Golden(**row) for row in connection.execute(rows).mappings()]


def _digest(item: Golden) -> str:
    return digest_record({**as_row(item), "audit_seq": None})
