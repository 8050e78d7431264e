"""Honest payments: renewals by machine, purchases by people, cards that fail, refunds."""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, ids, lognormal, pick, poisson_rows
from orchestration.world.people import BINS
from orchestration.world.rhythm import after, at, visits
from orchestration.world.traffic.accounts import blanked, somewhere
from orchestration.world.world import DAY, Tables, World, stamped

PRICES = {"plus": 20.0, "pro": 200.0, "enterprise": 900.0}
DECLINES = [
    "insufficient_funds",
    "expired_card",
    "do_not_honor",
    "incorrect_cvc",
    "fraud_suspected",
]
DECLINE_SHARES = np.array([48, 14, 22, 13, 3], dtype=float)
RENEWALS, PURCHASES = 1 / 30, 1 / 45  # a day and account that pays
FAILED_RENEWALS, FAILED_PURCHASES = 0.07, 0.08
COLLEAGUES = 8  # enterprise accounts that one company card pays for


def traffic(world: World, day: datetime) -> Tables:
    """Payments of one day. Renewals have no client: the company's own job makes them."""
    rng = world.draws("payments", day)
    people = _cards(world.present(day + DAY))
    rows = [
        _renewals(rng, people.filter(pl.col("plan") != "free"), day),
        bought := _purchases(rng, people, day),
        _verified(rng, people.filter(pl.col("created_at") >= day)),
        _returned(rng, people, day),
    ]
    return {("accounts", "payments"): pl.concat([*rows, _again(rng, bought)], how="diagonal")}


def _cards(people: pl.DataFrame) -> pl.DataFrame:
    """Those who have paid; colleagues of an enterprise share its card."""
    able = people.filter(pl.col("payment_hash").is_not_null())
    team = pl.int_range(pl.len()).over("plan") // COLLEAGUES
    return able.with_columns(
        pl.when(pl.col("plan") == "enterprise")
        .then(pl.col(name).first().over("plan", team))
        .otherwise(name)
        .alias(name)
        for name in ("payment_hash", "card_bin")
    )


def _paid(
    rng: Generator, who: pl.DataFrame, times: pl.Series, amount: pl.Expr | pl.Series, fails: float
) -> pl.DataFrame:
    works = pl.Series(rng.random(who.height) >= fails)
    why = pick(rng, DECLINES, who.height, DECLINE_SHARES).set(works, None)
    return stamped(
        who, times, amount_usd=amount, succeeded=works, decline=why, kind="charge",
        card_bin=pl.col("card_bin"), payment_hash=pl.col("payment_hash"),
    )  # fmt: skip


def _renewals(rng: Generator, able: pl.DataFrame, day: datetime) -> pl.DataFrame:
    who = able[poisson_rows(rng, np.full(able.height, RENEWALS))]
    times = at(day, (rng.random(who.height) * 3 + 2) * 3600)
    price = pl.col("plan").replace_strict(PRICES, return_dtype=pl.Float64)
    paid = _paid(rng, who, times, price, FAILED_RENEWALS)
    paid = paid.drop("device_id", "ip", "asn", "country", "user_agent")
    unpaid = paid.filter(~pl.col("succeeded"))  # asked again by the same job, twelve hours later
    works = pl.Series(rng.random(unpaid.height) < 0.4)
    retried = unpaid.with_columns(
        pl.col("occurred_at") + pl.duration(hours=12),
        succeeded=works,
        decline=pl.when(~works).then("decline"),
    )
    return pl.concat([paid, retried])


def _purchases(rng: Generator, able: pl.DataFrame, day: datetime) -> pl.DataFrame:
    rows = poisson_rows(rng, np.full(able.height, PURCHASES))
    who = somewhere(rng, able[rows], day=day)
    amount = pl.Series(np.maximum(5, lognormal(rng, len(rows), median=12, spread=0.9)).round())
    times = visits(rng, day, rows, who["offset"].to_numpy())
    return blanked(rng, _paid(rng, who, times, amount, FAILED_PURCHASES))


def _again(rng: Generator, bought: pl.DataFrame) -> pl.DataFrame:
    """What people do when a card fails: once more, or several times, some with another card."""
    failed = bought.filter(~pl.col("succeeded"))
    counts = rng.geometric(0.55, failed.height)
    tries = failed[np.repeat(np.arange(failed.height), counts)]
    n = tries.height
    nth = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    works = pl.Series(nth == np.repeat(counts, counts)) & pl.Series(rng.random(n) < 0.8)
    other = pl.Series((rng.random(n) < 0.3) & (nth > 1))
    return tries.with_columns(
        after(tries["occurred_at"], nth * rng.uniform(20, 120, n)),
        succeeded=works,
        decline=pl.when(~works).then("decline"),
        payment_hash=pl.when(other).then(ids(rng, n, "c")).otherwise("payment_hash"),
        card_bin=pl.when(other).then(pick(rng, BINS, n)).otherwise("card_bin"),
    )


def _verified(rng: Generator, joined: pl.DataFrame) -> pl.DataFrame:
    """Cards checked when they are first given, by a charge of nothing or a dollar."""
    times = after(joined["created_at"], 60 + rng.exponential(900, joined.height))
    amount = pl.Series(rng.integers(0, 2, joined.height).astype(float))
    return _paid(rng, joined, times, amount, 0.09).with_columns(kind=pl.lit("verification"))


def _returned(rng: Generator, able: pl.DataFrame, day: datetime) -> pl.DataFrame:
    who = able[poisson_rows(rng, np.full(able.height, 1 / 3_000))]
    times = at(day, rng.random(who.height) * 86_400)
    amount = pl.Series(lognormal(rng, who.height, median=20, spread=0.6).round(2))
    kind = pick(rng, ["refund", "chargeback"], who.height, np.array([9.0, 1]))
    return _paid(rng, who, times, amount, 0.0).with_columns(kind=kind)
