"""Facts about an entity, each with where it is from. Pure: frames in, facts out.

A fact whose value is None is unknown: nothing that was read says it. None is never written as 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from orchestration.cases.lists import Lists, is_thrown_away
from orchestration.cases.related import ACCOUNT
from orchestration.cases.sightings import TIES

SIGNUPS, EVENTS = "events/signups", "events"
LINKED = {"device_id": "device", "payment_hash": "payment", "key_id": "key", "ip": "address"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an entity. `value` None: unknown.

    `table` is what says so, and `as_of` when the newest event that it rests on happened; None
    where there is none.
    """

    name: str
    value: str | float | bool | None
    table: str
    as_of: datetime | None = None


def facts_of(
    seen: pl.DataFrame, signed_up: pl.DataFrame, lists: Lists, now: datetime
) -> tuple[Fact, ...]:
    """What the events say of one entity.

    `seen` are its sightings of the recent past, `signed_up` those in sign-ups of a longer one.
    """
    return (
        account_age(signed_up, now),
        disposable_mail(signed_up, lists),
        hosting_network(seen, lists),
        crawler_agent(seen, lists),
        plan(seen),
        spend(seen),
    )


def account_age(signed_up: pl.DataFrame, now: datetime) -> Fact:
    """Whole days since the account signed up; unknown without its sign-up, as of older ones."""
    own = signed_up.filter(pl.col("kind") == ACCOUNT)
    if own.is_empty():
        return Fact("account_age_days", None, SIGNUPS)
    first: datetime = own["first"].min()  # type: ignore[assignment]
    return Fact("account_age_days", (now - first).days, SIGNUPS, first)


def disposable_mail(signed_up: pl.DataFrame, lists: Lists) -> Fact:
    """Whether it signed up with an address of a throw-away domain."""
    if lists.mail is None:
        return Fact("disposable_mail", None, SIGNUPS)
    domains, table = lists.mail.values, f"{SIGNUPS}, {lists.mail.name}"
    return _any(
        signed_up,
        "email_domain",
        "disposable_mail",
        table,
        lambda value: is_thrown_away(str(value), domains),
    )


def hosting_network(seen: pl.DataFrame, lists: Lists) -> Fact:
    """Whether any of its events came from a network of servers to let."""
    if lists.networks is None:
        return Fact("hosting_network", None, EVENTS)
    numbers, table = lists.networks.values, f"{EVENTS}, {lists.networks.name}"
    return _any(seen, "asn", "hosting_network", table, lambda value: value in numbers)


def crawler_agent(seen: pl.DataFrame, lists: Lists) -> Fact:
    """Whether any of its events came from software that names itself as a known crawler does."""
    if lists.agents is None:
        return Fact("crawler_agent", None, EVENTS)
    pattern, table = lists.agents.values, f"{EVENTS}, {lists.agents.name}"
    return _any(
        seen,
        "user_agent",
        "crawler_agent",
        table,
        lambda value: pattern.search(str(value)) is not None,
    )


def plan(seen: pl.DataFrame) -> Fact:
    """The plan that its newest event that names one names, where a product sends it along."""
    named = seen.filter(pl.col("plan").is_not_null()).sort("last")
    if named.is_empty():
        return Fact("plan", None, EVENTS)
    newest = named.row(-1, named=True)
    return Fact("plan", newest["plan"], f"{EVENTS}/{newest['contract']}", newest["last"])


def spend(seen: pl.DataFrame) -> Fact:
    """What it spent in the time looked at, in USD: metered costs and payments that went through."""
    said = seen.filter(pl.col("spend_usd").is_not_null())
    if said.is_empty():
        return Fact("spend_usd", None, EVENTS)
    tables = ", ".join(f"{EVENTS}/{name}" for name in sorted(said["contract"].unique()))
    newest: datetime = said["last"].max()  # type: ignore[assignment]
    return Fact("spend_usd", round(float(said["spend_usd"].sum()), 2), tables, newest)


def linked(seen: pl.DataFrame, shared: pl.DataFrame) -> tuple[Fact, ...]:
    """How many other accounts share each kind of tie; unknown where it was seen with none.

    `shared` are the rows of `related` of this entity.
    """
    found = []
    for tie in TIES:
        table, name = EVENTS, f"linked_by_{LINKED[tie]}"
        tied = seen.filter(pl.col(tie).is_not_null())
        if tied.is_empty():
            found.append(Fact(name, None, table))
            continue
        rows = shared.filter(pl.col("tie") == tie)
        newest: datetime = pl.concat([tied["last"], rows["until"]]).max()  # type: ignore[assignment]
        found.append(Fact(name, rows["other"].n_unique(), table, newest))
    return tuple(found)


def _any(
    rows: pl.DataFrame, column: str, name: str, table: str, holds: Callable[[object], bool]
) -> Fact:
    """Whether it holds of any value; unknown if there is none. As of the newest it holds of."""
    said = rows.filter(pl.col(column).is_not_null()).group_by(column).agg(pl.col("last").max())
    if said.is_empty():
        return Fact(name, None, table)
    times = [(value, last) for value, last in said.iter_rows()]
    hits = [last for value, last in times if holds(value)]
    return Fact(name, bool(hits), table, max(hits or [last for _, last in times]))
