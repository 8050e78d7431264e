"""Stolen or guessed card numbers are tried in small payments, to learn which of them work.

Loud: a few accounts on one server try hundreds of cards of one issuer within hours. Slow: aged
accounts try a card every few hours, for days. Evasive: new accounts by the dozen try two or three
cards each at everyday prices, from homes; their issuers, devices and networks are few.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import placed, settling, shared, signups, within
from orchestration.world.draws import Generator, Whole, ids, pick
from orchestration.world.people import newcomers
from orchestration.world.rhythm import after, at, spread
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped


@dataclass(frozen=True, slots=True)
class Shape:
    """Accounts, cards each, hours, share declined, issuers, accounts per device."""

    accounts: int
    cards: float
    hours: float
    declined: float
    issuers: int
    each: float


SHAPES = {
    "loud": Shape(4, 150, 4, 0.86, 1, 2),
    "slow": Shape(10, 45, 110, 0.8, 3, 2),
    "evasive": Shape(150, 2.6, 100, 0.62, 3, 6),
}
DECLINES = ["do_not_honor", "incorrect_cvc", "invalid_number", "insufficient_funds",
            "fraud_suspected"]  # fmt: skip


def run(world: World, plan: Plan) -> Deeds:
    """Accounts, opened for it or long before, and the payments they try."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    n = max(2, int(shape.accounts * rng.uniform(0.75, 1.3)))
    end = plan.ends(hours=shape.hours * rng.uniform(0.8, 1.15))
    opened = {
        "loud": spread(rng, n, plan.start, plan.start + (end - plan.start) / 8),
        "slow": spread(rng, n, plan.start - 40 * DAY, plan.start - 5 * DAY),
        "evasive": spread(rng, n, plan.start, end),
    }[plan.variant]
    accounts = placed(newcomers(rng, opened), _places(rng, plan, n)).with_columns(
        device_id=shared(rng, n, shape.each, "d")
    )
    issuers = pl.Series(rng.integers(510_000, 560_000, shape.issuers)).cast(pl.String)
    rows = np.repeat(np.arange(n), rng.poisson(shape.cards, n) + 1)
    payments = _tries(rng, plan, accounts[rows], rows, issuers)
    events = settling(rng, accounts, logins=1.5, days=0.5)
    events[("accounts", "signups")] = signups(world, rng, accounts)
    events[("accounts", "payments")] = payments
    kept = within(plan, events)
    seen = kept[("accounts", "payments")]
    return Deeds(
        kept,
        named(seen["account_id"], account_id=seen["account_id"], device_id=seen["device_id"],
              ip=seen["ip"], card_bin=seen["card_bin"]),
    )  # fmt: skip


def _places(rng: Generator, plan: Plan, n: int) -> pl.DataFrame:
    if plan.variant == "loud":
        return network.hosting(rng, 2, networks=1)[rng.integers(0, 2, n)]
    if plan.variant == "slow":
        return network.anywhere(rng, n)
    return network.homes(rng, np.full(n, rng.integers(0, len(network.NAMES))))


def _tries(
    rng: Generator, plan: Plan, who: pl.DataFrame, rows: Whole, issuers: pl.Series
) -> pl.DataFrame:
    """One row per payment; some cards are tried twice."""
    n, shape = len(rows), SHAPES[plan.variant]
    card = np.sort(rng.integers(0, max(1, int(n * 2.2)), n))  # a tenth or so come again
    begin = who["created_at"].clip(lower_bound=plan.start)
    span = plan.ends(hours=shape.hours) - plan.start - timedelta(minutes=1)
    evasive = plan.variant == "evasive"
    times = (
        after(begin, 120 + rng.exponential(1_500, n))
        if evasive
        else at(plan.start, rng.random(n) * span.total_seconds()).clip(lower_bound=begin)
    )
    works = pl.Series(rng.random(n) >= shape.declined)
    usual = pick(rng, ["5", "10", "20"], n).cast(pl.Float64)
    small = pl.Series((rng.random(n) * 2.5).round(2))
    checked = pl.Series(rng.random(n) < 0.45)
    return stamped(
        who, times, amount_usd=pl.when(checked).then(0.0).otherwise(usual if evasive else small),
        succeeded=works, decline=pick(rng, DECLINES, n).set(works, None),
        kind=pl.when(checked).then(pl.lit("verification")).otherwise(pl.lit("charge")),
        card_bin=issuers.gather(rng.integers(0, len(issuers), n)),
        payment_hash=ids(rng, int(card[-1]) + 1, "c").gather(card),
    )  # fmt: skip
