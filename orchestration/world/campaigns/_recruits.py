"""Accounts that campaigns open, and the ordinary things that they do with them."""

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, ids, poisson_rows
from orchestration.world.rhythm import after
from orchestration.world.traffic.accounts import blanked, called
from orchestration.world.world import Plan, Table, Tables, World, stamped

SHOWN = ("email_domain", "email_hash", "phone_hash")


def shared(rng: Generator, n: int, each: float, prefix: str, *, shift: int = 0) -> pl.Series:
    """`n` new ids, in order, of which every one serves about `each` neighbours."""
    of = ((np.arange(n) + shift) // each).astype(np.int64)
    return ids(rng, int(of[-1]) + 1, prefix).gather(of) if n else pl.Series([], dtype=pl.String)


def placed(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Rows, each at the place beside it: ip, asn, country."""
    return rows.with_columns(places[name] for name in ("ip", "asn", "country"))


def signups(
    world: World, rng: Generator, accounts: pl.DataFrame, **columns: object
) -> pl.DataFrame:
    """The sign-up of every account at the time of its making, from where it is at home."""
    shown = {name: pl.col(name) for name in SHOWN}
    names = {"name_hash": called(world, rng, accounts.height)}
    return blanked(rng, stamped(accounts, accounts["created_at"], **{**shown, **names, **columns}))


def settling(rng: Generator, accounts: pl.DataFrame, *, logins: float, days: float) -> Tables:
    """Sign-ins and changes of names that new accounts make in their first days."""
    who = accounts[poisson_rows(rng, np.full(accounts.height, logins))]
    tries = stamped(
        who, after(who["created_at"], rng.random(who.height) * days * 86_400), succeeded=True,
        method="password", mfa=False, new_device=False,
    )  # fmt: skip
    named = accounts.filter(pl.Series(rng.random(accounts.height) < 0.3))
    changes = stamped(
        named, after(named["created_at"], rng.exponential(900, named.height)), change="name",
        recovered=False,
    )  # fmt: skip
    return {("accounts", "logins"): tries, ("accounts", "account_changes"): changes}


def seen(events: Tables, actors: pl.DataFrame) -> pl.DataFrame:
    """Rows of `Deeds.actors` whose entity occurs in the events, in the column of its type."""
    kinds = actors["entity_type"].unique().sort()
    known = {
        kind: pl.concat([rows[kind] for rows in events.values() if kind in rows.columns]).unique()
        for kind in kinds
    }
    parts = [
        actors.filter(pl.col("entity_type") == kind, pl.col("entity").is_in(values.implode()))
        for kind, values in known.items()
    ]
    return pl.concat([actors.clear(), *parts])


def within(plan: Plan, events: Tables) -> dict[Table, pl.DataFrame]:
    """Events in the time of a plan, without the others; sorted by time."""
    time = pl.col("occurred_at")
    return {
        table: rows.filter(time >= plan.start, time < plan.until).sort(time)
        for table, rows in events.items()
    }
