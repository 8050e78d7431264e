"""Honest traffic of `accounts`: signing up, signing in, paying and changing settings."""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import Generator, Real, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, visits
from orchestration.world.world import DAY, Tables, World, stamped

LOGINS = 0.55  # a day and account of usual activity
METHODS = ["password", "sso", "passkey", "oauth"]
METHOD_SHARES = np.array([58, 14, 12, 16], dtype=float)
TYPO = 0.07  # of password sign-ins begin with a wrong password
PRICES = {"plus": 20.0, "pro": 200.0, "enterprise": 900.0, "free": 5.0}
DECLINES = ["insufficient_funds", "expired_card", "do_not_honor", "incorrect_cvc"]
CHANGES = ["password", "mfa_on", "email", "export", "key_created", "name"]
CHANGE_SHARES = np.array([30, 14, 6, 4, 6, 40], dtype=float)


def traffic(world: World, day: datetime) -> Tables:
    """Sign-ups, sign-ins, payments and changes of one day."""
    rng = world.draws("accounts", day)
    people = world.present(day + DAY)
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()]
    return {
        ("accounts", "signups"): _signups(people.filter(pl.col("created_at") >= day)),
        ("accounts", "logins"): _logins(rng, people, pace, day),
        ("accounts", "payments"): _payments(rng, people, day),
        ("accounts", "account_changes"): _changes(rng, people, pace, day),
    }


def _signups(joined: pl.DataFrame) -> pl.DataFrame:
    more = ("email_domain", "email_hash", "phone_hash")
    return stamped(joined, joined["created_at"], **{name: pl.col(name) for name in more})


def _logins(rng: Generator, people: pl.DataFrame, pace: Real, day: datetime) -> pl.DataFrame:
    rows = poisson_rows(rng, np.minimum(pace * LOGINS, 12))
    who = somewhere(rng, people[rows])
    at = visits(rng, day, rows, who["offset"].to_numpy())
    method = pick(rng, METHODS, len(rows), METHOD_SHARES)
    fails = pl.Series(rng.random(len(rows)) < TYPO) & (method == "password")
    tries = stamped(
        who, at, succeeded=True, method=method, mfa=pl.Series(rng.random(len(rows)) < 0.3),
        new_device=pl.Series(rng.random(len(rows)) < 0.015),
    )  # fmt: skip
    typos = tries.filter(fails).with_columns(
        pl.col("occurred_at") - pl.duration(seconds=9),
        succeeded=pl.lit(value=False),
        failure=pl.lit("bad_password"),
        mfa=pl.lit(None, pl.Boolean),
    )
    return pl.concat([tries, typos], how="diagonal")


def _payments(rng: Generator, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    able = people.filter(pl.col("payment_hash").is_not_null())
    who = able[poisson_rows(rng, np.full(able.height, 1 / 26))]
    at = visits(rng, day, np.arange(who.height), who["offset"].to_numpy())
    works = pl.Series(rng.random(who.height) > 0.05)
    paid = stamped(
        who, at, amount_usd=pl.col("plan").replace_strict(PRICES), succeeded=works,
        decline=pick(rng, DECLINES, who.height).set(works, None), kind="charge",
        card_bin=pl.col("card_bin"), payment_hash=pl.col("payment_hash"),
    )  # fmt: skip
    again = paid.filter(~pl.col("succeeded")).with_columns(
        succeeded=pl.lit(value=True), decline=None
    )
    return pl.concat(
        [paid, again.with_columns(after(again["occurred_at"], rng.exponential(90, again.height)))]
    )


def _changes(rng: Generator, people: pl.DataFrame, pace: Real, day: datetime) -> pl.DataFrame:
    rows = poisson_rows(rng, np.minimum(pace * 0.012, 3))
    who = somewhere(rng, people[rows])
    at = visits(rng, day, rows, who["offset"].to_numpy())
    return stamped(who, at, change=pick(rng, CHANGES, len(rows), CHANGE_SHARES))


def somewhere(rng: Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """People as they are met: mostly at home, often on the phone, some behind a VPN, few on trips.

    A share of sign-ins comes from networks nobody could know; honest people look odd, too.
    """
    n = rows.height
    mobile = pl.lit(pl.Series(rng.random(n) < 0.25))
    away = pl.Series(rng.random(n) < 0.5) & rows["vpn"]
    far = network.hosting(rng, n)
    place = pl.lit(away)
    pick_one = pl.when(place).then
    return rows.with_columns(
        ip=pick_one(pl.lit(far["ip"])).when(mobile).then("mobile_ip").otherwise("ip"),
        asn=pick_one(pl.lit(far["asn"])).when(mobile).then("mobile_asn").otherwise("asn"),
        country=pick_one(pl.lit(far["country"])).otherwise("country"),
        device_id=pl.when(mobile).then("mobile_device").otherwise("device_id"),
    )
