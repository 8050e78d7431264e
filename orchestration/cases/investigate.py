"""Investigating an entity: where it was seen, what was done about it, who is linked with it."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, Engine, literal, select

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.enrichment import named_links, prior_facts
from orchestration.cases.errors import CaseError
from orchestration.cases.facts import Fact, facts_of, linked
from orchestration.cases.lists import Lists
from orchestration.cases.members import Entity
from orchestration.cases.related import related
from orchestration.cases.shut import shut
from orchestration.cases.sightings import LOOK_BACK, SIGNUP_BACK, sightings
from orchestration.cases.timeline import timeline
from orchestration.cases.whose import real_ids
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alerts, case_entities, enforcements, reports
from orchestration.oncall.people import Person, require
from orchestration.pseudonyms import Pseudonyms
from orchestration.triage.desks import Desks

PSEUDONYM = re.compile(r"(.+)_[0-9a-f]{12}")
ENDS = ("_id", "_hash", "ip", "_domain")  # of columns that can be an entity
NEVER = {"event_id"}
MOST_RELATED = 200
HOURLY = timedelta(days=3)  # up to here activity is told by the hour, for longer by the day
NO_LISTS = Lists()
NAMED = (
    (alerts, "entity_type", "entity"),
    (case_entities, "entity_type", "entity"),
    (enforcements, "target_type", "target"),
    (reports, "target_type", "target"),
)
ACTIVITY = schema(
    {
        "start": TIMESTAMP,
        "every": pl.String,
        "product": pl.String,
        "contract": pl.String,
        "events": pl.Int64,
        "first": TIMESTAMP,
        "last": TIMESTAMP,
    }
)


@dataclass(frozen=True, slots=True)
class Investigation:
    """All that is known of one entity since a time, by pseudonym and without content.

    `first` and `last` are when it was seen within the time; None if it was not. `facts` are those
    of enrichment, `related` has the accounts linked most closely (of `related_in_all` links).
    `real` is the id itself, only if it was asked for by somebody who may reveal.
    """

    entity_type: str
    entity: str
    since: datetime
    until: datetime
    first: datetime | None
    last: datetime | None
    facts: tuple[Fact, ...]
    activity: pl.DataFrame
    timeline: pl.DataFrame
    related: pl.DataFrame
    related_in_all: int
    real: str | None = field(default=None, repr=False)


def investigate(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    entity: str,
    kind: str | None = None,
    *,
    who: Person,
    desks: Desks,
    now: datetime,
    since: datetime | None = None,
    lists: Lists = NO_LISTS,
    real: bool = False,
) -> Investigation:
    """What is known of an entity, given by its id or its pseudonym, since a time: 30 days if None.

    `kind` is its type, such as `account_id`; wanted only where several would fit. Each look is in
    the audit, with counts. Raises PeopleError for who may not review, or may not reveal if `real`
    is wanted; CaseError for what nothing knows, and for an id that is of several types.
    """
    require(who, "review")
    if real:
        require(who, "reveal")
    begin = since or now - LOOK_BACK
    span = Span(begin, now + timedelta(microseconds=1))
    with reading(engine) as connection:
        this, own = _whose(connection, lake, names, entity, _kinds(kind), span=span)
        told = timeline(connection, who, desks, this, begin)
        hidden = shut(connection, who, desks, [this[1]])
        prior = prior_facts(connection, [this], hidden, now)[this]
    seen = _seen(lake, {this[0]: [own] if own else []}, span, lists, now)
    made = _investigation(this, begin, now, seen=seen, prior=prior, told=told, names=names)
    if real:
        made = replace(made, real=own)
    _note(engine, who, made, now)
    return made


def activity(seen: pl.DataFrame, every: str) -> pl.DataFrame:
    """Events by product, contract and hour or day (`1h`, `1d`); where there were none, no row."""
    return (
        seen.group_by("product", "contract", start=pl.col("hour").dt.truncate(every))
        .agg(pl.col("events").sum(), pl.col("first").min(), pl.col("last").max())
        .with_columns(every=pl.lit(every))
        .select(ACTIVITY.names())
        .sort("start", "product", "contract")
    )


def kinds() -> list[str]:
    """Types of entity: the columns that hold ids in any contract, in order."""
    found = {
        name
        for contract in contracts().values()
        for name, dtype in contract.schema.items()
        if dtype == pl.String and name.endswith(ENDS)
    }
    return sorted(found - NEVER)


def _kinds(kind: str | None) -> list[str]:
    if kind is not None and kind not in kinds():
        raise CaseError(f"There is no such type of entity; wanted one of {', '.join(kinds())}.")
    return [kind] if kind else kinds()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the lake tells of an entity: where it was seen, who shares what with it, and facts."""

    sightings: pl.DataFrame
    shared: pl.DataFrame
    facts: tuple[Fact, ...]


def _seen(
    lake: Lake, subject: dict[str, list[str]], span: Span, lists: Lists, now: datetime
) -> _Seen:
    seen = sightings(lake, subject, span)
    longer = Span(min(span.start, now - SIGNUP_BACK), span.end)
    signed_up = sightings(lake, subject, longer, only="signups")
    shared = related(lake, seen, span)
    return _Seen(seen, shared, (*facts_of(seen, signed_up, lists, now), *linked(seen, shared)))


def _investigation(
    this: Entity,
    begin: datetime,
    now: datetime,
    *,
    seen: _Seen,
    prior: tuple[Fact, ...],
    told: pl.DataFrame,
    names: Pseudonyms,
) -> Investigation:
    """Everything in one, by pseudonym; `prior` and `told` are facts and timeline of the ledger."""
    return Investigation(
        entity_type=this[0],
        entity=this[1],
        since=begin,
        until=now,
        first=seen.sightings["first"].min(),  # type: ignore[arg-type]
        last=seen.sightings["last"].max(),  # type: ignore[arg-type]
        facts=(*prior, *seen.facts),
        activity=activity(seen.sightings, "1h" if now - begin <= HOURLY else "1d"),
        timeline=told,
        related=named_links(seen.shared.head(MOST_RELATED), names),
        related_in_all=seen.shared.height,
    )


def _whose(
    connection: Connection,
    lake: Lake,
    names: Pseudonyms,
    entity: str,
    wanted: list[str],
    *,
    span: Span,
) -> tuple[Entity, str | None]:
    """The entity that is meant by a pseudonym or an id, and its real id if that is known."""
    named = _named(connection, lake, names, entity, wanted, span=span)
    return named or _by_id(lake, names, entity, wanted, span)


def _named(
    connection: Connection,
    lake: Lake,
    names: Pseudonyms,
    entity: str,
    wanted: list[str],
    *,
    span: Span,
) -> tuple[Entity, str | None] | None:
    """The entity of a pseudonym, and its real id if that is known; None for what is none."""
    shaped = PSEUDONYM.fullmatch(entity)
    if shaped is None:
        return None
    those = [(one, entity) for one in wanted if one.removesuffix("_id") == shaped[1]]
    known = real_ids(connection, lake, names, those, span)
    for this in those:
        if this in known or _in_ledger(connection, this):
            return this, known.get(this)
    return None


def _in_ledger(connection: Connection, entity: Entity) -> bool:
    """Whether the ledger knows the pseudonym, even if nothing knows any more whose it is."""
    mine = [
        select(literal(1)).where(table.c[kind] == entity[0], table.c[name] == entity[1]).limit(1)
        for table, kind, name in NAMED
    ]
    return any(connection.execute(query).first() is not None for query in mine)


def _by_id(
    lake: Lake, names: Pseudonyms, entity: str, wanted: list[str], span: Span
) -> tuple[Entity, str]:
    """The entity of a real id: seen in the span, or named before."""
    longer = Span(min(span.start, span.end - SIGNUP_BACK), span.end)
    fits = set(sightings(lake, {one: [entity] for one in wanted}, longer)["kind"])
    fits |= {kind for kind in wanted if names.known(kind, [entity])}
    if len(fits) > 1:
        raise CaseError(
            f"The id is of several types: {', '.join(sorted(fits))}. Say which with the type."
        )
    if not fits:
        raise CaseError(
            "Nothing here knows that entity: no event of the time has it, and it was never named. "
            "Look at its spelling, or go further back."
        )
    (kind,) = fits
    return (kind, names.name(kind, entity)), entity


def _note(engine: Engine, who: Person, made: Investigation, now: datetime) -> None:
    days = max(1, (made.until - made.since).days)
    told = (
        f"looked at {days} days: {made.activity['events'].sum()} events, {made.timeline.height} "
        f"entries, {made.related_in_all} links"
    )
    with writing(engine) as connection:
        act = Act(Actor(who.id, "person"), now, told)
        append(connection, act=act, verb="investigate", object_id=f"entity:{made.entity}")
