"""Advertisements to very many strangers.

Loud: a few accounts write to hundreds of people each in some hours, word for word. Slow: ten
accounts write to a few dozen a day for a week. Evasive: over a hundred accounts, most of them
broken into, write to half a dozen strangers a day in words that vary; the links lead to five
domains.
"""

from typing import NamedTuple

import polars as pl

from orchestration.world import texts
from orchestration.world.conversations import (
    acting,
    complaints,
    human_times,
    messages,
    recruits,
    scored,
    small_talk,
    strangers,
)
from orchestration.world.draws import poisson_rows
from orchestration.world.rhythm import FLAT, HUMAN
from orchestration.world.traffic.messages import sites
from orchestration.world.world import Deeds, Plan, World, named


class Shape(NamedTuple):
    """How many, how fast and how alike."""

    accounts: int
    hours: float
    sent: float  # by each account
    domains: int
    freedom: float
    bought: float
    linked: float  # share with a link
    spam: tuple[float, float]


SHAPES = {
    "loud": Shape(8, 4, 260, 1, 0.0, 0.2, 0.95, (3.4, 2.0)),
    "slow": Shape(10, 150, 190, 2, 0.15, 0.4, 0.8, (2.6, 2.4)),
    "evasive": Shape(120, 150, 34, 5, 0.8, 0.7, 0.6, (1.6, 3.0)),
}


def run(world: World, plan: Plan) -> Deeds:
    """Messages to strangers, of which some are stopped and some reported."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    ends = plan.ends(hours=shape.hours)
    size = int(shape.accounts * rng.uniform(0.8, 1.2))
    ring, signups = recruits(rng, world, plan, size, ends, bought=shape.bought)
    eager = shape.sent * rng.uniform(0.5, 1.5, ring.height)
    rows = ring[poisson_rows(rng, eager)]
    n, victims = rows.height, strangers(rng, world, plan, rows.height)
    adverts = texts.templated(rng, "advert", n, families=1, freedom=shape.freedom)
    profile = FLAT if plan.variant == "loud" else HUMAN
    links = sites(rng, shape.domains).gather(rng.integers(0, shape.domains, n))
    sent = messages(
        rng, rows,
        human_times(rng, rows["offset"].to_numpy(), acting(plan, ends), ends, profile=profile),
        victims["account_id"],
        text=adverts["text"], text_hash=adverts["text_hash"],
        link_domain=links.set(pl.Series(rng.random(n) >= shape.linked), None),
        delivered=pl.Series(rng.random(n) < 0.9),
        score_spam=pl.Series(scored(rng, n, *shape.spam)),
    )  # fmt: skip
    return Deeds(
        {
            ("chat", "messages"): sent,
            ("chat", "prompts"): small_talk(rng, ring, plan, ends, each=3),
            ("chat", "user_reports"): complaints(rng, plan, victims, sent, 0.012),
            ("accounts", "signups"): signups,
        },
        named(
            sent["account_id"], account_id=sent["account_id"], device_id=sent["device_id"],
            text_hash=sent["text_hash"], link_domain=sent["link_domain"],
        ),
    )  # fmt: skip
