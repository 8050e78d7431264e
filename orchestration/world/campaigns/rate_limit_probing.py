"""Somebody learns where limits are and goes around them with many keys.

Loud: a dozen keys from one address, each called until it is refused, then the next one. Slow: the
same in short rounds, every few hours, all week. Evasive: each key belongs to an account of its own
and calls from a home of its own; but when one is refused another goes on within seconds, with the
same program and the same templates.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._parts import gathered, opened, programs, settling_in, throttled
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named, stamped


class Shape(NamedTuple):
    """How many keys try, how long, and how often each is tried."""

    accounts: int
    each: int  # keys of an account
    rounds: int
    chain: int  # keys in a round
    calls: int  # of a key in a round
    hours: float


SHAPES = {
    "loud": Shape(2, 6, 10, 12, 25, 3),
    "slow": Shape(3, 4, 26, 6, 12, 150),
    "evasive": Shape(40, 1, 18, 8, 14, 120),
}
REFUSED = 3  # calls until the client gives up on a key
TEMPLATES = 2


def run(_world: World, plan: Plan) -> Deeds:
    """Rounds in which key after key runs into its limit."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    hours = shape.hours / 12
    owners = opened(rng, plan, shape.accounts, hours=hours, cards=max(1, shape.accounts // 8))
    keys = _keys(rng, shape, owners)
    probes = _probes(rng, plan, shape, keys)
    made = keys.filter("extra")
    made_at = after(made["created_at"], rng.uniform(60, 900, made.height))
    own = {
        ("api", "api_requests"): probes,
        ("accounts", "account_changes"): stamped(made, made_at, change="key_created"),
    }
    events = gathered(plan, settling_in(rng, plan, owners), own)
    known = named(probes["account_id"], template_hash=probes["template_hash"], ip=probes["ip"])
    owned = {name: keys[name] for name in ("account_id", "key_id", "payment_hash")}
    return Deeds(events, pl.concat([known, named(keys["account_id"], **owned)]))


def _keys(rng: Generator, shape: Shape, owners: pl.DataFrame) -> pl.DataFrame:
    """Every key with its owner, place and the one client; `extra` where not the owner's first."""
    places = network.anywhere(rng, owners.height) if shape.each == 1 else network.hosting(rng, 1)
    places = places[np.arange(owners.height) % places.height]
    client = pick(rng, network.CLIENTS, 1)[0]
    calling = programs(rng, owners.with_columns(**places.to_dict()), models=(0, 1), answers=120)
    keys = calling.with_columns(user_agent=pl.lit(client))[
        np.repeat(np.arange(owners.height), shape.each)
    ]
    fresh = ids(rng, keys.height, "k")
    extra = pl.Series(np.arange(keys.height) % shape.each > 0)
    return keys.with_columns(
        key_id=pl.when(extra).then(fresh).otherwise("key_id"),
        extra=extra,
    )


def _probes(rng: Generator, plan: Plan, shape: Shape, keys: pl.DataFrame) -> pl.DataFrame:
    """The calls of all rounds, in each of which some keys in turn are called until refused."""
    rounds, chain, calls = shape.rounds, shape.chain, shape.calls
    first, last = plan.ends(hours=shape.hours / 12), plan.ends(hours=shape.hours)
    begins = spread(rng, rounds, first, last, even=True)
    order = np.argsort(rng.random((rounds, keys.height)), axis=1)[:, :chain]
    gaps = rng.gamma(3, 0.35, (rounds, chain, calls))
    gaps[:, :, 0] += rng.uniform(1, 4, (rounds, chain))  # to take the next key
    seconds = np.cumsum(gaps.reshape(rounds, -1), axis=1).ravel()
    times = after(begins.gather(np.repeat(np.arange(rounds), chain * calls)), seconds)
    number = np.tile(np.arange(calls), rounds * chain)
    limit = calls - REFUSED + rng.integers(-1, 2, rounds * chain)
    rows = np.repeat(order.ravel(), calls)
    template = ids(rng, TEMPLATES, "t").gather(rng.integers(0, TEMPLATES, len(rows)))
    probes = requests(rng, keys[rows], times, smooth=True, template_hash=template)
    return throttled(probes, pl.Series(number >= np.repeat(limit, calls)))
