"""Accounts opened in bulk by one hand, to be sold or used later.

Loud: hundreds in two hours from a few servers, with throw-away e-mail addresses. Slow: one or two
an hour for days, from a handful of devices, with e-mail at domains of the ring's own. Evasive: at
human pace, from homes, with ordinary e-mail; every device, address and card serves only two or
three accounts, but a different two or three, so that they form one chain.
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
from orchestration.world.draws import Generator, pick
from orchestration.world.people import MAIL, MAIL_SHARES, newcomers
from orchestration.world.rhythm import spread
from orchestration.world.traffic.accounts import THROWN_AWAY
from orchestration.world.world import Deeds, Plan, World, named


@dataclass(frozen=True, slots=True)
class Shape:
    """Accounts, hours, and how many accounts a device, an address and a card serve."""

    accounts: int
    hours: float
    device: float
    address: float
    card: float


SHAPES = {
    "loud": Shape(170, 2.5, 35, 45, 60),
    "slow": Shape(85, 115, 7, 9, 11),
    "evasive": Shape(120, 120, 2, 3, 2),
}
CARDS = {"loud": 0.2, "slow": 0.6, "evasive": 0.75}  # share that gives one


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups that share what they come from, and a little life afterwards."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    n = int(shape.accounts * rng.uniform(0.7, 1.3))
    end = plan.ends(hours=shape.hours * rng.uniform(0.75, 1.1))
    places = int(np.ceil(n / shape.address)) + 1
    loud = plan.variant == "loud"
    sites = network.hosting(rng, places, networks=1) if loud else network.anywhere(rng, places)
    accounts = placed(
        newcomers(rng, spread(rng, n, plan.start, end)),
        sites[((np.arange(n) + 2) // shape.address).astype(np.int64) % places],
    ).with_columns(
        device_id=shared(rng, n, shape.device, "d"),
        payment_hash=_some(rng, shared(rng, n, shape.card, "c", shift=1), CARDS[plan.variant]),
        phone_hash=_some(rng, shared(rng, n, 5, "p"), 0.6 if plan.variant == "slow" else 0.0),
        email_domain=_domains(rng, plan, n),
    )
    inviter = accounts["account_id"].shift(1)
    events = settling(rng, accounts, logins=2.2, days=2.5)
    events[("accounts", "signups")] = signups(
        world, rng, accounts, payment_hash=pl.col("payment_hash"),
        referrer_id=_some(rng, inviter, 0.25 if loud else 0.4),
        **({"name_hash": shared(rng, n, 20, "n")} if loud else {}),
    )  # fmt: skip
    own = {"email_domain": accounts["email_domain"]} if plan.variant == "slow" else {}
    kept, who = within(plan, events), accounts["account_id"]
    actors = named(who, account_id=who, device_id=accounts["device_id"], ip=accounts["ip"],
                   payment_hash=accounts["payment_hash"], **own)  # fmt: skip
    return Deeds(kept, seen(kept, actors))


def _domains(rng: Generator, plan: Plan, n: int) -> pl.Series:
    if plan.variant == "evasive":
        return pick(rng, MAIL, n, MAIL_SHARES)
    if plan.variant == "loud":
        few = [THROWN_AWAY[i] for i in rng.permutation(len(THROWN_AWAY))[:2]]
        return pick(rng, few, n)
    own = pl.Series(rng.integers(60_000, 99_999, 4)).cast(pl.String)
    return pl.Series([f"mail{number}.example" for number in own]).gather(rng.integers(0, 4, n))


def _some(rng: Generator, values: pl.Series, share: float) -> pl.Series:
    return values.set(pl.Series(rng.random(len(values)) >= share), None)
