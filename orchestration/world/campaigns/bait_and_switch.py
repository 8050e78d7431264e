"""Listings that passed review change what they do once enough people have installed them.

Loud: within hours of their installs several listings of one publisher get another configuration and
another domain. Slow: a listing every day. Evasive: listings of many publishers move once each, to a
domain with a name close to the old one, and all to the same configuration.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, ids
from orchestration.world.rhythm import at, spread
from orchestration.world.traffic import agents, images, marketplace
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # publishers, listings each, installs of a listing, hours, changes, domains
    "loud": (2, 4, 60, 20, 3, 2),
    "slow": (6, 1, 45, 150, 1, 4),
    "evasive": (13, 1, 24, 140, 1, 0),
}


def run(world: World, plan: Plan) -> Deeds:
    """Listings created, installed and rated by honest people, and then changed."""
    rng = plan.rng
    publishers, each, popular, hours, _, _ = SHAPES[plan.variant]
    until = plan.ends(hours=hours)
    people = world.some(rng, max(2, int(publishers * rng.uniform(0.85, 1.3))), plan.start)
    n = people.height * each
    listings = _listings(rng, people, np.arange(n) % people.height)
    soon = plan.start + 0.15 * (until - plan.start)
    created = stamped(
        listings, spread(rng, n, plan.start, soon), action="create",
        **{name: pl.col(name) for name in marketplace.SHOWN},
        score_policy=images.scores(rng, np.zeros(n), odd=0.02),
    )  # fmt: skip
    switched = _switched(plan, listings, until)
    buyers = world.some(rng, 400, plan.start)
    installed = marketplace.bought(rng, buyers, created, until, mean=popular)
    installed = _as_of(installed, switched)
    entities = ("listing_id", "account_id", "action_domain", "config_hash", "publisher_name")
    return Deeds(
        {("marketplace", "listings"): pl.concat([created, installed, switched], how="diagonal")},
        named(switched["listing_id"], **{name: switched[name] for name in entities}),
    )


def _listings(rng: Generator, people: pl.DataFrame, place: np.ndarray) -> pl.DataFrame:
    """Listings as they are when they are reviewed."""
    n = len(place)
    words = agents.hosts(rng.integers(0, 1_156, people.height)).str.replace(".example", "")
    names = words.str.replace("-", "").str.to_titlecase() + " Apps"
    return people[place].with_columns(
        listing_id=ids(rng, n, "l"),
        publisher_name=names.gather(place),
        title_hash=ids(rng, n, "h"),
        config_hash=ids(rng, n, "g"),
        action_domain=agents.hosts(rng.integers(1_200, 60_000, n)),
    )


def _switched(plan: Plan, listings: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """The changes, in the second half of the time."""
    rng = plan.rng
    _, _, _, _, changes, domains = SHAPES[plan.variant]
    of = np.repeat(np.arange(listings.height), changes)
    n = len(of)
    half = plan.start + 0.5 * (until - plan.start)
    room = (until - half - timedelta(minutes=2)).total_seconds()
    if domains:
        new = agents.hosts(rng.integers(1_200, 60_000, domains))
        moved = new.gather(rng.integers(0, domains, n))
    else:
        moved = listings["action_domain"].str.replace(".example", "-api.example").gather(of)
    config = ids(rng, n if domains else 1, "g")
    columns = {name: pl.col(name) for name in marketplace.SHOWN}
    columns |= {
        "action_domain": pl.lit(moved),
        "config_hash": pl.lit(config.gather(np.arange(n) % len(config))),
    }
    return stamped(
        listings[of], at(half, np.sort(rng.random(n)) * room), action="change", **columns,
        score_policy=images.scores(rng, np.where(rng.random(n) < 0.3, 0.5, 0.0)),
    )  # fmt: skip


def _as_of(installed: pl.DataFrame, switched: pl.DataFrame) -> pl.DataFrame:
    """Installs and ratings; an install after a change is one of what the listing has become."""
    new = switched.select("occurred_at", "listing_id", to="config_hash", where="action_domain")
    late = pl.col("to").is_not_null() & (pl.col("action") == "install")
    return (
        installed.sort("occurred_at")
        .join_asof(
            new.sort("occurred_at"), on="occurred_at", by="listing_id", check_sortedness=False
        )
        .with_columns(
            config_hash=pl.when(late).then("to").otherwise("config_hash"),
            action_domain=pl.when(late).then("where").otherwise("action_domain"),
        )
        .drop("to", "where")
    )
