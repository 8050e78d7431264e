"""Enrichment: what is known of whom a case is about, each thing with where it is from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from orchestration.cases.facts import Fact, facts_of, linked
from orchestration.cases.lists import Lists
from orchestration.cases.members import Entity, batches, members
from orchestration.cases.related import ACCOUNT, related
from orchestration.cases.shut import Shut, shut
from orchestration.cases.sightings import LOOK_BACK, SIGNUP_BACK, TIES, sightings
from orchestration.cases.whose import real_ids
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.tables import decisions, enforcements, outcomes, strikes
from orchestration.oncall.people import Person
from orchestration.pseudonyms import Pseudonyms
from orchestration.triage.desks import Desks

MOST_LINKED = 20  # accounts that are named; the counts have all of them
MOST_ENTITIES = 50  # of one case that are looked up
MICROSECOND = timedelta(microseconds=1)
ACTED = ("applied", "reversing", "reversed")  # states of what was done to somebody
LINKS = schema(
    {
        "account": pl.String,
        "tie": pl.String,
        "value": pl.String,
        "sharers": pl.Int64,
        "events": pl.Int64,
        "since": TIMESTAMP,
        "until": TIMESTAMP,
    }
)


@dataclass(frozen=True, slots=True)
class Enriched:
    """What is known of one entity, by pseudonym.

    `links` names the accounts linked most closely: by pseudonym, with the tie they share, how
    many accounts share it, and since when. `in_lake` is false where nothing knows any more whose
    pseudonym it is; then only the ledger's facts are known.
    """

    entity_type: str
    entity: str
    facts: tuple[Fact, ...]
    links: pl.DataFrame
    in_lake: bool


def enrich_case(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    lists: Lists,
    *,
    who: Person,
    desks: Desks,
    case_id: str,
    now: datetime,
) -> list[Enriched]:
    """What is known of each entity of a case, in their order: of the first 50.

    What came of restricted cases counts only for somebody with their skills.
    """
    with reading(engine) as connection:
        entities = members(connection, [case_id])[case_id].entities[:MOST_ENTITIES]
        hidden = shut(connection, who, desks, [name for _, name in entities])
        return enrich(connection, lake, names, lists, entities=entities, hidden=hidden, now=now)


def enrich(
    connection: Connection,
    lake: Lake,
    names: Pseudonyms,
    lists: Lists,
    *,
    entities: Sequence[Entity],
    hidden: Shut,
    now: datetime,
) -> list[Enriched]:
    """What is known of each entity: of 30 days of events, 90 of sign-ups, and of the ledger."""
    end = now + MICROSECOND  # what happens now is known
    span = Span(now - LOOK_BACK, end)
    real = real_ids(connection, lake, names, entities, span)
    ids: dict[str, list[str]] = {}
    for (kind, _), entity in real.items():
        ids.setdefault(kind, []).append(entity)
    seen = sightings(lake, ids, span)
    signed_up = sightings(lake, ids, Span(now - SIGNUP_BACK, end), only="signups")
    shared = related(lake, seen, span)
    prior = prior_facts(connection, entities, hidden, now)
    found = []
    for one in entities:
        own = real.get(one)
        mine = [_of(frame, one[0], own) for frame in (seen, signed_up)]
        ties = shared.filter(pl.col("entity") == own) if own else shared.clear()
        known = (*facts_of(mine[0], mine[1], lists, now), *linked(mine[0], ties))
        links = named_links(ties.head(MOST_LINKED), names)
        found.append(Enriched(*one, (*prior[one], *known), links, own is not None))
    return found


def named_links(shared: pl.DataFrame, names: Pseudonyms) -> pl.DataFrame:
    """Rows of `related` with pseudonyms in place of accounts and of what they share."""
    accounts = names.names(ACCOUNT, shared["other"].unique())
    values: dict[tuple[str, str], str] = {}
    for tie in TIES:
        ids = shared.filter(pl.col("tie") == tie)["value"].unique()
        values |= {(tie, entity): name for entity, name in names.names(tie, ids).items()}
    rows = [
        {**row, "account": accounts[row["other"]], "value": values[row["tie"], row["value"]]}
        for row in shared.iter_rows(named=True)
    ]
    return pl.DataFrame([{name: row[name] for name in LINKS.names()} for row in rows], schema=LINKS)


def prior_facts(
    connection: Connection, entities: Collection[Entity], hidden: Shut, now: datetime
) -> Mapping[Entity, tuple[Fact, ...]]:
    """What the ledger has against each entity, without what is `hidden`.

    It is complete: there a 0 is a 0.
    """
    acts = _enforcements(connection, entities, hidden)
    back = _enforcements(connection, entities, hidden, "reversed")
    counts = {
        "prior_strikes": ("ledger/strikes", _strikes(connection, entities, hidden, now)),
        "prior_enforcements": ("ledger/enforcements", acts),
        "prior_reversed": ("ledger/enforcements", back),
        "prior_violations": ("ledger/outcomes", _violations(connection, entities, hidden)),
    }
    return {
        one: tuple(Fact(name, by.get(one, 0), table, now) for name, (table, by) in counts.items())
        for one in entities
    }


def _strikes(
    connection: Connection, entities: Collection[Entity], hidden: Shut, now: datetime
) -> dict[Entity, int]:
    """Weight of the strikes that count now."""
    table = strikes.c
    found: dict[Entity, int] = {}
    for some in _names(entities):
        rows = (
            select(table.entity_type, table.entity, func.sum(table.weight))
            .where(table.entity.in_(some), table.removed_at.is_(None), table.expires_at > now)
            .where(table.enforcement_id.not_in(hidden.enforcements))
            .group_by(table.entity_type, table.entity)
        )
        found |= {(kind, name): int(n) for kind, name, n in connection.execute(rows)}
    return found


def _enforcements(
    connection: Connection, entities: Collection[Entity], hidden: Shut, *states: str
) -> dict[Entity, int]:
    """Live actions that were carried out, whether they still stand or not."""
    table = enforcements.c
    found: dict[Entity, int] = {}
    for some in _names(entities):
        rows = (
            select(table.target_type, table.target, func.count())
            .where(table.target.in_(some), table.mode == "live", table.state.in_(states or ACTED))
            .where(table.enforcement_id.not_in(hidden.enforcements))
            .group_by(table.target_type, table.target)
        )
        found |= {(kind, name): n for kind, name, n in connection.execute(rows)}
    return found


def _violations(
    connection: Connection, entities: Collection[Entity], hidden: Shut
) -> dict[Entity, int]:
    """Decisions that stand and found a violation of theirs."""
    table = outcomes.c
    replaced = select(decisions.c.supersedes).where(decisions.c.supersedes.is_not(None))
    found: dict[Entity, int] = {}
    for some in _names(entities):
        rows = (
            select(table.entity_type, table.entity, func.count(table.decision_id.distinct()))
            .where(
                table.entity.in_(some),
                table.outcome == "violating",
                table.decision_id.not_in(replaced),
                table.decision_id.not_in(hidden.decisions),
            )
            .group_by(table.entity_type, table.entity)
        )
        found |= {(kind, name): n for kind, name, n in connection.execute(rows)}
    return found


def _names(entities: Collection[Entity]) -> list[list[str]]:
    return list(batches(sorted({name for _, name in entities})))


def _of(rows: pl.DataFrame, kind: str, entity: str | None) -> pl.DataFrame:
    if entity is None:
        return rows.clear()
    return rows.filter(pl.col("kind") == kind, pl.col("entity") == entity)
