"""Accounts opened for their trial credit, used up to the last cent through the API, and left.

Loud: dozens in an afternoon on one server, two devices and one card. Slow: one every few hours;
devices and cards serve eight or so. Evasive: a home for each, two accounts per device and three
per card, credit spent over days; but all run one job: the same template, client and sort of sums.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import (
    placed,
    seen,
    settling,
    shared,
    signups,
    within,
)
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.people import newcomers
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic.api import requests
from orchestration.world.world import Deeds, Plan, World, named, stamped


@dataclass(frozen=True, slots=True)
class Shape:
    """Accounts, hours of signing up, accounts per device and card, hours of use, tokens."""

    accounts: int
    hours: float
    device: float
    card: float
    use: float
    tokens: float


SHAPES = {
    "loud": Shape(40, 5, 20, 40, 0.7, 9_000.0),
    "slow": Shape(34, 90, 8, 9, 9, 7_500.0),
    "evasive": Shape(55, 80, 2, 3, 40, 12_000.0),
}
CREDIT = 5.0  # USD
USUAL, MOST = 45, 220  # requests of one account
MODEL = 2  # of traffic.api.MODELS: the dearest that a trial may use


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups with a card, requests until the credit is gone, and a last refusal."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    n = int(shape.accounts * rng.uniform(0.75, 1.3))
    loud = plan.variant == "loud"
    opened = spread(rng, n, plan.start, plan.ends(hours=shape.hours * rng.uniform(0.8, 1.15)))
    places = (
        network.hosting(rng, 2, networks=1)[rng.integers(0, 2, n)]
        if loud
        else network.anywhere(rng, n)
    )
    accounts = placed(newcomers(rng, opened), places).with_columns(
        device_id=shared(rng, n, shape.device, "d"),
        payment_hash=shared(rng, n, shape.card, "c", shift=1),
    )
    template = ids(rng, 1, "t")[0]
    events = settling(rng, accounts, logins=1.2, days=1)
    card = pl.col("payment_hash")
    events[("accounts", "signups")] = signups(world, rng, accounts, payment_hash=card)
    events[("accounts", "account_changes")] = stamped(
        accounts, after(opened, rng.uniform(30, 400, n)), change="key_created", recovered=False
    )
    events[("api", "api_requests")] = _requests(rng, accounts, shape, template)
    kept, who = within(plan, events), accounts["account_id"]
    own = {name: accounts[name] for name in ("key_id", "device_id", "ip", "payment_hash")}
    return Deeds(kept, seen(kept, named(who, account_id=who, template_hash=template, **own)))


def _requests(rng: Generator, accounts: pl.DataFrame, shape: Shape, template: str) -> pl.DataFrame:
    """Calls of every account, in order, until its credit is used up; the next is refused."""
    n = accounts.height
    rows = np.repeat(np.arange(n), MOST)
    client = pick(rng, network.CLIENTS, 1)[0]
    callers = accounts[rows].with_columns(
        user_agent=pl.lit(client), model=pl.lit(MODEL), asks=pl.lit(shape.tokens),
        answers=pl.lit(shape.tokens * 0.5),
    )  # fmt: skip
    gaps = rng.exponential(shape.use * 3_600 / USUAL, (n, MOST)).cumsum(axis=1).ravel()
    named_template = pl.when(pl.Series(rng.random(n * MOST) < 0.9)).then(pl.lit(template))
    limit = pl.Series(CREDIT * (1 - rng.exponential(0.03, n))[rows])
    calls = requests(
        rng, callers, after(callers["created_at"], 500 + gaps), template_hash=named_template
    )
    spent = pl.col("cost_usd").cum_sum().over("account_id")
    before = spent - pl.col("cost_usd")
    refused = {"status": 402, "error": "credit_exhausted", "bytes_out": 180, "tokens_in": None,
               "tokens_out": None, "cost_usd": 0.0}  # fmt: skip
    tried = calls.select(before <= limit).to_series()
    return calls.with_columns(
        pl.when(spent > limit).then(pl.lit(value)).otherwise(name).alias(name)
        for name, value in refused.items()
    ).filter(tried)
