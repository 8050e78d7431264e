"""A made-up day of messages with some abuse in it, the same for both sides of the comparison."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

START = datetime(2026, 11, 2, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
COUNTRIES = np.array([f"{a}{b}" for a in "ABCDEFGH" for b in "QRSTUVWX"][:60])
CLIENTS = np.array([f"Client/{i}.0 (Platform {i % 12}; Engine/{i % 7})" for i in range(2000)])
NETWORKS = 120  # so few, because ElastAlert's change rule prints all it knows at every event
RARE = 2000  # one event in so many comes from client software never seen before
MOVED = 1000  # one event in so many comes from a network's other country

Integers = NDArray[np.int64]


def generate(n: int, *, seed: int = 7) -> pl.DataFrame:
    """About `n` events of one day, one row per message, in the order of their times.

    `n` / 20 accounts, whose activity falls with their rank as in Zipf's law, and `n` / 4000 abusive
    accounts of each kind: one sends 60 messages in an hour, one writes to 40 strangers in an hour,
    one sends three an hour and then 60 in half an hour. A few networks change their country, and
    some accounts, recipients, countries and clients are missing. Times are whole milliseconds.
    """
    rng = np.random.default_rng(seed)
    abusers = max(n // 4000, 4)
    parts = [_honest(rng, n - 196 * abusers, n // 20)]
    parts += [_burst(rng, account, strangers=False) for account in range(abusers)]
    parts += [_burst(rng, account, strangers=True) for account in range(abusers, 2 * abusers)]
    parts += [_spike(rng, account) for account in range(2 * abusers, 3 * abusers)]
    time, account, recipient = np.concatenate(parts, axis=1)
    order = np.argsort(time, kind="stable")
    time, account, recipient = time[order], account[order], recipient[order]
    network = rng.integers(0, NETWORKS, len(time))
    return pl.DataFrame(
        {
            "event_id": [f"{i:016x}" for i in rng.integers(0, 2**63, len(time))],
            "occurred_at": pl.Series(time // 1000 * 1000) + int(START.timestamp()) * SECOND,
            "account_id": _named("acct", account, rng.random(len(time)) < 0.0001),
            "recipient_id": _named("user", recipient, rng.random(len(time)) < 0.001),
            "asn": network + 64_512,
            "country": _countries(rng, network),
            "client": _clients(rng, len(time)),
        },
        schema_overrides={"occurred_at": pl.Datetime("us", "UTC")},
    ).with_columns(pl.col("account_id", "recipient_id", "country", "client").cast(pl.Categorical))


def write_lines(events: pl.DataFrame, path: Path) -> None:
    """Write events as JSON lines, times as microseconds since 1970."""
    rows = events.with_columns(pl.col("occurred_at").dt.timestamp("us")).iter_rows(named=True)
    with path.open("w") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def _honest(rng: np.random.Generator, n: int, accounts: int) -> Integers:
    weights = np.cumsum(np.arange(accounts // 10, accounts * 11 // 10) ** -0.85)
    rank = np.searchsorted(weights / weights[-1], rng.random(n))
    account = rng.permutation(accounts)[rank.clip(0, accounts - 1)]
    hour = 1 + 0.6 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    time = rng.choice(24, n, p=hour / hour.sum()) * HOUR + rng.integers(0, HOUR, n)
    partner = account * 8 + rng.integers(0, 8, n)  # everybody writes to eight others
    return np.stack([time, account, partner])


def _burst(rng: np.random.Generator, account: int, *, strangers: bool) -> Integers:
    n = 40 if strangers else 60
    time = rng.integers(0, DAY - HOUR) + rng.integers(0, HOUR, n)
    recipient = rng.integers(0, 10**7, n) if strangers else np.full(n, account * 8)
    return np.stack([time, np.full(n, account), recipient])


def _spike(rng: np.random.Generator, account: int) -> Integers:
    calm = np.repeat(np.arange(12) * HOUR, 3) + rng.integers(0, HOUR, 36)
    time = np.concatenate([calm, 12 * HOUR + rng.integers(0, HOUR // 2, 60)])
    time += rng.integers(0, 11 * HOUR)
    return np.stack([time, np.full(96, account), np.full(96, account * 8)])


def _named(prefix: str, number: Integers, missing: NDArray[np.bool_]) -> list[str | None]:
    return [
        None if gone else f"{prefix}_{i:08d}" for i, gone in zip(number, missing, strict=True)
    ]


def _countries(rng: np.random.Generator, network: Integers) -> pl.Series:
    """Country of each event's network: nearly always the same."""
    moved = rng.random(len(network)) < 1 / MOVED
    country = pl.Series(COUNTRIES[(network + moved) % len(COUNTRIES)])
    return country.set(pl.Series(rng.random(len(network)) < 0.001), None)


def _clients(rng: np.random.Generator, n: int) -> pl.Series:
    """Known clients, some missing or empty, and a few never seen before."""
    clients = pl.Series(CLIENTS[rng.integers(0, len(CLIENTS), n)])
    clients = clients.set(pl.Series(rng.random(n) < 0.001), None)
    clients = clients.set(pl.Series(rng.random(n) < 0.001), "")
    rare = np.flatnonzero(rng.random(n) < 1 / RARE)
    names = pl.Series([f"Headless/{i}" for i in rng.integers(0, len(rare) * 2 + 1, len(rare))])
    return clients.scatter(rare, names)
