"""A well-liked streamer: after a lost match the chat boils over and viewers report."""

import numpy as np
import polars as pl

from orchestration.world.rhythm import at
from orchestration.world.traffic import images, live
from orchestration.world.world import DAY, Deeds, Plan, World, named

MINUTES = 190
VIEWERS = 2_600


def run(world: World, plan: Plan) -> Deeds:
    """A long broadcast a day by the same host; one of them has a bad half hour."""
    rng = plan.rng
    host = world.some(rng, 1, plan.start, "live")
    shows = max(1, min(5, (plan.until - plan.start) // DAY))
    room = (plan.until - plan.start).total_seconds() - MINUTES * 60
    starts = at(plan.start, (np.arange(shows) + rng.random(shows) * 0.2) / shows * room)
    minutes = live.talks(
        rng, host[np.zeros(shows, dtype=np.int64)], starts, plan.until,
        peers=pl.Series([None] * shows, dtype=pl.String),
        lengths=np.full(shows, MINUTES, dtype=np.int64),
    )  # fmt: skip
    n = minutes.height
    bad = int(rng.integers(0, shows)) * MINUTES + 110
    heat = np.zeros(n)
    heat[bad : bad + 35] = 1.0
    viewers = np.maximum(rng.normal(VIEWERS, VIEWERS / 6, n), 40).astype(np.int64)
    minutes = minutes.with_columns(
        viewers=pl.Series(viewers),
        reports=pl.Series(rng.poisson(np.where(heat > 0, 6.0, 0.12))),
        score_harassment=images.scores(rng, heat * rng.uniform(0.35, 0.6), odd=0.02),
    )
    filed = live.reports(rng, minutes, world.some(rng, 400, plan.start)).with_columns(
        dismissed=pl.Series([True]).new_from_index(0, int(minutes["reports"].sum()))
    )
    account = host["account_id"]
    return Deeds(
        {
            ("live", "live_sessions"): minutes,
            ("live", "user_reports"): filed.filter(pl.col("occurred_at") < plan.until),
        },
        named(
            minutes["account_id"], account_id=account[0], target_id=account[0],
            session_id=minutes["session_id"],
        ),
    )  # fmt: skip
