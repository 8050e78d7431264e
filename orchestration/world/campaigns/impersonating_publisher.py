"""Listings appear under names that look like those of well-known publishers.

Loud: a few new accounts flood the shop with look-alikes of one or two publishers in hours. Slow:
one now and then, other publishers, stray letters. Evasive: many accounts, a third of them in use
for long, each with a single listing whose publisher differs by one letter of another alphabet;
most of the listings call the same few domains.
"""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, ids
from orchestration.world.people import newcomers
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic import agents, images, marketplace
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, listings each, publishers imitated, domains, hours, installs of a listing
    "loud": (7, 4, 2, 2, 8, 14),
    "slow": (9, 1, 7, 5, 140, 8),
    "evasive": (22, 1, 16, 4, 130, 5),
}
LETTERS = (("a", "\u0430"), ("e", "\u0435"), ("o", "\u043e"), ("i", "\u0456"), ("l", "I"),
           ("s", "\u0455"))  # fmt: skip
ADDED = ["{} Official", "Official {}", "{} Support", "{} Inc", "{}.", "The {}", "{} Team"]


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups, look-alike listings, and installs by people who take them for the real ones."""
    rng = plan.rng
    accounts, each, _, _, hours, installs = SHAPES[plan.variant]
    until = plan.ends(hours=hours)
    size = max(3, int(accounts * rng.uniform(0.85, 1.3)))
    soon = plan.start + 0.3 * (until - plan.start)
    aged = world.some(rng, size // 3 if plan.variant == "evasive" else 0, plan.start)
    fresh = newcomers(rng, spread(rng, size - aged.height, plan.start, soon))
    people = pl.concat([fresh, aged])
    listings = _listings(world, plan, people[np.arange(size * each) % size])
    created = _created(rng, listings, plan.start, until)
    installed = marketplace.bought(
        rng, world.some(rng, 200, plan.start), created, plan.until, mean=installs
    )
    account = created["account_id"]
    more = ("device_id", "listing_id", "publisher_name", "action_domain")
    return Deeds(
        {
            **marketplace.opened(fresh),
            ("marketplace", "listings"): pl.concat([created, installed], how="diagonal"),
        },
        named(account, account_id=account, **{name: created[name] for name in more}),
    )


def _listings(world: World, plan: Plan, owners: pl.DataFrame) -> pl.DataFrame:
    rng, n = plan.rng, owners.height
    _, _, imitated, domains, _, _ = SHAPES[plan.variant]
    shelf = marketplace.catalogue(world).sort("popularity", descending=True)
    known = shelf["publisher_name"].unique(maintain_order=True).head(imitated)
    taken = known.gather(rng.integers(0, len(known), n))
    hosts = agents.hosts(rng.integers(1_200, 60_000, domains))
    return owners.with_columns(
        listing_id=ids(rng, n, "l"),
        publisher_name=pl.Series([_like(rng, name, plan.variant) for name in taken]),
        title_hash=ids(rng, n, "h"),
        config_hash=ids(rng, n, "g"),
        action_domain=hosts.gather(rng.integers(0, domains, n)),
    )


def _created(
    rng: Generator, listings: pl.DataFrame, start: datetime, until: datetime
) -> pl.DataFrame:
    room = 0.6 * (until - start).total_seconds()  # sign-ups take the first three tenths
    joined = listings["created_at"].clip(lower_bound=start)
    return stamped(
        listings, after(joined, rng.uniform(60, room, listings.height)), action="create",
        **{name: pl.col(name) for name in marketplace.SHOWN},
        score_policy=images.scores(rng, np.zeros(listings.height), odd=0.15),
    )  # fmt: skip


def _like(rng: Generator, name: str, variant: str) -> str:
    """A name that a hurried reader takes for another."""
    able = [pair for pair in LETTERS if pair[0] in name[1:]]
    if not able or (variant != "evasive" and rng.random() < 0.5):
        return ADDED[int(rng.integers(0, len(ADDED)))].format(name)
    if variant == "slow" and rng.random() < 0.5:
        place = int(rng.integers(1, len(name)))
        lost, doubled = name[: place - 1] + name[place:], name[:place] + name[place - 1 :]
        return lost if rng.random() < 0.5 else doubled
    old, new = able[int(rng.integers(0, len(able)))]
    return name[0] + name[1:].replace(old, new, 1)
