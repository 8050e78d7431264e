"""A search engine reads the whole site anew: thousands of pages from few addresses, day and night.

It says who it is, comes from its own network, asks for robots.txt and follows many dead links.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import pick
from orchestration.world.rhythm import spread
from orchestration.world.traffic.web import EVERY, GONE, ROBOTS, hits, lost
from orchestration.world.world import Deeds, Plan, World, named

ADDRESSES = 16
REQUESTS = 8_000
HOURS = 60


def run(_world: World, plan: Plan) -> Deeds:
    """Requests at an even pace, in the order in which the site links its pages."""
    rng = plan.rng
    name, asn, country = ROBOTS[int(rng.integers(0, 2))][:3]
    robots = pl.DataFrame({"asn": [asn] * ADDRESSES}).with_columns(
        country=pl.lit(country), user_agent=pl.lit(name)
    )
    robots = robots.with_columns(network.ips(rng, robots["asn"]))
    n = int(REQUESTS * rng.uniform(0.7, 1.4))
    who = robots[rng.integers(0, ADDRESSES, n)]
    chance = pl.lit(pl.Series(rng.random(n)))
    page = EVERY.gather((rng.integers(0, len(EVERY)) + np.arange(n)) % len(EVERY))
    path = pl.select(
        pl.when(chance < 0.01).then(pl.lit("/robots.txt"))
        .when(chance < 0.1).then(pl.lit(pick(rng, GONE, n)))
        .otherwise(pl.lit(page))
    ).to_series()  # fmt: skip
    times = spread(rng, n, plan.start, plan.ends(hours=HOURS))
    return Deeds(
        {("web", "api_requests"): lost(hits(rng, who, times, path))},
        named(robots["ip"], ip=robots["ip"], user_agent=name),
    )
