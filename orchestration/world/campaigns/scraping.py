"""The gallery is copied page by page.

Loud: a few servers run through it in hours, one number after the other, and say what they are.
Slow: a dozen servers with browsers' names take a page every few minutes all week. Evasive: homes
rented by the hour look at a few pages each, as people do; but they load no files, come from
nowhere, name one browser that nobody else has, and together leave out no page.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import gathered
from orchestration.world.draws import pick
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic.web import ITEMS, hits
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # addresses, pages of each, hours
    "loud": (8, 450, 3),
    "slow": (14, 230, 150),
    "evasive": (210, 9, 120),
}
READING = 35.0  # seconds that an evasive scraper rests between two pages


def run(_world: World, plan: Plan) -> Deeds:
    """Requests for neighbouring pages from many places."""
    rng = plan.rng
    addresses, pages, hours = SHAPES[plan.variant]
    addresses = int(addresses * rng.uniform(0.8, 1.25))
    counts = np.maximum(2, rng.poisson(pages, addresses))
    rows = np.repeat(np.arange(addresses), counts)
    first = np.cumsum(counts) - counts
    number = np.arange(len(rows)) - first[rows]
    path = pl.Series(ITEMS).gather(
        (rng.integers(0, len(ITEMS)) + np.arange(len(rows))) % len(ITEMS)
    )
    end = plan.ends(hours=hours)
    hidden = plan.variant == "evasive"
    if hidden:
        places = network.anywhere(rng, addresses)
        begins = spread(rng, addresses, plan.start, end)
        times = after(begins.gather(rows), number * READING * rng.gamma(4, 0.25, len(rows)))
        agent = _rare(int(rng.integers(90, 120)), int(rng.integers(1000, 6000)))
    else:
        places = network.hosting(rng, addresses, networks=3)
        length = (end - plan.start).total_seconds()
        times = after(
            spread(rng, addresses, plan.start, plan.start).gather(rows),
            (number + rng.random(len(rows))) / counts[rows] * length,
        )
        names = network.SCRIPTS if plan.variant == "loud" else network.BROWSERS
        agent = pick(rng, names, 1)[0]
    taken = hits(rng, places[rows], times, path, user_agent=agent)
    gone = pl.Series(rng.random(len(rows)) < 0.03)
    taken = taken.with_columns(status=pl.when(pl.lit(gone)).then(404).otherwise("status"))
    alone = {"user_agent": agent} if hidden else {}
    events = gathered(plan, {("web", "api_requests"): taken})
    seen = events["web", "api_requests"]["ip"]
    return Deeds(events, named(seen, ip=seen, **alone))


def _rare(version: int, build: int) -> str:
    """A browser of a version that was never widely used."""
    return (
        "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.{build} Safari/537.36"
    )
