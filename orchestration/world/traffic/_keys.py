"""API keys and their habits: who holds them, from where they call, how much, and which models.

Habits follow from an account's id alone, so every day, and every campaign that takes over a key,
sees the same ones.
"""

from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from orchestration.world import network
from orchestration.world.draws import Real, Whole
from orchestration.world.world import DAY, World

PERSON, BACKEND, JOB = 0, 1, 2
KINDS = np.array([0.68, 0.9])  # share of people; of people and backends; the rest are jobs
RATES = np.array([9.0, 45.0, 60.0])  # median of calls on a working day, by kind
SPREADS = np.array([1.4, 1.5, 0.8])
BUSIEST = 30_000.0
MODEL_SHARES = np.array([0.38, 0.66, 0.82, 0.9, 1.0])  # cumulative, of traffic.api.MODELS
RELEASE, ROTATION = 14, 90  # days between new templates, and between new keys
NOTEBOOKS = 0.12  # of people call from a server
NAMING = 0.65  # of backends say on whose behalf they call
SERVERS = 4000
FLEETS = np.array([1, 1, 1, 1, 2, 4, 12])  # addresses that a backend or job calls from
Numbers = NDArray[np.uint64]


def keys(world: World, day: datetime) -> pl.DataFrame:
    """One row per account that holds a key when a day begins, with the habits of that key.

    Besides the account's own columns: `kind`, `rate` (calls on a working day), `model` (a row of
    MODELS), `asks` and `answers` (usual tokens), `users` (its own end users; `names` if it sends
    who they are), `release` (grows when templates change), `number` (for `trait`), `server` and
    `fleet` (the first row of `servers` and how many; 0: it calls from home), and the key and the
    client's address and software of that day. `rotated` says that the key is new that day.
    """
    owners = world.present(day).filter("api")
    number = owners["account_id"].str.slice(1).cast(pl.UInt64).to_numpy()
    kind = np.searchsorted(KINDS, trait(number, 1), side="right")
    size = np.exp(SPREADS[kind] * ndtri(trait(number, 2)))
    age = (day - world.start) / DAY
    epoch = np.floor(age / ROTATION + trait(number, 3)).astype(np.int64)
    before = np.floor((age - 1) / ROTATION + trait(number, 3)).astype(np.int64)
    clients = (trait(number, 5) * len(network.CLIENTS)).astype(np.int64)
    return _housed(world, owners, number, kind).with_columns(
        kind=pl.Series(kind),
        rate=pl.Series(np.minimum(RATES[kind] * size, BUSIEST)),
        model=pl.Series(np.searchsorted(MODEL_SHARES, trait(number, 6), side="right")),
        asks=pl.Series(700 * np.exp(1.0 * ndtri(trait(number, 7)))),
        answers=pl.Series(260 * np.exp(0.8 * ndtri(trait(number, 8)))),
        users=pl.Series((3 + 0.4 * RATES[kind] * size).astype(np.int64)),
        names=pl.Series((kind == BACKEND) & (trait(number, 13) < NAMING)),
        release=pl.Series(np.floor(age / RELEASE + trait(number, 9)).astype(np.int64)),
        number=pl.Series(number),
        key_id=pl.when(pl.Series(epoch > 0)).then(derived("k", number, epoch)).otherwise("key_id"),
        rotated=pl.Series((epoch > before) & (epoch > 0)),
        user_agent=pl.Series(network.CLIENTS).gather(clients),
    )


def servers(world: World) -> pl.DataFrame:
    """Addresses that backends call from; neighbours belong to one network."""
    return network.hosting(world.draws("api", "servers"), SERVERS).sort("asn", maintain_order=True)


def trait(number: Numbers, salt: int) -> Real:
    """A number in (0, 1) that belongs to an account, one for each salt; evenly distributed."""
    mixed = number * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0xD1B54A32D192ED03 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    chances: Real = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
    return chances


def derived(prefix: str, number: Numbers, salt: Whole) -> pl.Series:
    """Ids that follow from an account and a number, and look like all others."""
    mixed = trait(number + salt.astype(np.uint64) * np.uint64(10**12 + 39), 77)
    digits = pl.Series((mixed * 10**11).astype(np.int64)).cast(pl.String)
    return digits.str.zfill(11).str.replace("^", prefix)


def _housed(world: World, owners: pl.DataFrame, number: Numbers, kind: Whole) -> pl.DataFrame:
    """Backends and jobs, and some people's notebooks, call from servers of one network each."""
    server = (trait(number, 10) * (SERVERS - FLEETS.max())).astype(np.int64)
    size = FLEETS[(trait(number, 4) * len(FLEETS)).astype(np.int64)]
    hosted = (kind != PERSON) | (trait(number, 11) < NOTEBOOKS)
    mine = servers(world)[server]
    return owners.with_columns(
        *(
            pl.when(pl.lit(pl.Series(hosted))).then(pl.lit(mine[name])).otherwise(name).alias(name)
            for name in ("ip", "asn", "country")
        ),
        server=pl.Series(server),
        fleet=pl.Series(np.where(hosted, np.where(kind == PERSON, 1, size), 0)),
    )
