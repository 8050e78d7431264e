"""Honest traffic of `accounts`: signing up, signing in and changing settings."""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import Generator, Real, Whole, ids, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, at, visits
from orchestration.world.world import DAY, Tables, World, stamped

LOGINS = 0.55  # a day and account of usual activity
METHODS = ["password", "sso", "passkey", "oauth", "code"]
METHOD_SHARES = np.array([56, 14, 11, 15, 4], dtype=float)
TYPO = 0.07  # of password sign-ins begin with a wrong password
NEW_DEVICE = 0.015
FAMILY = 3  # one person in so many lives with the one before, if in the same country
STALE = 2_500  # one account in so many has a forgotten client with an old password
CHANGES = ["password", "mfa_on", "mfa_off", "email", "phone", "payout", "export", "key_created",
           "name"]  # fmt: skip
CHANGE_SHARES = np.array([28, 12, 3, 5, 5, 1, 4, 6, 36], dtype=float)
GAPS = {"device_id": 0.03, "user_agent": 0.004, "asn": 0.01, "mfa": 0.05, "method": 0.01}
EXITS = 600  # addresses of VPNs in use on a day
TRIP = 5  # days
ABROAD = 0.006  # of people on a day
NAMES = 6_000
RARE, DISPOSABLE = 0.08, 0.006  # of e-mail addresses: at a domain of one's own, to throw away
THROWN_AWAY = ["mailinator.com", "guerrillamail.com", "yopmail.com", "temp-mail.org",
               "10minutemail.com", "sharklasers.com", "trashmail.com", "getnada.com"]  # fmt: skip


def traffic(world: World, day: datetime) -> Tables:
    """Sign-ups, sign-ins and changes of one day."""
    rng = world.draws("accounts", day)
    people = _families(world.present(day + DAY))
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()]
    rows = poisson_rows(rng, np.minimum(pace * LOGINS, 12))
    tries = _visits(rng, people, rows, day)
    slips = rng.geometric(0.72, len(rows)) * (rng.random(len(rows)) < TYPO)
    slips *= (tries["method"] == "password").fill_null(value=False).to_numpy()
    logins = [
        tries,
        _mistyped(rng, tries, slips),
        _stale(rng, people, day),
        _probes(rng, world, day),
    ]
    changes = [
        _changes(rng, people, pace, day),
        _forgotten(rng, tries.filter(pl.Series(slips >= 3))),
        _moved(rng, tries.filter("new_device")),
    ]
    return {
        ("accounts", "signups"): _signups(rng, world, people, day),
        ("accounts", "logins"): blanked(rng, pl.concat(logins, how="diagonal")),
        ("accounts", "account_changes"): pl.concat(changes, how="diagonal"),
    }


def somewhere(rng: Generator, rows: pl.DataFrame, *, day: datetime | None = None) -> pl.DataFrame:
    """People as they are met: mostly at home, often on the phone, some behind a VPN, few on trips.

    Trips last days and need `day`; every product that gives it meets a traveller in one place.
    """
    n = rows.height
    mobile, away = (pl.lit(pl.Series(rng.random(n) < share)) for share in (0.25, 0.5))
    exits = network.hosting(rng, EXITS)[rng.integers(0, EXITS, n)]
    behind = away & pl.col("vpn")
    seen = rows.with_columns(
        **{
            name: pl.when(behind).then(pl.lit(exits[name]))
            .when(mobile).then(f"mobile_{name}").otherwise(name)
            for name in ("ip", "asn")
        },
        country=pl.when(behind).then(pl.lit(exits["country"])).otherwise("country"),
        device_id=pl.when(mobile).then("mobile_device").otherwise("device_id"),
    )  # fmt: skip
    return seen if day is None else _travelled(seen, day)


def blanked(rng: Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """Events with the gaps that real logs have: values that nobody took, sent or looked up."""
    lost = {name: rng.random(rows.height) < share for name, share in GAPS.items()}
    return rows.with_columns(
        pl.when(pl.lit(pl.Series(missing))).then(None).otherwise(name).alias(name)
        for name, missing in lost.items()
        if name in rows.columns
    )


def called(world: World, rng: Generator, n: int) -> pl.Series:
    """Hashes of the names people give when signing up; some names are usual, some give none."""
    names = ids(world.draws("names"), NAMES, "n")
    given = names.gather(np.minimum(rng.zipf(1.25, n), NAMES) - 1)
    return given.set(pl.Series(rng.random(n) > 0.85), None)


def _families(people: pl.DataFrame) -> pl.DataFrame:
    """People of whom some use the household's computer, and its address, instead of an own one."""
    kin = (pl.int_range(pl.len()) % FAMILY == 1) & (pl.col("country") == pl.col("country").shift(1))
    return people.with_columns(
        pl.when(kin).then(pl.col(name).shift(1)).otherwise(name).alias(name)
        for name in ("device_id", "ip", "asn", "user_agent")
    )


def _travelled(rows: pl.DataFrame, day: datetime) -> pl.DataFrame:
    number = rows["account_id"].str.slice(1).cast(pl.Int64).to_numpy()
    trip = (number + day.toordinal()) // TRIP
    abroad = (trip * 2_654_435_761 + number) % 100_003 < ABROAD * 100_003
    if not abroad.any():
        return rows
    spots = 200
    fixed = np.random.Generator(np.random.SFC64(spots))
    hotels = network.anywhere(fixed, spots)[(trip * 40_503 + number) % spots]
    there = pl.lit(pl.Series(abroad))
    return rows.with_columns(
        pl.when(there).then(pl.lit(hotels[name])).otherwise(name).alias(name)
        for name in hotels.columns
    )


def _signups(rng: Generator, world: World, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    joined = people.filter(pl.col("created_at") >= day)
    n = joined.height
    kin = people[rng.integers(0, people.height, n)]
    second = rng.random(n) < 0.03  # a second account of somebody who has one
    own = ("device_id", "ip", "asn", "country", "user_agent", "phone_hash")
    who = somewhere(rng, joined, day=day).with_columns(
        pl.when(pl.lit(pl.Series(second))).then(pl.lit(kin[c])).otherwise(c).alias(c) for c in own
    )
    mailed = pl.lit(pl.Series(rng.random(n) < 0.97))
    domain = _domains(rng, joined["email_domain"])
    signups = stamped(
        who, joined["created_at"], email_domain=pl.when(mailed).then(pl.lit(domain)),
        email_hash=pl.when(mailed).then("email_hash"), phone_hash=pl.col("phone_hash"),
        payment_hash=pl.when(pl.lit(pl.Series(rng.random(n) < 0.3))).then("payment_hash"),
        referrer_id=kin["account_id"].set(pl.Series(rng.random(n) > 0.1), None),
        name_hash=called(world, rng, n),
    )  # fmt: skip
    return blanked(rng, signups)


def _domains(rng: Generator, usual: pl.Series) -> pl.Series:
    """Domains of e-mail addresses; some are a company's or a person's own."""
    n = len(usual)
    own = pl.Series(rng.zipf(1.3, n) % 50_000).cast(pl.String).str.replace("^", "mail")
    kind = rng.random(n)
    rare = pl.Series(kind < RARE)
    thrown = pl.Series(kind > 1 - DISPOSABLE)
    return usual.zip_with(~rare, own + ".example").zip_with(~thrown, pick(rng, THROWN_AWAY, n))


def _visits(rng: Generator, people: pl.DataFrame, rows: Whole, day: datetime) -> pl.DataFrame:
    """Sign-ins that succeed."""
    n = len(rows)
    who = somewhere(rng, people[rows], day=day)
    fresh = pl.Series(rng.random(n) < NEW_DEVICE)
    device = who["device_id"].scatter(fresh.arg_true(), ids(rng, int(fresh.sum()), "d"))
    return stamped(
        who, visits(rng, day, rows, who["offset"].to_numpy()), device_id=device,
        succeeded=True, method=pick(rng, METHODS, n, METHOD_SHARES),
        failure=pl.lit(None, pl.String), mfa=pl.Series(rng.random(n) < 0.3), new_device=fresh,
    )  # fmt: skip


def _mistyped(rng: Generator, tries: pl.DataFrame, slips: Whole) -> pl.DataFrame:
    """Failures before a sign-in that succeeds: so many each, seconds apart."""
    n = int(slips.sum())
    failed = tries[np.repeat(np.arange(len(slips)), slips)]
    nth = np.arange(n) - np.repeat(np.cumsum(slips) - slips, slips) + 1
    why = pick(rng, ["bad_password", "mfa", "unknown_account", "blocked"], n,
               np.array([90.0, 5, 4, 1]))  # fmt: skip
    return failed.with_columns(
        after(failed["occurred_at"], -nth * rng.uniform(4, 30, n)),
        succeeded=pl.lit(value=False),
        failure=why,
        mfa=pl.when(why == "mfa").then(pl.lit(value=False)),
        account_id=pl.when(why == "unknown_account").then(None).otherwise("account_id"),
    )


def _stale(rng: Generator, people: pl.DataFrame, day: datetime) -> pl.DataFrame:
    """Forgotten clients that try an old password all day long."""
    few = people.filter(pl.int_range(pl.len()) % STALE == STALE // 3)
    rows = poisson_rows(rng, rng.lognormal(3.6, 0.8, few.height))
    return stamped(
        few[rows], at(day, rng.random(len(rows)) * 86_400), succeeded=False, method="password",
        failure="bad_password", user_agent="okhttp/4.12.0", new_device=False,
    )  # fmt: skip


def _probes(rng: Generator, world: World, day: datetime) -> pl.DataFrame:
    """The company's own check, every five minutes, that signing in works."""
    fixed = world.draws("probe")
    account = world.people["account_id"][int(fixed.integers(0, world.accounts))]
    rows = network.hosting(fixed, 1).with_columns(
        account_id=pl.lit(account), user_agent=pl.lit("Go-http-client/2.0")
    )
    times = at(day, np.arange(288) * 300.0 + rng.random(288) * 4)
    works = pl.Series(rng.random(288) < 0.997)
    return stamped(rows[np.zeros(288, np.int64)], times, succeeded=works, method="password")


def _changes(rng: Generator, people: pl.DataFrame, pace: Real, day: datetime) -> pl.DataFrame:
    rows = poisson_rows(rng, np.minimum(pace * 0.012, 3))
    who = somewhere(rng, people[rows], day=day)
    change = pick(rng, CHANGES, len(rows), CHANGE_SHARES)
    times = visits(rng, day, rows, who["offset"].to_numpy())
    recovered = pl.Series(rng.random(len(rows)) < 0.35) & (change == "password")
    return blanked(rng, stamped(who, times, change=change, recovered=recovered))


def _forgotten(rng: Generator, tries: pl.DataFrame) -> pl.DataFrame:
    """Passwords recovered by people who mistyped theirs again and again, just before they fit."""
    times = after(tries["occurred_at"], -rng.uniform(1, 4, tries.height))
    changes = stamped(tries, times, change="password", recovered=True)
    return changes.filter(pl.Series(rng.random(tries.height) < 0.6))


def _moved(rng: Generator, tries: pl.DataFrame) -> pl.DataFrame:
    """What people do who got a new phone or laptop: some recover the account and set up anew."""
    steps = {"password": 0.09, "mfa_off": 0.04, "mfa_on": 0.07, "phone": 0.02, "export": 0.01}
    parts = []
    for order, (change, share) in enumerate(steps.items()):
        who = tries.filter(pl.Series(rng.random(tries.height) < share))
        later = rng.exponential(400, who.height) + 240 * order
        parts.append(
            stamped(
                who, after(who["occurred_at"], later), change=change,
                recovered=pl.Series(rng.random(who.height) < 0.6) & (change == "password"),
            )
        )  # fmt: skip
    return pl.concat(parts)
