"""API keys found in public code or on a hacked machine are used at their owners' cost.

Loud: each key is called from servers in several countries, at a rate its owner never had, for the
dearest models. Slow: at night in the owner's zone, a few dozen calls, from two addresses. Evasive:
from one address in the owner's country, at the owner's waking hours and a moderate rate; but the
thief's addresses lie in one hosting network, and one program with few templates makes all calls.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import daily, gathered, programs, throttled
from orchestration.world.draws import ids, pick
from orchestration.world.rhythm import FLAT, HUMAN
from orchestration.world.traffic._keys import keys
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named

NIGHT = np.array([6, 9, 10, 10, 7, 2, *[0] * 17, 1], dtype=float)
SHAPES = {  # keys, addresses of each, networks, hours, calls of a key, refused, local hours
    "loud": (8, 6, 5, 7, 600, 0.12, FLAT),
    "slow": (7, 2, 3, 150, 190, 0.0, NIGHT),
    "evasive": (9, 1, 1, 120, 380, 0.01, HUMAN),
}
TEMPLATES = 3


def run(world: World, plan: Plan) -> Deeds:
    """Calls with keys whose owners keep calling as always."""
    rng = plan.rng
    count, addresses, networks, hours, calls, refused, profile = SHAPES[plan.variant]
    owners = keys(world, plan.start)
    owners = owners[rng.permutation(owners.height)[:count]]
    home = plan.variant == "evasive"  # and at the owner's own pace
    pace = np.clip(owners["rate"].to_numpy(), 10, 200) / 50 if home else 1.0
    n = rng.poisson(calls * pace * rng.uniform(0.6, 1.5, owners.height))
    rows = np.repeat(np.arange(owners.height), n)
    places = network.hosting(rng, owners.height * addresses, networks=networks)
    place = rows * addresses + rng.integers(0, addresses, len(rows))
    country = owners["country"].gather(rows) if home else places["country"].gather(place)
    client = pick(rng, network.CLIENTS if home else network.SCRIPTS, 1)[0]
    thieves = programs(rng, owners, models=(2, 3), answers=700)[rows].with_columns(
        ip=places["ip"].gather(place),
        asn=places["asn"].gather(place),
        country=country,
        user_agent=pl.lit(client),
    )
    template = ids(rng, TEMPLATES, "t").gather(rng.integers(0, TEMPLATES, len(rows)))
    template = template.set(pl.Series(rng.random(len(rows)) < 0.2), None)
    offsets = owners["offset"].to_numpy()[rows]
    times = daily(rng, plan, offsets, hours=hours, profile=profile)
    stolen = throttled(
        requests(rng, thieves, times, template_hash=template),
        pl.Series(rng.random(len(rows)) < refused),
    )
    events = gathered(plan, {("api", "api_requests"): stolen})
    used = events["api", "api_requests"]
    return Deeds(
        events,
        named(
            used["key_id"],
            key_id=used["key_id"],
            account_id=used["account_id"],
            ip=used["ip"],
            template_hash=used["template_hash"],
        ),
    )
