"""For an hour most API calls fail, twenty minutes are not logged, and clients try again and again.

The failing itself and the gap are in `traffic.api`; here are the clients that do not give up.
"""

from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world.campaigns._parts import gathered
from orchestration.world.draws import Generator
from orchestration.world.rhythm import after
from orchestration.world.traffic._keys import keys
from orchestration.world.traffic.api import outage, requests, traffic
from orchestration.world.world import DAY, Deeds, Plan, Tables, World, named

PATIENCE = 3  # times that a client tries again
STILL = 0.55  # of these fail, too


def run(world: World, plan: Plan) -> Deeds:
    """What the failed calls of the outage's hour lead to."""
    midnight = world.start + (plan.start - world.start) // DAY * DAY
    begin, end = outage(world, midnight)
    first = world.start + (begin - world.start) // DAY * DAY
    days = [first] if end <= first + DAY else [first, first + DAY]
    parts = [_again(plan.rng, world, day) for day in days]
    time, third = pl.col("occurred_at"), (end - begin) / 3
    logged = ~time.is_between(begin + third, begin + 2 * third, closed="left")
    events = {
        name: frame.filter(logged, time < end) for name, frame in gathered(plan, *parts).items()
    }
    tried = events["api", "api_requests"]
    return Deeds(
        events, named(tried["account_id"], account_id=tried["account_id"], key_id=tried["key_id"])
    )


def _again(rng: Generator, world: World, day: datetime) -> Tables:
    """The failed calls of a day's part of the hour, each repeated with growing pauses."""
    begin, end = outage(world, day)
    time = pl.col("occurred_at")
    failed = traffic(world, day)["api", "api_requests"].filter(
        time >= begin, time < end, pl.col("status") == 503
    )
    habits = keys(world, day).select("account_id", "model", "asks", "answers")
    failed = failed.join(habits, on="account_id", maintain_order="left")
    number = np.tile(np.arange(1, PATIENCE + 1), failed.height)
    rows = np.repeat(np.arange(failed.height), PATIENCE)
    callers = failed[rows]
    pauses = 2.0**number * rng.uniform(1, 6, len(rows))
    calls = requests(
        rng, callers, after(callers["occurred_at"], pauses), smooth=True,
        template_hash=pl.col("template_hash"), end_user_id=pl.col("end_user_id"),
    )  # fmt: skip
    still = pl.lit(pl.Series(rng.random(len(rows)) < STILL))
    failure = {"status": pl.lit(503), "error": pl.lit("overloaded"), "tokens_in": pl.lit(None),
               "tokens_out": pl.lit(None), "cost_usd": pl.lit(0.0)}  # fmt: skip
    kept = pl.Series(rng.random(len(rows)) < STILL ** (number - 1))
    return {
        ("api", "api_requests"): calls.with_columns(
            pl.when(still).then(value).otherwise(name).alias(name)
            for name, value in failure.items()
        ).filter(kept)
    }
