"""Who lives in a world: accounts with a home, devices, means of payment and habits."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world import network
from orchestration.world.draws import Generator, Whole, ids, lognormal, pick
from orchestration.world.rhythm import at

DAILY_GROWTH = 0.004  # sign-ups a day, as a share of the accounts at the start
OLDEST = 700  # days
MAIL = ["gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com", "proton.me", "gmx.de",
        "web.de", "qq.com", "mail.ru"]  # fmt: skip
MAIL_SHARES = np.array([52, 12, 9, 8, 6, 3, 2, 2, 3, 1], dtype=float)
PLANS = ["free", "plus", "pro", "enterprise"]
PLAN_SHARES = np.array([72, 21, 5, 2], dtype=float)
USES = {"chat": 0.75, "api": 0.08, "images": 0.25, "live": 0.12, "agents": 0.08, "messages": 0.3,
        "marketplace": 0.18, "web": 0.9}  # fmt: skip
VPN_SHARE = 0.02
OCCASIONAL = 0.06  # of those without a plan have paid for something
BINS = [f"{number}" for number in range(400_012, 400_012 + 40 * 7_919, 7_919)]


def newcomers(
    rng: Generator, created_at: pl.Series, *, countries: Whole | None = None
) -> pl.DataFrame:
    """One row per account created at each time, with everything an account has.

    Columns: account_id, created_at, offset (hours ahead of UTC), ip, asn, country, device_id,
    user_agent; the same of a phone (mobile_ip, mobile_asn, mobile_device); email_domain,
    email_hash, phone_hash (null: none given), payment_hash and card_bin (null: never paid),
    key_id, plan, activity (1 is usual), vpn, and one boolean per product it uses.
    """
    n = len(created_at)
    shares = network.SHARES / network.SHARES.sum()
    where = rng.choice(len(network.NAMES), n, p=shares) if countries is None else countries
    home, phone = network.homes(rng, where), network.homes(rng, where, mobile=True)
    plan = pick(rng, PLANS, n, PLAN_SHARES)
    paid = (plan != "free") | pl.Series(rng.random(n) < OCCASIONAL)
    return pl.DataFrame(
        {
            "account_id": ids(rng, n, "u"),
            "created_at": created_at,
            "offset": network.OFFSETS[where],
            **home.to_dict(),
            "device_id": ids(rng, n, "d"),
            "user_agent": network.browsers(rng, n),
            "mobile_ip": phone["ip"],
            "mobile_asn": phone["asn"],
            "mobile_device": ids(rng, n, "d"),
            "email_domain": pick(rng, MAIL, n, MAIL_SHARES),
            "email_hash": ids(rng, n, "e"),
            "phone_hash": _some(rng, ids(rng, n, "p"), 0.6),
            "payment_hash": ids(rng, n, "c").set(~paid, None),
            "card_bin": pick(rng, BINS, n).set(~paid, None),
            "key_id": ids(rng, n, "k"),
            "plan": plan,
            "activity": lognormal(rng, n, median=0.6, spread=1.0),
            "vpn": rng.random(n) < VPN_SHARE,
            **{product: rng.random(n) < share for product, share in USES.items()},
        }
    )


def residents(rng: Generator, accounts: int, start: datetime) -> pl.DataFrame:
    """The accounts that exist when a world starts; most are young."""
    ages = np.minimum(rng.exponential(OLDEST / 3, accounts), OLDEST) * 86_400
    return newcomers(rng, at(start - timedelta(days=OLDEST), OLDEST * 86_400 - ages))


def joining(rng: Generator, accounts: int, start: datetime, days: int) -> pl.DataFrame:
    """The accounts that people open in so many days from a moment on."""
    n = rng.poisson(accounts * DAILY_GROWTH * days)
    return newcomers(rng, at(start, np.sort(rng.random(n)) * days * 86_400))


def _some(rng: Generator, values: pl.Series, share: float) -> pl.Series:
    return values.set(pl.Series(rng.random(len(values)) >= share), None)
