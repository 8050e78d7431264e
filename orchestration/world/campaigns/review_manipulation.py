"""Rings of accounts rate listings as somebody pays for.

Loud: new accounts on a few devices give five stars to three listings within hours. Slow: the same
over days, one or two ratings an account. Evasive: accounts of some age, each with a device of its
own, rate popular listings, too; but nearly the same handful of listings is praised by all of them,
through a few rented addresses.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import Generator, ids
from orchestration.world.people import newcomers
from orchestration.world.rhythm import spread
from orchestration.world.traffic import images, marketplace
from orchestration.world.world import Deeds, Plan, Tables, World, named

SHAPES = {  # accounts, devices (0: one each), listings praised, ratings an account, hours
    "loud": (46, 4, 3, 3, 6),
    "slow": (32, 5, 6, 2, 140),
    "evasive": (80, 0, 6, 3, 145),
}
ADDRESSES = 12


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups where the accounts are new, praise after some installs, and ratings besides."""
    rng = plan.rng
    _, devices, praised, each, hours = SHAPES[plan.variant]
    until = plan.ends(hours=hours)
    quarter = plan.start + 0.25 * (until - plan.start)
    people, signed = _people(world, plan)
    shelf = marketplace.catalogue(world).filter(pl.col("listed_at") < plan.start)
    shelf = shelf.sort("popularity")
    wanted = shelf[rng.permutation(shelf.height // 2)[:praised]]  # nobody pays for the popular
    n = people.height * each
    who = people[np.arange(n) % people.height]
    who = who if devices else _rented(rng, who)
    at = images.at_hours(rng, who["offset"].to_numpy(), quarter, until, hours=(7, 2))
    chosen = wanted[rng.integers(0, wanted.height, n)]
    versions = marketplace.version(chosen, at)
    installs = marketplace.acted(who, chosen, at, "install", versions)
    praise = marketplace.ratings(rng, installs, 1.0, wait=70)
    praise = praise.with_columns(rating=pl.Series(np.where(rng.random(n) < 0.92, 5.0, 4.0)))
    also = people[rng.integers(0, people.height, people.height * 2)]
    times = images.at_hours(rng, also["offset"].to_numpy(), quarter, plan.until, hours=(8, 24))
    usual = shelf[marketplace.popular(rng, shelf, also.height)]
    cover = marketplace.acted(also, usual, times, "install", marketplace.version(usual, times))
    kept = installs.filter(pl.Series(rng.random(n) < 0.5))
    acts = [kept, praise, cover, marketplace.ratings(rng, cover, 0.5)]
    listings = pl.concat(acts, how="diagonal").filter(pl.col("occurred_at") < plan.until)
    names = {c: praise[c] for c in ("account_id", "device_id", "listing_id")}
    return Deeds(
        {**signed, ("marketplace", "listings"): listings}, named(praise["account_id"], **names)
    )


def _people(world: World, plan: Plan) -> tuple[pl.DataFrame, Tables]:
    """The ring, and the events of its joining: none where its accounts are there already."""
    rng = plan.rng
    accounts, devices, _, _, hours = SHAPES[plan.variant]
    size = int(accounts * rng.uniform(0.85, 1.25))
    if not devices:
        return world.some(rng, size, plan.start, "marketplace"), {}
    soon = plan.start + 0.25 * (plan.ends(hours=hours) - plan.start)
    shared = ids(rng, devices, "d").gather(rng.integers(0, devices, size))
    people = newcomers(rng, spread(rng, size, plan.start, soon)).with_columns(device_id=shared)
    return people, marketplace.opened(people)


def _rented(rng: Generator, who: pl.DataFrame) -> pl.DataFrame:
    """The same people, most of the time from one of few addresses."""
    places = network.anywhere(rng, ADDRESSES)[rng.integers(0, ADDRESSES, who.height)]
    by = pl.lit(pl.Series(rng.random(who.height) < 0.75))
    return who.with_columns(
        pl.when(by).then(pl.lit(places[name])).otherwise(name).alias(name)
        for name in places.columns
    )
