"""Honest traffic of `api`: people who try things, backends that serve users, and jobs."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
from scipy.special import ndtri

from orchestration.world import network
from orchestration.world.draws import Generator, Real, Whole, ids, lognormal, poisson_rows
from orchestration.world.rhythm import HUMAN, WEEKDAY, WORKDAY, after, at, moments, visits
from orchestration.world.traffic._keys import PERSON, derived, keys, servers, trait
from orchestration.world.world import DAY, WEEK, Tables, World, stamped

MODELS = ("small-3", "medium-3", "large-3", "reasoning-3", "embed-2")
PRICES = np.array([[0.15, 0.6], [1, 4], [3, 15], [5, 25], [0.02, 0]])  # USD per million tokens
VERBS = ("generate", "generate", "generate", "generate", "embed")
PATHS = [f"/v1/models/{model}:{verb}" for model, verb in zip(MODELS, VERBS, strict=True)]
STATUSES = np.array([200, 429, 400, 500, 503, 401])
STATUS_SHARES = np.array([0.969, 0.008, 0.015, 0.003, 0.002, 0.003])
ERRORS = {429: "rate_limited", 400: "invalid_request", 500: "internal", 503: "overloaded",
          401: "invalid_key"}  # fmt: skip
MOST_TEMPLATES = 120  # of one key at one time; two are usual
PUBLIC = 12  # templates from tutorials and frameworks, which everybody uses
BURST, BURST_SHARE = 220, 0.012  # calls when somebody runs a test; share of people a day
BUILDS = 0.06  # of people's keys are also used by hired build servers
ON_PHONE, ABROAD = 0.05, 0.02  # of people, on a day
UNKNOWN = 0.004  # of addresses are in no table of networks
FEW = ("account_id", "key_id", "ip", "asn", "country", "user_agent", "model", "asks", "answers")


def traffic(world: World, day: datetime) -> Tables:
    """Calls of one day, and the keys that their owners renewed."""
    rng = world.draws("api", day)
    owners = _moved(rng, keys(world, day))
    rows, times = _when(rng, owners, day)
    callers = _placed(world, rng, owners, rows)
    template = templates(world, rng, owners, rows)
    user = _end_users(world, rng, owners, rows)
    calls = requests(rng, callers, times, template_hash=template, end_user_id=user)
    refused = calls.select(pl.col("status").is_in([429, 500, 503]))["status"].arg_true()
    again = requests(
        rng,
        callers[refused],
        after(times.gather(refused), 1 + rng.exponential(6, len(refused))),
        smooth=True,
        template_hash=template.gather(refused),
        end_user_id=user.gather(refused),
    )
    renewed = owners.filter("rotated").drop("user_agent")
    return {
        ("api", "api_requests"): _struck(world, rng, day, pl.concat([calls, again])),
        ("accounts", "account_changes"): stamped(
            renewed, at(day, 86_399 * rng.random(renewed.height)), change="key_created"
        ),
    }


def requests(
    rng: Generator,
    rows: pl.DataFrame,
    occurred_at: pl.Series,
    *,
    smooth: bool = False,
    **columns: object,
) -> pl.DataFrame:
    """Calls that the keys in `rows` make, one a row: what is asked, how it ends and what it costs.

    `rows` need FEW of the columns of `keys`; `columns` replace or add columns of the contract.
    With `smooth` none fails.
    """
    n = rows.height
    other = rng.random(n) < 0.1
    model = np.where(other, rng.integers(0, len(MODELS), n), rows["model"].to_numpy())
    fate = np.searchsorted(np.cumsum(STATUS_SHARES), rng.random(n)).clip(0, 5)
    status = pl.Series(STATUSES[fate * (not smooth)])
    asks = rows["asks"].to_numpy() * np.exp(0.7 * rng.standard_normal(n))
    answers = rows["answers"].to_numpy() * np.exp(0.8 * rng.standard_normal(n)) * (model < 4)
    cost = (asks * PRICES[model, 0] + answers * PRICES[model, 1]) / 1e6
    fails, known = status != 200, pl.lit(pl.Series(rng.random(n) > UNKNOWN))
    given: dict[str, object] = {
        "asn": pl.when(known).then("asn"),
        "country": pl.when(known).then("country"),
        "key_id": pl.col("key_id"),
        "operation": pl.Series(VERBS).gather(model),
        "path": pl.Series(PATHS).gather(model),
        "status": status,
        "error": status.replace_strict(ERRORS, default=None, return_dtype=pl.String),
        "bytes_out": pl.Series((answers * 4.6 + 310).astype(np.int64)),
        "tokens_in": pl.Series(asks.astype(np.int64)).set(fails, None),
        "tokens_out": pl.Series(answers.astype(np.int64)).set(fails, None),
        "cost_usd": pl.Series(cost).set(fails, 0.0),
    }
    return stamped(rows.drop("device_id", strict=False), occurred_at, **(given | columns))


def templates(world: World, rng: Generator, owners: pl.DataFrame, rows: Whole) -> pl.Series:
    """Programs use a few templates of their own, people often none or a public one."""
    n = len(rows)
    number, release = owners["number"].to_numpy(), owners["release"].to_numpy()
    spread = np.exp(0.7 + 1.1 * ndtri(trait(number, 12)))
    count = np.clip(spread, 1, MOST_TEMPLATES).astype(np.int64)
    first = np.cumsum(count) - count
    each = np.arange(count.sum()) - np.repeat(first, count)
    salts = np.repeat(release, count) * MOST_TEMPLATES + each + 1000
    own = derived("t", np.repeat(number, count), salts)
    public = ids(world.draws("api", "public"), PUBLIC, "t")
    place = first[rows] + (count[rows] * rng.random(n) ** 1.5).astype(np.int64)
    person, chance = owners["kind"].to_numpy()[rows] == PERSON, rng.random(n)
    place = np.where(person & (chance < 0.13), len(own) + rng.integers(0, PUBLIC, n), place)
    none = np.where(person, chance > 0.5, chance > 0.96)
    return pl.concat([own, public]).gather(place).set(pl.Series(none), None)


def outage(world: World, day: datetime) -> tuple[datetime, datetime]:
    """The hour of the week's block in which the service partly fails."""
    start = world.start + (day - world.start) // WEEK * WEEK
    until = min(start + WEEK, world.end)
    begin = start + (0.3 + 0.6 * world.draws("api", "outage", start).random()) * (until - start)
    return begin, min(begin + timedelta(hours=1), until)


def _moved(rng: Generator, owners: pl.DataFrame) -> pl.DataFrame:
    """The owners where they are that day: a few on the phone, behind a VPN or abroad."""
    chance = pl.lit(pl.Series(rng.random(owners.height)))
    far = network.anywhere(rng, owners.height)
    tunnel = network.hosting(rng, owners.height)
    at_home = pl.col("fleet") == 0
    return owners.with_columns(
        pl.when(at_home & pl.col("vpn") & (chance > 0.5)).then(pl.lit(tunnel[name]))
        .when(at_home & (chance < ABROAD)).then(pl.lit(far[name]))
        .when(at_home & (chance < ABROAD + ON_PHONE)).then(phone).otherwise(name).alias(name)
        for name, phone in (("ip", "mobile_ip"), ("asn", "mobile_asn"), ("country", "country"))
    )  # fmt: skip


def _when(rng: Generator, owners: pl.DataFrame, day: datetime) -> tuple[Whole, pl.Series]:
    """The rows of those who call, one a call, and the times."""
    kind, offsets = owners["kind"].to_numpy(), owners["offset"].to_numpy()
    week = np.array([WORKDAY, WEEKDAY, (1.0,) * 7])[kind, day.weekday()]
    pace = owners["rate"].to_numpy() * week * lognormal(rng, len(kind), median=0.9, spread=0.4)
    people, backends, jobs = (poisson_rows(rng, np.where(kind == k, pace, 0.0)) for k in range(3))
    testers = np.flatnonzero((rng.random(len(kind)) < BURST_SHARE) & (kind == PERSON))
    tests = np.repeat(testers, rng.poisson(BURST, len(testers)))
    begins = (14 - offsets) * 3600 + 20_000 * rng.standard_normal(len(kind))
    times = [
        visits(rng, day, people, offsets[people]),
        moments(rng, day, _customers(rng, offsets[backends]), profile=HUMAN),
        _regular(rng, day, jobs),
        at(day, (begins[tests] + 2400 * rng.random(len(tests))) % 86_400),
    ]
    return np.concatenate([people, backends, jobs, tests]), pl.concat(times)


def _customers(rng: Generator, offsets: Real) -> Real:
    """Zones of those whom backends serve: mostly the owner's own, some anywhere."""
    far = rng.choice(network.OFFSETS, len(offsets), p=network.SHARES / network.SHARES.sum())
    return np.where(rng.random(len(offsets)) < 0.3, far, offsets)


def _regular(rng: Generator, day: datetime, rows: Whole) -> pl.Series:
    """Times of jobs: at equal distances all day, a little late now and then."""
    _, first, of, counts = np.unique(
        rows, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.arange(len(rows)) - first[of] + rng.random(len(first))[of]
    return at(day, (place / counts[of] * 86_400 + rng.exponential(2.0, len(rows))) % 86_400)


def _placed(world: World, rng: Generator, owners: pl.DataFrame, rows: Whole) -> pl.DataFrame:
    """The callers, one a call: fleets have several addresses, hired build servers any."""
    fleet, number = owners["fleet"].to_numpy(), owners["number"].to_numpy()
    places = servers(world)
    hosted = fleet[rows] > 1
    step = (rng.random(len(rows)) * fleet[rows]).astype(np.int64)
    at_server = places[owners["server"].to_numpy()[rows] + step]
    builds = ((trait(number, 15) < BUILDS) & (fleet == 0))[rows] & (rng.random(len(rows)) < 0.3)
    hired = places.filter(pl.col("asn") == 8075)
    at_hired = hired[rng.integers(0, hired.height, len(rows))]
    return owners.select(FEW)[rows].with_columns(
        pl.when(pl.lit(pl.Series(hosted))).then(pl.lit(at_server[name]))
        .when(pl.lit(pl.Series(builds))).then(pl.lit(at_hired[name])).otherwise(name).alias(name)
        for name in ("ip", "asn", "country")
    )  # fmt: skip


def _end_users(world: World, rng: Generator, owners: pl.DataFrame, rows: Whole) -> pl.Series:
    """Most backends say on whose behalf they call; few users of theirs are busy."""
    pool = ids(world.draws("api", "end users"), max(2000, world.accounts // 2), "n")
    number, users = owners["number"].to_numpy(), owners["users"].to_numpy()
    names = owners["names"].to_numpy()
    first = (trait(number, 14) * len(pool)).astype(np.int64)
    user = first[rows] + (users[rows] * rng.random(len(rows)) ** 2).astype(np.int64)
    return pool.gather(user % len(pool)).set(pl.Series(~names[rows]), None)


def _struck(world: World, rng: Generator, day: datetime, calls: pl.DataFrame) -> pl.DataFrame:
    """The calls as an outage leaves them: most fail, and twenty minutes are not logged at all."""
    begin, end = outage(world, day)
    if end <= day or begin >= day + DAY:
        return calls
    time, third = pl.col("occurred_at"), (end - begin) / 3
    hit = time.is_between(begin, end, closed="left") & pl.Series(rng.random(calls.height) < 0.6)
    failed = {"status": 503, "error": "overloaded", "tokens_in": None, "tokens_out": None,
              "cost_usd": 0.0}  # fmt: skip
    return calls.with_columns(
        pl.when(hit).then(pl.lit(value)).otherwise(name).alias(name)
        for name, value in failed.items()
    ).filter(~time.is_between(begin + third, begin + 2 * third, closed="left"))
