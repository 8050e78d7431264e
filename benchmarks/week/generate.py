"""A made-up week of six products with abuse in it, written to a lake hour by hour.

The distributions are those of the yardstick behind the project's figures: Zipf activity, farms of
accounts that share a device, carrier addresses, templates, bursts, one drifting classifier and one
silent product. Only one hour of events is in memory at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.week.monitors.events.actions import CONTRACT, COUNTRIES, TYPES
from orchestration.lake import Lake

START = datetime(2026, 11, 2, tzinfo=UTC)
END = START + timedelta(days=7)
HOUR, MINUTE = 3_600_000_000, 60_000_000  # microseconds
PRODUCTS = ("chat", "api", "messaging", "marketplace", "image", "billing")
PRODUCT_SHARES = np.array([0.34, 0.27, 0.22, 0.08, 0.07, 0.02])
TYPE_SHARES = np.array(
    [0.30, 0.24, 0.24, 0.10, 0.02, 0.008, 0.006, 0.02, 0.03, 0.006, 0.02, 0.01]
)  # of TYPES
SENT, DELIVERED, PAYMENT, SIGNUP, LISTING = (
    TYPES.index(name)
    for name in ("message_sent", "message_delivered", "payment", "signup", "listing_create")
)
TEXTUAL = (SENT, TYPES.index("prompt"), DELIVERED, LISTING)
MESSAGING, API, BILLING = (PRODUCTS.index(name) for name in ("messaging", "api", "billing"))
AGENTS = tuple(
    f"Mozilla/5.0 (Platform {i % 12}; rv:{100 + i}) Engine/{i % 7} Browser/{i}.0"
    for i in range(200)
)
DRIFT_HOUR = 6 * 24 + 15  # the API's classifier fires more often
SILENT_HOURS = range(4 * 24 + 3, 4 * 24 + 6)  # billing sends nothing

TRAVEL, MOBILE = 0.004, 0.05  # shares of events away from home
SECOND_DEVICE, FARM_DEVICE = 0.2, 0.5
CARRIER = 0.1  # share of events from shared addresses
TEMPLATE = 0.04  # share of texts that are templates
DRIFT = 0.02

U64 = NDArray[np.uint64]
Integers = NDArray[np.integer]
Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class World:
    """What stays the same all week; arrays by account, `by_rank` by rank of activity."""

    by_rank: Integers
    activity: NDArray[np.float64]
    country: Integers
    asn: Integers
    farm: Integers
    country_shares: NDArray[np.float64]


def generate(lake: Lake, *, events: int, accounts: int, days: int = 7, seed: int = 7) -> int:
    """Write the week's hourly files, sorted by time; returns the number of events.

    `events` is per week and approximate: abuse comes on top and the silent hours are missing.
    """
    world = _world(np.random.default_rng(seed), accounts)
    written = 0
    for hour, columns in _hours(world, events, accounts, days * 24, seed):
        rows = _frame(columns, first_id=written)
        start = START + timedelta(hours=hour)
        for product in PRODUCTS:
            own = rows.filter(pl.col("product") == product)
            if own.height:
                lake.replace(lake.hour_path(f"events/{CONTRACT.name}", product, start), own)
        written += rows.height
    return written


def _world(rng: np.random.Generator, accounts: int) -> World:
    shares = 1 / np.arange(1, 61) ** 1.1
    country = rng.choice(60, accounts, p=shares / shares.sum()).astype(np.uint8)
    farms = max(10, accounts // 20_000)
    farm = np.full(accounts, -1, np.int32)
    farm[rng.permutation(accounts)[: farms * 30]] = np.repeat(np.arange(farms), 30)[:accounts]
    activity = np.cumsum(1 / np.arange(1, accounts + 1) ** 0.85)
    return World(
        by_rank=rng.permutation(accounts).astype(np.uint32),
        activity=activity / activity[-1],
        country=country,
        asn=(country.astype(np.uint32) * 50 + rng.integers(0, 50, accounts)).astype(np.uint32),
        farm=farm,
        country_shares=shares / shares.sum(),
    )


def _hours(
    world: World, events: int, accounts: int, hours: int, seed: int
) -> Iterator[tuple[int, Columns]]:
    """Columns of each hour; what a sequence begun late does next falls in the hour after."""
    by_hour = 1 + 0.6 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    carried = np.zeros((4, 0), np.int64)
    for hour in range(hours):
        rng = np.random.default_rng((seed, hour))
        n = round(events / 7 * by_hour[hour % 24] / by_hour.sum())
        honest = np.stack(
            [
                world.by_rank[np.searchsorted(world.activity, rng.random(n)).clip(0, accounts - 1)],
                hour * HOUR + rng.integers(0, HOUR, n),
                rng.choice(len(TYPES), n, p=TYPE_SHARES / TYPE_SHARES.sum()),
                rng.choice(len(PRODUCTS), n, p=PRODUCT_SHARES),
            ]
        )
        abuse = [f(rng, hour, max(2, events // 9_600_000), accounts) for f in (_burst, _sequence)]
        rows = np.concatenate([carried, honest, *abuse], axis=1)
        later = rows[1] >= (hour + 1) * HOUR
        carried, rows = rows[:, later], rows[:, ~later]
        rows = rows[:, (rows[3] != BILLING) | (hour not in SILENT_HOURS)]
        yield hour, _columns(rng, world, rows[:, np.argsort(rows[1], kind="stable")], hour)


def _burst(rng: np.random.Generator, hour: int, k: int, accounts: int) -> Integers:
    """`k` accounts that send 120 messages each in one hour."""
    account = np.repeat(rng.integers(0, accounts, k), 120)
    time = hour * HOUR + rng.integers(0, HOUR, k * 120)
    return np.stack([account, time, np.full(k * 120, SENT), np.full(k * 120, MESSAGING)])


def _sequence(rng: np.random.Generator, hour: int, k: int, accounts: int) -> Integers:
    """`k` accounts that sign up, pay and send 30 messages, all within ten minutes."""
    account, signup = rng.integers(0, accounts, k), hour * HOUR + rng.integers(0, HOUR, k)
    payment = signup + rng.integers(MINUTE // 6, 3 * MINUTE, k)
    sent = np.repeat(signup, 30) + rng.integers(4 * MINUTE, 10 * MINUTE, k * 30)
    kinds = np.concatenate([np.full(k, SIGNUP), np.full(k, PAYMENT), np.full(k * 30, SENT)])
    return np.stack(
        [
            np.concatenate([account, account, np.repeat(account, 30)]),
            np.concatenate([signup, payment, sent]),
            kinds,
            np.full(k * 32, MESSAGING),
        ]
    )


def _columns(rng: np.random.Generator, world: World, rows: Integers, hour: int) -> Columns:
    account, time, kind, product = rows
    n = len(account)
    country, asn = _places(rng, world, account)
    score = rng.beta(0.4, 12, n).astype(np.float32)
    if hour == DRIFT_HOUR:
        score[(product == API) & (rng.random(n) < DRIFT)] = 0.9
    often_reported = np.where(account % 997 == 0, 0.2, 0.004)
    return {
        "time": time,
        "account": account,
        "kind": kind,
        "product": product,
        "device": _devices(rng, world, account),
        "ip": _addresses(rng, account),
        "asn": asn,
        "country": country,
        "text": _texts(rng, n, hour),
        "textual": np.isin(kind, TEXTUAL),
        "score": score,
        "reported": (kind == DELIVERED) & (rng.random(n) < often_reported),
        "tokens": rng.lognormal(5, 1.2, n),
        "amount": rng.lognormal(3, 1, n),
    }


def _places(rng: np.random.Generator, world: World, account: Integers) -> tuple[Integers, Integers]:
    """Country and network of each event: home, but for travel (0.4 %) and mobile use (5 %)."""
    country, asn = world.country[account].copy(), world.asn[account].copy()
    travel = rng.random(len(account)) < TRAVEL
    country[travel] = rng.choice(60, travel.sum(), p=world.country_shares)
    asn[travel] = country[travel].astype(np.uint32) * 50 + rng.integers(0, 50, travel.sum())
    mobile = rng.random(len(account)) < MOBILE
    asn[mobile] = country[mobile].astype(np.uint32) * 50 + rng.integers(0, 4, mobile.sum())
    return country, asn


def _devices(rng: np.random.Generator, world: World, account: Integers) -> Integers:
    """Two devices an account; members of a farm use the farm's device half of the time.

    Numbers are scattered over 32 bits, one to one, so that they say nothing about the account.
    """
    device = account * 2 + (rng.random(len(account)) < SECOND_DEVICE)
    farm = world.farm[account]
    shared = (farm >= 0) & (rng.random(len(account)) < FARM_DEVICE)
    device[shared] = 2 * len(world.farm) + farm[shared]
    return device * 0x9E3779B1 & 0xFFFFFFFF


def _addresses(rng: np.random.Generator, account: Integers) -> Integers:
    """Three addresses an account; one event in ten comes from 5,000 carrier addresses."""
    own = _mix((account * 3 + rng.integers(0, 3, len(account))).astype(np.uint64))
    carrier = _mix((account % 5000 + 99_000_000).astype(np.uint64))
    found = np.where(rng.random(len(account)) < CARRIER, carrier, own)
    return (found & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def _texts(rng: np.random.Generator, n: int, hour: int) -> U64:
    """A hash a text; one text in 25 is one of the hour of day's templates."""
    text = rng.integers(0, 2**64, n, dtype=np.uint64)
    template = rng.random(n) < TEMPLATE
    chosen = rng.zipf(1.5, template.sum()).clip(1, 200_000).astype(np.uint64)
    text[template] = _mix(chosen * np.uint64(24) + np.uint64(hour % 24))
    return text


def _frame(columns: Columns, *, first_id: int) -> pl.DataFrame:
    """Events in the contract's schema."""
    n = len(columns["time"])
    series = {name: pl.Series(values) for name, values in columns.items()}
    start = int(START.timestamp()) * 1_000_000
    agent = _mix(columns["account"].astype(np.uint64)) % np.uint64(len(AGENTS))
    found = pl.DataFrame(
        {
            "event_id": pl.int_range(first_id, first_id + n, eager=True),
            "occurred_at": series["time"] + start,
            "product": _names(PRODUCTS, columns["product"]),
            "account_id": series["account"],
            "device_id": series["device"],
            "ip": series["ip"],
            "asn": series["asn"],
            "country": _names(COUNTRIES, columns["country"]),
            "user_agent": _names(AGENTS, agent),
            "event_type": _names(TYPES, columns["kind"]),
            "text_hash": series["text"].set(~series["textual"], None),
            "tokens": np.where(columns["kind"] == TYPES.index("prompt"), columns["tokens"], 0),
            "amount": np.where(columns["kind"] == PAYMENT, columns["amount"], 0),
            "classifier_score": series["score"],
            "reported": series["reported"],
        }
    )
    return found.cast({name: CONTRACT.schema[name] for name in found.columns})


def _names(names: tuple[str, ...], codes: NDArray[np.generic]) -> pl.Series:
    return pl.Series(names).gather(pl.Series(codes))


def _mix(values: U64) -> U64:
    """splitmix64's finaliser (Steele, Lea and Flood, 2014)."""
    x = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
