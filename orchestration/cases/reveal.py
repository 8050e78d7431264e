"""Revealing content: what somebody wrote, to the one person who needs it to decide, counted.

The text is read, returned and nowhere kept: the ledger has who looked at what unit of which case,
when, and how many texts there were.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import polars as pl
from sqlalchemy import Connection, Engine, func, insert, select

from monitors.columns import TIMESTAMP, Contract, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.errors import CaseError
from orchestration.cases.holding import Deed, begun, require_held, require_skills
from orchestration.cases.judging import units_of
from orchestration.cases.members import Entity, members
from orchestration.cases.sightings import again, events_of
from orchestration.cases.terms import Terms
from orchestration.cases.whose import real_ids
from orchestration.inputs import TEXT
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import HELD
from orchestration.ledger.database import reading
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import alert_findings, cases, views
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.pseudonyms import Pseudonyms

AT_ONCE = 20  # texts of one view at most
BEFORE = timedelta(days=7)  # of the case's opening: the window of who is in no alert of it
DAY = timedelta(days=1)
WRITTEN = schema(
    {
        "occurred_at": TIMESTAMP,
        "product": pl.String,
        "contract": pl.String,
        "event_id": pl.String,
        "column": pl.String,
        "text": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text that somebody wrote. Its `repr`, and so a log that it comes into, has no text."""

    event_id: str
    product: str
    contract: str
    column: str
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revealed:
    """The newest texts of a unit. `left_out`: more there are; `remaining`: more for today."""

    texts: tuple[Text, ...]
    left_out: int
    remaining: int


@dataclass(frozen=True, slots=True)
class _Sought:
    """Of whom texts are sought, when, and how many the person may see."""

    entity: Entity
    spans: tuple[Span, ...]
    most: int


def reveal(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    *,
    who: Person,
    case_id: str,
    unit: str,
    now: datetime,
    terms: Terms,
    most: int = AT_ONCE,
) -> Revealed:
    """What a unit's entity wrote within the windows of its findings, the newest first.

    `unit` is as `judging.units_of` names it, or the pseudonym of an entity. For one that no alert
    of the case is about, the week before the case was opened counts. Only for who has the case, by
    a role that may and that its queue lets. Each view is in the audit before the text is given, and
    counts against the queue's limit of the person's day. Raises PeopleError or CaseError, with what
    would have to be.
    """
    with begun(engine, who, "reveal", case_id, now) as deed:
        sought = _sought(deed, terms, unit, most)
    span = Span(sought.spans[0].start, max(one.end for one in sought.spans))
    with reading(engine) as connection:
        real = real_ids(connection, lake, names, [sought.entity], span).get(sought.entity)
    if real is None:
        raise CaseError(
            "Nothing in the lake says any more whose pseudonym this is: its events were pruned, "
            "or it was forgotten. Decide by the evidence there is."
        )
    found = again(lambda: _written(lake, sought.entity[0], real, sought.spans))
    with begun(engine, who, "reveal", case_id, now) as deed:
        left = _sought(deed, terms, unit, most).most  # as it is now: others may have been faster
        texts = tuple(_texts(found.head(left)))
        remaining = _remaining(deed, terms) - len(texts)
        _note(deed, unit, len(texts))
    return Revealed(texts, found.height - len(texts), remaining)


def _sought(deed: Deed, terms: Terms, unit: str, most: int) -> _Sought:
    """What may be looked for; everything that forbids it is found here."""
    case, who = deed.case, deed.who
    require_held(deed, *sorted(HELD))
    require_skills(who, terms.desks, case)
    queue = terms.desks.queues.get(case.queue)
    if queue is None or queue.reveal.isdisjoint(who.roles):
        allowed = ", ".join(sorted(queue.reveal)) if queue else ""
        raise PeopleError(
            f"The queue '{case.queue}' reveals content to {allowed or 'nobody'}; {who.id} has the "
            f"roles {', '.join(sorted(who.roles))}. Decide by the evidence, or have it changed in "
            "queues.yaml."
        )
    remaining = _remaining(deed, terms)
    if remaining <= 0:
        raise CaseError(
            f"{who.id} has seen {queue.exposure_limit} contents of the queue '{case.queue}' today, "
            f"which is its limit. It begins anew at {_day(who, deed.now).end.isoformat()}; leave "
            "what cannot wait to somebody else."
        )
    entity, spans = _windows(deed.connection, deed, unit)
    return _Sought(entity, spans, max(1, min(most, remaining)))


def _windows(connection: Connection, deed: Deed, unit: str) -> tuple[Entity, tuple[Span, ...]]:
    """The entity of a unit of the case, and when it was found; oldest first."""
    case_id = deed.case.case_id
    have = members(connection, [case_id])[case_id]
    units = units_of(have)
    named = [known for known in units.values() if unit in {known.id, known.entity}]
    if not named:
        raise CaseError(
            "The unit is no alert and no entity of this case; wanted one of them. Copy it from "
            "the case."
        )
    found = units.get(unit, named[0])
    entity = (found.entity_type, found.entity)
    if found.alert is None:
        opened = deed.case.opened_at
        return entity, (Span(opened - BEFORE, opened + timedelta(microseconds=1)),)
    table = alert_findings.c
    rows = select(table.window_start, table.window_end).where(
        table.alert_id == found.alert.alert_id
    )
    spans = [Span(*row) for row in connection.execute(rows.distinct())]
    return entity, _merged(spans or [Span(found.alert.first_seen, found.alert.last_seen)])


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in as few spans as can be, oldest first."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(span.end, found[-1].end))
        else:
            found.append(span)
    return tuple(found)


def _remaining(deed: Deed, terms: Terms) -> int:
    """How many contents of the case's queue the person may still see today."""
    day = _day(deed.who, deed.now)
    seen = (
        select(func.coalesce(func.sum(views.c["items"]), 0))
        .join(cases, cases.c.case_id == views.c.case_id)
        .where(
            views.c.person == deed.who.id,
            views.c.at >= day.start,
            views.c.at < day.end,
            cases.c.queue == deed.case.queue,
        )
    )
    limit = terms.desks.queues[deed.case.queue].exposure_limit
    return limit - int(deed.connection.execute(seen).scalar_one())


def _day(who: Person, now: datetime) -> Span:
    """The calendar day of the person's own zone, in UTC."""
    today = now.astimezone(who.zone).date()
    ends = [datetime.combine(day, time(0), who.zone) for day in (today, today + DAY)]
    return Span(ends[0].astimezone(UTC), ends[1].astimezone(UTC))


def _written(lake: Lake, kind: str, entity: str, spans: Iterable[Span]) -> pl.DataFrame:
    """The texts of the entity's events in the spans, the newest first."""
    wanted = list(spans)
    frames = [
        frame
        for contract in contracts().values()
        if contract.text and contract.schema.get(kind) == pl.String
        for frame in _of_contract(lake, contract, kind, entity, wanted)
    ]
    if not frames:
        return pl.DataFrame(schema=WRITTEN)
    found = pl.concat(frames).collect(engine="streaming")
    order = ["occurred_at", "product", "contract", "event_id", "column"]
    return found.unique(order).sort(order, descending=[True, False, False, False, False])


def _of_contract(
    lake: Lake, contract: Contract, kind: str, entity: str, spans: Iterable[Span]
) -> Iterator[pl.LazyFrame]:
    table = f"{TEXT}/{contract.name}"
    key = ["product", "event_id", "occurred_at"]
    for span in spans:
        mine = events_of(lake, contract, span).filter(pl.col(kind) == entity).select(key)
        texts = lake.scan(table, lake.products(table), span, schema=contract.text_schema)
        for column in contract.text:
            yield (
                texts.filter(pl.col(column.name).is_not_null())
                .join(mine, on=key, how="semi")
                .select(
                    *key,
                    contract=pl.lit(contract.name),
                    column=pl.lit(column.name),
                    text=pl.col(column.name),
                )
                .select(WRITTEN.names())
            )


def _texts(rows: pl.DataFrame) -> Iterator[Text]:
    for row in rows.iter_rows(named=True):
        at = row.pop("occurred_at")
        yield Text(at=at, **row)


def _note(deed: Deed, unit: str, items: int) -> None:
    """Write that somebody looked: who, at what, when, and at how many texts."""
    row = {
        "person": deed.who.id,
        "case_id": deed.case.case_id,
        "unit": unit,
        "items": items,
        "at": deed.now,
    }
    count = deed.connection.execute(select(func.count()).select_from(views)).scalar_one()
    view_id = f"view_{digest_parts(digest_record(row), str(count))[:24]}"
    seq = append(
        deed.connection,
        act=deed.act(f"{items} texts of one unit of {deed.case.case_id}"),
        verb="reveal",
        object_id=f"view:{view_id}",
        after=digest_record(row),
    )
    deed.connection.execute(insert(views), {**row, "view_id": view_id, "audit_seq": seq})
