"""Revealing content: what somebody wrote, to the one person who needs it to decide, counted.

The text is read, returned and nowhere kept: the ledger has who looked at what unit of which case,
when, and how many texts there were.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select

from monitors.evaluate import Span
from orchestration.cases.errors import CaseError
from orchestration.cases.exposure import may_see, remaining
from orchestration.cases.holding import Deed, begun, require_held, require_skills
from orchestration.cases.judging import units_of
from orchestration.cases.members import Entity, members
from orchestration.cases.sightings import again
from orchestration.cases.terms import Terms
from orchestration.cases.texts import Text, texts_of, written
from orchestration.cases.whose import real_ids
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import HELD
from orchestration.ledger.database import reading
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import alert_findings, views
from orchestration.oncall.people import Person
from orchestration.pseudonyms import Pseudonyms

AT_ONCE = 20  # texts of one view at most
BEFORE = timedelta(days=7)  # of the case's opening: the window of who is in no alert of it


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
    found = again(lambda: written(lake, sought.entity[0], real, sought.spans))
    with begun(engine, who, "reveal", case_id, now) as deed:
        left = _sought(deed, terms, unit, most).most  # as it is now: others may have been faster
        texts = tuple(texts_of(found.head(left)))
        _note(deed, unit, len(texts))
        more = remaining(deed.connection, who, terms.desks.queues[deed.case.queue], now)
    return Revealed(texts, found.height - len(texts), more)


def _sought(deed: Deed, terms: Terms, unit: str, most: int) -> _Sought:
    """What may be looked for; everything that forbids it is found here."""
    case, who = deed.case, deed.who
    require_held(deed, *sorted(HELD))
    require_skills(who, terms.desks, case)
    left = may_see(deed.connection, who, terms.desks, case.queue, deed.now)
    entity, spans = _windows(deed.connection, deed, unit)
    return _Sought(entity, spans, max(1, min(most, left)))


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
