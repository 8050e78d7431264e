"""Somebody buys access and sells it on, often where the service is not offered.

Loud: hundreds of buyers call each key from their own addresses, with all sorts of clients, day and
night. Slow: some dozens do, at a low rate, all week. Evasive: buyers come through a proxy of the
seller's, which names no end users; but calls go on at all hours, with more templates than a
customer ever has, and a few addresses serve all the seller's keys.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import gathered, opened, programs, settling_in, throttled
from orchestration.world.draws import ids, pick
from orchestration.world.rhythm import spread
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # keys, buyers of each, hours, calls of a key, cards
    "loud": (4, 240, 30, 1500, 1),
    "slow": (5, 60, 150, 900, 2),
    "evasive": (7, 40, 150, 700, 4),
}
TEMPLATES = 150
PROXIES = 2


def run(_world: World, plan: Plan) -> Deeds:
    """The seller's new accounts, and the calls of those who bought."""
    rng = plan.rng
    count, buyers, hours, calls, cards = SHAPES[plan.variant]
    sellers = opened(rng, plan, count, hours=min(hours, 12) / 6, cards=cards)
    n = rng.poisson(calls * rng.uniform(0.7, 1.4, count))
    rows = np.repeat(np.arange(count), n)
    buyer = rows * buyers + (buyers * rng.random(len(rows)) ** 1.6).astype(np.int64)
    hidden = plan.variant == "evasive"
    proxies = network.hosting(rng, PROXIES, networks=1)
    if hidden:
        places = proxies[rng.integers(0, PROXIES, count * buyers)]
        clients = pick(rng, network.CLIENTS, 1).new_from_index(0, count * buyers)
    else:
        places = network.anywhere(rng, count * buyers)
        clients = pick(rng, [*network.CLIENTS, *network.BROWSERS[:8]], count * buyers)
    callers = programs(rng, sellers[rows], models=(0, 1, 2, 2, 3), answers=420).with_columns(
        **places[buyer].to_dict(), user_agent=clients.gather(buyer)
    )
    users = ids(rng, count * buyers, "n").gather(buyer)
    unnamed = pl.Series(np.full(len(rows), hidden) | (rng.random(len(rows)) < 0.1))
    template = ids(rng, TEMPLATES, "t").gather(
        ((buyer % TEMPLATES) + rng.integers(0, 3, len(rows))) % TEMPLATES
    )
    times = spread(rng, len(rows), plan.start, plan.ends(hours=hours))
    times = times.gather(rng.permutation(len(rows)))
    sold = requests(
        rng,
        callers,
        times,
        end_user_id=users.set(unnamed, None),
        template_hash=template.set(pl.Series(rng.random(len(rows)) < 0.3), None),
    ).filter(pl.Series(times > sellers["created_at"].gather(rows)))
    sold = throttled(sold, pl.Series(rng.random(sold.height) < 0.04))
    known = named(
        sellers["account_id"],
        account_id=sellers["account_id"],
        key_id=sellers["key_id"],
        payment_hash=sellers["payment_hash"],
    )
    through = sold.filter(hidden)
    return Deeds(
        gathered(plan, settling_in(rng, plan, sellers), {("api", "api_requests"): sold}),
        pl.concat([known, named(through["account_id"], ip=through["ip"])]),
    )
