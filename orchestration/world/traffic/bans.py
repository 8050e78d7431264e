"""Honest enforcement: accounts closed every day for past abuse, and what they did just before."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world.draws import pick
from orchestration.world.people import newcomers
from orchestration.world.rhythm import at, spread
from orchestration.world.world import DAY, Tables, World, stamped

RATE = 0.0005  # of accounts a day
REASONS = ["spam", "fraud", "malware", "harassment", "child_safety", "fake_account"]
REASON_SHARES = np.array([30, 22, 12, 14, 4, 18], dtype=float)
LINGERING = 3  # days of sign-ins before a ban
HOUSEHOLD, CARD = 0.1, 0.02  # share a device and address, or a card, with somebody honest


def traffic(world: World, day: datetime) -> Tables:
    """Bans of one day, and the sign-ins of those who are about to be banned."""
    rng = world.draws("lingering", day)
    parts = []
    for ahead in range(LINGERING):
        doomed = _banned(world, day + ahead * DAY)
        rows = np.repeat(np.arange(doomed.height), rng.poisson(0.8, doomed.height))
        times = at(day, np.sort(rng.random(len(rows))) * 86_400)
        tries = stamped(
            doomed[rows], times, succeeded=True, method="password", new_device=False,
            banned_at=pl.col("banned_at"),
        )  # fmt: skip
        parts.append(tries.filter(pl.col("occurred_at") < pl.col("banned_at")).drop("banned_at"))
    return {("accounts", "bans"): _bans(world, day), ("accounts", "logins"): pl.concat(parts)}


def _bans(world: World, day: datetime) -> pl.DataFrame:
    banned = _banned(world, day)
    shown = ("email_hash", "phone_hash", "payment_hash", "reason")
    return stamped(banned, banned["banned_at"], **{name: pl.col(name) for name in shown})


def _banned(world: World, day: datetime) -> pl.DataFrame:
    """The accounts closed on a day: none of `world.people`, who go on and may live with them."""
    rng = world.draws("bans", day)
    n = int(rng.poisson(world.accounts * RATE))
    ages = spread(rng, n, day - timedelta(days=200), day - LINGERING * DAY)
    closed = newcomers(rng, ages)
    kin = world.people[rng.integers(0, world.accounts, n)]
    for share, columns in ((HOUSEHOLD, ("device_id", "ip", "asn", "country", "user_agent")),
                           (CARD, ("payment_hash", "card_bin"))):  # fmt: skip
        same = pl.lit(pl.Series(rng.random(n) < share))
        closed = closed.with_columns(
            pl.when(same).then(pl.lit(kin[name])).otherwise(name).alias(name) for name in columns
        )
    return closed.with_columns(
        banned_at=at(day, rng.triangular(6, 15, 22, n) * 3600),
        reason=pick(rng, REASONS, n, REASON_SHARES),
    )
