"""What campaigns against `api` and `web` have in common: accounts, programs, times, limits."""

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import Generator, Real, ids, lognormal, pick
from orchestration.world.people import BINS, newcomers
from orchestration.world.rhythm import FLAT, after, moments, spread
from orchestration.world.traffic.api import requests
from orchestration.world.world import DAY, Plan, Tables, stamped


def gathered(plan: Plan, *parts: Tables) -> Tables:
    """All parts' events by product and contract; only those within the plan's time."""
    names = sorted({name for part in parts for name in part})
    time = pl.col("occurred_at")
    return {
        name: pl.concat(
            [part[name] for part in parts if name in part], how="diagonal_relaxed"
        ).filter(time >= plan.start, time < plan.until)
        for name in names
    }


def daily(
    rng: Generator, plan: Plan, offsets: Real, *, hours: float, profile: Real = FLAT
) -> pl.Series:
    """A time for each actor's offset, on any day of so many hours, by the profile of its own day.

    Less than a day has no profile. A time may lie outside the plan: `gathered` drops it.
    """
    n = len(offsets)
    if hours < 24:
        return spread(rng, n, plan.start, plan.ends(hours=hours)).gather(rng.permutation(n))
    midnight = plan.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = -(-(plan.ends(hours=hours) - midnight) // DAY)
    return after(
        moments(rng, midnight, offsets, profile=profile),
        86_400.0 * rng.integers(0, max(days, 1), n).astype(np.float64),
    )


def opened(rng: Generator, plan: Plan, n: int, *, hours: float, cards: int) -> pl.DataFrame:
    """Accounts opened from the plan's start on, one a row, who pay with so many cards in all."""
    people = newcomers(rng, spread(rng, n, plan.start, plan.ends(hours=hours)))
    card = rng.integers(0, cards, n)
    return people.with_columns(
        payment_hash=ids(rng, cards, "c").gather(card),
        card_bin=pick(rng, BINS, cards).gather(card),
    )


def programs(
    rng: Generator, people: pl.DataFrame, *, models: tuple[int, ...], answers: float
) -> pl.DataFrame:
    """The people with a client and habits of calling, as `traffic.api.requests` needs them."""
    n = people.height
    return people.with_columns(
        user_agent=pick(rng, network.CLIENTS, n),
        model=pl.Series(np.array(models)[rng.integers(0, len(models), n)]),
        asks=pl.Series(lognormal(rng, n, median=600, spread=0.7)),
        answers=pl.Series(lognormal(rng, n, median=answers, spread=0.3)),
    )


def settling_in(rng: Generator, plan: Plan, people: pl.DataFrame) -> Tables:
    """What everybody does with a new account: signs up, verifies a card, signs in, tries a call."""
    logins = people[np.repeat(np.arange(people.height), 1 + rng.poisson(0.8, people.height))]
    tries = people[np.repeat(np.arange(people.height), rng.poisson(4, people.height))]
    soon = after(logins["created_at"], rng.exponential(5_000, logins.height))
    payers = people.filter(pl.col("payment_hash").is_not_null())
    mail = {name: pl.col(name) for name in ("email_domain", "email_hash", "phone_hash")}
    trying = programs(rng, tries, models=(0, 1), answers=260)
    return gathered(
        plan,
        {
            ("accounts", "signups"): stamped(people, people["created_at"], **mail),
            ("accounts", "logins"): stamped(
                logins, soon, succeeded=True, method="password", new_device=False
            ),
            ("accounts", "payments"): stamped(
                payers,
                after(payers["created_at"], 60 + rng.exponential(900, payers.height)),
                amount_usd=5.0,
                succeeded=True,
                kind="charge",
                card_bin=pl.col("card_bin"),
                payment_hash=pl.col("payment_hash"),
            ),
            ("api", "api_requests"): requests(
                rng, trying, after(tries["created_at"], 300 + rng.exponential(9_000, tries.height))
            ),
        },
    )


def throttled(calls: pl.DataFrame, refused: pl.Series) -> pl.DataFrame:
    """The calls, some refused because the key is over its limit."""
    over = pl.lit(refused)
    changes = {
        "status": pl.lit(429),
        "error": pl.lit("rate_limited"),
        "tokens_in": pl.lit(None),
        "tokens_out": pl.lit(None),
        "cost_usd": pl.lit(0.0),
    }
    return calls.with_columns(
        pl.when(over).then(value).otherwise(name).alias(name) for name, value in changes.items()
    )
