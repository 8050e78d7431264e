"""People who were banned come back with new accounts.

Loud: within hours, two or three times, on the same device and address, mostly with the same phone
and card. Slow: after a day or two, with a new e-mail address, with some of device, card and phone.
Evasive: days later from elsewhere, all new but one thing: the device, the phone or the card, which
shows at the first payment rather than when signing up.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.campaigns._recruits import seen, settling, signups, within
from orchestration.world.draws import Generator, ids, pick
from orchestration.world.people import BINS, newcomers
from orchestration.world.rhythm import after, spread
from orchestration.world.traffic.bans import REASON_SHARES, REASONS
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped


@dataclass(frozen=True, slots=True)
class Shape:
    """People, new accounts each, hours until they are back, and what they bring along how often."""

    people: int
    lives: int
    hours: float
    email: float
    phone: float
    card: float
    device: float
    address: float


SHAPES = {
    "loud": Shape(14, 3, 3, 0.3, 0.8, 0.7, 0.95, 0.9),
    "slow": Shape(20, 2, 22, 0.0, 0.45, 0.5, 0.5, 0.3),
    "evasive": Shape(34, 1, 38, 0.0, 0.2, 0.4, 0.4, 0.0),
}
BROUGHT = ("email_hash", "phone_hash", "payment_hash", "device_id")


def run(world: World, plan: Plan) -> Deeds:
    """Bans, the returns, and what both lives do."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    n = int(shape.people * rng.uniform(0.75, 1.3))
    first = _first_lives(rng, plan, n)
    rows = np.repeat(np.arange(n), rng.integers(1, shape.lives + 1, n))
    old = first[rows]
    wait = (0.1 + rng.exponential(1, len(rows))) * shape.hours * 3_600
    new = _returned(rng, plan, old, after(old["banned_at"], wait))
    early = plan.variant != "evasive"
    shown = {"payment_hash": pl.col("payment_hash")} if early else {}
    events = settling(rng, new, logins=2.5, days=2)
    events[("accounts", "logins")] = pl.concat(
        [events[("accounts", "logins")], _last_visits(rng, first)], how="diagonal"
    )
    events[("accounts", "signups")] = signups(world, rng, new, **shown)
    events[("accounts", "payments")] = _payments(rng, new)
    events[("accounts", "bans")] = stamped(
        first, first["banned_at"], reason=pick(rng, REASONS, n, REASON_SHARES),
        **{name: pl.col(name) for name in BROUGHT[:3]},
    )  # fmt: skip
    back = (new["created_at"] < plan.until).arg_true()
    who, was = new[back], old[back]
    common = {
        name: who[name].zip_with(who[name] == was[name], pl.Series([None], dtype=pl.String))
        for name in BROUGHT
    }
    kept, actor = within(plan, events), who["account_id"]
    actors = [named(actor, account_id=actor, **common), named(actor, account_id=was["account_id"])]
    return Deeds(kept, seen(kept, pl.concat(actors)))


def _first_lives(rng: Generator, plan: Plan, n: int) -> pl.DataFrame:
    opened = spread(rng, n, plan.start - 120 * DAY, plan.start - 2 * DAY)
    quarter = plan.start + (plan.until - plan.start) / 4
    return newcomers(rng, opened).with_columns(
        banned_at=spread(rng, n, plan.start, quarter)[rng.permutation(n)],
        payment_hash=ids(rng, n, "c"),
        card_bin=pick(rng, BINS, n),
        phone_hash=ids(rng, n, "p"),
    )


def _returned(rng: Generator, plan: Plan, old: pl.DataFrame, times: pl.Series) -> pl.DataFrame:
    """New accounts that bring along what the shape says, at least one thing; evasive: just one."""
    shape, n = SHAPES[plan.variant], old.height
    shares = np.array([shape.email, shape.phone, shape.card, shape.device])
    only = rng.choice(4, n, p=shares / shares.sum())
    brought = np.arange(4) == only[:, None]
    if plan.variant != "evasive":
        brought |= rng.random((n, 4)) < shares
    country = np.array([network.NAMES.index(name) for name in old["country"]], dtype=np.int64)
    new = newcomers(rng, times, countries=country)
    new = new.with_columns(payment_hash=ids(rng, n, "c"), card_bin=pick(rng, BINS, n))
    stays = rng.random(n) < shape.address
    taken = {name: brought[:, i] for i, name in enumerate(BROUGHT)}
    taken |= {"card_bin": brought[:, 2], "user_agent": brought[:, 3], "ip": stays, "asn": stays}
    return new.with_columns(
        pl.when(pl.Series(mask)).then(old[name]).otherwise(name).alias(name)
        for name, mask in taken.items()
    )


def _last_visits(rng: Generator, first: pl.DataFrame) -> pl.DataFrame:
    """Sign-ins before the ban, and a try or two after it."""
    rows = np.repeat(np.arange(first.height), rng.poisson(2, first.height))
    who = first[rows]
    times = after(who["banned_at"], rng.normal(-9_000, 9_000, len(rows)))
    closed = times >= who["banned_at"]
    return stamped(
        who, times, succeeded=~closed, method="password",
        failure=pl.when(closed).then(pl.lit("blocked")),
    )  # fmt: skip


def _payments(rng: Generator, new: pl.DataFrame) -> pl.DataFrame:
    who = new.filter(pl.Series(rng.random(new.height) < 0.85))
    times = after(who["created_at"], rng.exponential(9_000, who.height))
    works = pl.Series(rng.random(who.height) < 0.9)
    return stamped(
        who, times, amount_usd=20.0, succeeded=works, kind="charge",
        decline=pl.when(~works).then(pl.lit("do_not_honor")),
        payment_hash=pl.col("payment_hash"), card_bin=pl.col("card_bin"),
    )  # fmt: skip
