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
CLIENTS = np.array([f"Client/{i}.0 (Platform {i % 12}; Engine/{i % 7})" for i in range(3000)])
NETWORKS = 120  # so few, because ElastAlert's change rule prints all it knows at every event
MISSING = 0.001  # share of events without a recipient, country or client
SIGNED_OUT = 0.0001  # share of events without an account
RARE = 0.0005  # share of events from client software that nobody knows
MOVED = 0.001  # share of events from a network's other country

Integers = NDArray[np.int64]


def generate(n: int, *, seed: int = 7) -> pl.DataFrame:
    """About `n` events of one day, one row per message, in the order of their times.

    `n` / 20 accounts, whose activity falls with their rank as in Zipf's law, and `n` / 4000 abusive
    accounts of each kind: one sends 60 messages in an hour, one writes to 40 strangers in an hour,
    one sends three an hour and then 60 in half an hour. Times are whole milliseconds.
    """
    rng = np.random.default_rng(seed)
    abusers = max(n // 4000, 4)
    parts = [_honest(rng, n - 196 * abusers, n // 20)]
    parts += [_burst(rng, account, strangers=False) for account in range(abusers)]
    parts += [_burst(rng, account, strangers=True) for account in range(abusers, 2 * abusers)]
    parts += [_spike(rng, account) for account in range(2 * abusers, 3 * abusers)]
    time, account, recipient = np.concatenate(parts, axis=1)
    order = np.argsort(time, kind="stable")
    time, account, recipient = time[order] // 1000 * 1000, account[order], recipient[order]
    network = rng.integers(0, NETWORKS, len(time))
    return pl.DataFrame(
        {
            "event_id": [f"{i:016x}" for i in rng.integers(0, 2**63, len(time))],
            "occurred_at": time + int(START.timestamp()) * SECOND,
            "account_id": _some(rng, _named("acct", account), SIGNED_OUT),
            "recipient_id": _some(rng, _named("user", recipient), MISSING),
            "asn": network + 64_512,
            "country": _some(rng, _countries(rng, network), MISSING),
            "client": _some(rng, _clients(rng, len(time)), MISSING),
        },
        schema_overrides={"occurred_at": pl.Datetime("us", "UTC")},
    )


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


def _named(prefix: str, numbers: Integers) -> pl.Series:
    return pl.Series([f"{prefix}_{number:08d}" for number in numbers])


def _some(rng: np.random.Generator, values: pl.Series, missing: float) -> pl.Series:
    return values.set(pl.Series(rng.random(len(values)) < missing), None)


def _countries(rng: np.random.Generator, network: Integers) -> pl.Series:
    """Country of each event's network: nearly always the same."""
    moved = rng.random(len(network)) < MOVED
    return pl.Series(COUNTRIES[(network + moved) % len(COUNTRIES)])


def _clients(rng: np.random.Generator, n: int) -> pl.Series:
    """Known clients, some empty, and a few that nobody knows."""
    clients = pl.Series(CLIENTS[rng.integers(0, len(CLIENTS), n)])
    clients = clients.set(pl.Series(rng.random(n) < MISSING), "")
    rare = np.flatnonzero(rng.random(n) < RARE)
    names = pl.Series([f"Headless/{i}" for i in rng.integers(0, 2 * n, len(rare))])
    return clients.scatter(rare, names)
