"""Accounts whose password is known are entered, locked against their owners and emptied.

Loud: two tools on a few servers abroad take dozens of accounts in an afternoon; every step follows
within minutes. Slow: a few accounts a day, each from a home in another country with a device of its
own, all steps within the hour. Evasive: a home in the owner's own country, hours between the few
steps, no password touched; but the money goes to the same two accounts and devices serve again.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import placed, seen, shared, within
from orchestration.world.draws import Generator, lognormal
from orchestration.world.rhythm import after, spread
from orchestration.world.world import Deeds, Plan, World, named, stamped


@dataclass(frozen=True, slots=True)
class Shape:
    """Accounts, hours until the last is entered, seconds between steps, accounts per device."""

    victims: int
    hours: float
    gap: float
    each: int
    steps: dict[str, float]  # the share of accounts that suffer it, in order
    robbed: float


ALL = {"password": 0.75, "mfa_off": 0.6, "email": 0.7, "phone": 0.3, "export": 0.5,
       "key_created": 0.4}  # fmt: skip
FEW = {"email": 0.25, "payout": 0.3, "export": 0.35, "key_created": 0.4}
SHAPES = {
    "loud": Shape(28, 5, 110, 14, ALL, 0.5),
    "slow": Shape(20, 105, 420, 1, {name: share * 0.85 for name, share in ALL.items()}, 0.5),
    "evasive": Shape(36, 100, 9_000, 7, FEW, 0.7),
}


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ins that work, then changes and transfers, and owners who are locked out."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    n = int(shape.victims * rng.uniform(0.75, 1.3))
    owners = world.some(rng, n, plan.start)
    mules = world.some(rng, 2, plan.start)["account_id"]
    taken = placed(owners, _places(rng, plan, owners)).with_columns(
        device_id=shared(rng, owners.height, shape.each, "d"),
        user_agent=network.browsers(rng, owners.height),
    )
    times = spread(rng, taken.height, plan.start, plan.ends(hours=shape.hours))
    changes, last = _changes(rng, taken, times, shape)
    logins = [_entered(rng, taken, times), _locked_out(rng, owners, last, shape)]
    kept = within(
        plan,
        {
            ("accounts", "logins"): pl.concat(logins, how="diagonal"),
            ("accounts", "account_changes"): changes,
            ("accounts", "payments"): _transfers(rng, taken, last, shape, mules),
        },
    )
    robbed = kept[("accounts", "payments")]
    return Deeds(
        kept,
        seen(kept, pl.concat([
            named(taken["account_id"], account_id=taken["account_id"],
                  device_id=taken["device_id"], ip=taken["ip"]),
            named(robbed["account_id"], recipient_id=robbed["recipient_id"]),
        ])),
    )  # fmt: skip


def _places(rng: Generator, plan: Plan, owners: pl.DataFrame) -> pl.DataFrame:
    n = owners.height
    if plan.variant == "loud":
        return network.hosting(rng, 3, networks=2)[rng.integers(0, 3, n)]
    own = np.array([network.NAMES.index(country) for country in owners["country"]], dtype=np.int64)
    abroad = (own + rng.integers(1, len(network.NAMES), n)) % len(network.NAMES)
    return network.homes(rng, own if plan.variant == "evasive" else abroad)


def _entered(rng: Generator, taken: pl.DataFrame, times: pl.Series) -> pl.DataFrame:
    """The sign-in that works; some need a second try."""
    n = taken.height
    unsure = stamped(taken, after(times, -rng.uniform(5, 90, n)), succeeded=False,
                     method="password", failure="bad_password")  # fmt: skip
    right = stamped(taken, times, succeeded=True, method="password",
                    mfa=pl.Series(rng.random(n) < 0.1), new_device=True)  # fmt: skip
    return pl.concat([unsure.filter(pl.Series(rng.random(n) < 0.3)), right], how="diagonal")


def _changes(
    rng: Generator, taken: pl.DataFrame, times: pl.Series, shape: Shape
) -> tuple[pl.DataFrame, pl.Series]:
    """The steps, one after another, and when the last was done."""
    parts = []
    for change, share in shape.steps.items():
        done = rng.random(taken.height) < share
        times = after(times, done * lognormal(rng, taken.height, median=shape.gap, spread=0.7))
        reset = pl.Series(rng.random(taken.height) < 0.6) & (change == "password")
        step = stamped(taken, times, change=change, recovered=reset)
        parts.append(step.filter(pl.Series(done)))
    return pl.concat(parts), times


def _transfers(
    rng: Generator, taken: pl.DataFrame, last: pl.Series, shape: Shape, mules: pl.Series
) -> pl.DataFrame:
    counts = rng.integers(1, 4, taken.height) * (rng.random(taken.height) < shape.robbed)
    rows = np.repeat(np.arange(taken.height), counts)
    works = pl.Series(rng.random(len(rows)) < 0.75)
    return stamped(
        taken[rows], after(last[rows], rng.exponential(shape.gap * 2, len(rows))),
        amount_usd=pl.Series(lognormal(rng, len(rows), median=60, spread=0.7).round(2)),
        succeeded=works, decline=pl.when(~works).then(pl.lit("insufficient_funds")),
        kind="transfer", recipient_id=mules.gather(rng.integers(0, len(mules), len(rows))),
        payment_hash=pl.col("payment_hash"), card_bin=pl.col("card_bin"),
    )  # fmt: skip


def _locked_out(
    rng: Generator, owners: pl.DataFrame, last: pl.Series, shape: Shape
) -> pl.DataFrame:
    """Owners who try their old password at home, hours later."""
    rate = 1.5 * shape.steps.get("password", 0)
    rows = np.repeat(np.arange(owners.height), rng.poisson(rate, owners.height))
    times = after(last[rows], rng.exponential(20_000, len(rows)))
    return stamped(owners[rows], times, succeeded=False, method="password",
                   failure="bad_password", new_device=False)  # fmt: skip
