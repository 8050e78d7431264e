"""A team shares one API key: fifteen people in several countries, at their desks at home."""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import daily, gathered, programs
from orchestration.world.draws import ids
from orchestration.world.rhythm import OFFICE
from orchestration.world.traffic.api import requests
from orchestration.world.world import DAY, Deeds, Plan, World, named

MEMBERS, COUNTRIES = 15, 5
CALLS = 55  # a working day and member
TEMPLATES = 5


def run(world: World, plan: Plan) -> Deeds:
    """Calls at the office hours of each member; the same team every week."""
    rng, who = plan.rng, world.draws("team_key")
    owner = world.some(who, 1, world.start)
    few = who.choice(len(network.NAMES), COUNTRIES, p=network.SHARES / network.SHARES.sum())
    places = few[np.arange(MEMBERS) % COUNTRIES]
    members = programs(who, owner[np.zeros(MEMBERS, dtype=np.int64)], models=(1, 2), answers=350)
    members = members.with_columns(
        **network.homes(who, places).to_dict(), offset=pl.Series(network.OFFSETS[places])
    )
    templates = ids(who, TEMPLATES, "t")
    days = (plan.until - plan.start) / DAY
    rows = np.repeat(np.arange(MEMBERS), rng.poisson(CALLS * days * rng.uniform(0.3, 2, MEMBERS)))
    times = daily(rng, plan, members["offset"].to_numpy()[rows], hours=days * 24, profile=OFFICE)
    template = templates.gather(rng.integers(0, TEMPLATES, len(rows)))
    calls = requests(
        rng,
        members[rows],
        times,
        template_hash=template.set(pl.Series(rng.random(len(rows)) < 0.3), None),
    ).filter((pl.col("occurred_at").dt.weekday() < 6) | pl.Series(rng.random(len(rows)) < 0.15))
    return Deeds(
        gathered(plan, {("api", "api_requests"): calls}),
        named(
            members["account_id"],
            account_id=members["account_id"],
            key_id=members["key_id"],
            ip=members["ip"],
        ),
    )
