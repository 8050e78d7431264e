"""Somebody learns where limits are and goes around them with many keys.

Loud: a dozen keys from one address, each called until it is refused, then the next one. Slow: the
same in short rounds, every few hours, all week. Evasive: each key belongs to an account of its own
and calls from a home of its own; but when one is refused another goes on within seconds, with the
same program and the same templates.
"""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import gathered, opened, programs, settling_in, throttled
from orchestration.world.draws import ids, pick
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named, stamped

SHAPES = {  # accounts, keys of each, rounds, keys in a round, calls of a key in a round, hours
    "loud": (2, 6, 10, 12, 25, 3),
    "slow": (3, 4, 26, 6, 12, 150),
    "evasive": (40, 1, 18, 8, 14, 120),
}
REFUSED = 3  # calls until the client gives up on a key
TEMPLATES = 2


def run(_world: World, plan: Plan) -> Deeds:
    """Rounds in which key after key runs into its limit."""
    rng = plan.rng
    accounts, each, rounds, chain, calls, hours = SHAPES[plan.variant]
    owners = opened(rng, plan, accounts, hours=hours / 12, cards=max(1, accounts // 8))
    places = network.anywhere(rng, accounts) if each == 1 else network.hosting(rng, 1)
    places = places[np.arange(accounts) % places.height]
    client = pick(rng, network.CLIENTS, 1)[0]
    keys = (
        programs(rng, owners.with_columns(**places.to_dict()), models=(0, 1), answers=120)
        .with_columns(user_agent=pl.lit(client))[np.repeat(np.arange(accounts), each)]
    )  # fmt: skip
    extra = np.arange(keys.height) % each > 0
    fresh = ids(rng, keys.height, "k")
    keys = keys.with_columns(key_id=pl.when(pl.Series(extra)).then(fresh).otherwise("key_id"))
    begins = spread(rng, rounds, plan.ends(hours=hours / 12), plan.ends(hours=hours), even=True)
    order = np.argsort(rng.random((rounds, keys.height)), axis=1)[:, :chain]
    shape = (rounds, chain, calls)
    gaps = rng.gamma(3, 0.35, shape)
    gaps[:, :, 0] += rng.uniform(1, 4, (rounds, chain))  # to take the next key
    seconds = np.cumsum(gaps.reshape(rounds, -1), axis=1).ravel()
    number = np.tile(np.arange(calls), rounds * chain)
    limit = calls - REFUSED + rng.integers(-1, 2, rounds * chain)
    rows = np.repeat(order.ravel(), calls)
    template = ids(rng, TEMPLATES, "t").gather(rng.integers(0, TEMPLATES, len(rows)))
    probes = throttled(
        requests(
            rng,
            keys[rows],
            after(begins.gather(np.repeat(np.arange(rounds), chain * calls)), seconds),
            smooth=True,
            template_hash=template,
        ),
        pl.Series(number >= np.repeat(limit, calls)),
    )
    made = keys.filter(pl.Series(extra))
    made_at = after(made["created_at"], rng.uniform(60, 900, made.height))
    own = {
        ("api", "api_requests"): probes,
        ("accounts", "account_changes"): stamped(made, made_at, change="key_created"),
    }
    events = gathered(plan, settling_in(rng, plan, owners), own)
    known = named(probes["account_id"], template_hash=probes["template_hash"], ip=probes["ip"])
    return Deeds(
        events,
        pl.concat(
            [
                known,
                named(
                    keys["account_id"],
                    account_id=keys["account_id"],
                    key_id=keys["key_id"],
                    payment_hash=keys["payment_hash"],
                ),
            ]
        ),
    )
