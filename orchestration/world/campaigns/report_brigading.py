"""A crowd reports people whom it dislikes, so that they are closed.

Loud: dozens report one person within hours, many with new accounts. Slow: a smaller crowd reports
three people over days. Evasive: over a hundred aged accounts report five people a few times each
over most of a week, pick varied reasons and report others at random as well; no target stands out
much on a day, but it is always the same reporters who meet again.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.world.conversations import acting, human_times, recruits, small_talk
from orchestration.world.draws import ids, pick, poisson_rows
from orchestration.world.traffic.messages import REASON_SHARES, REASONS
from orchestration.world.world import Deeds, Plan, World, named, stamped


class Shape(NamedTuple):
    """How many report whom, how often."""

    reporters: int
    hours: float
    targets: int
    reports: float  # about targets, by each reporter
    others: float  # about people at random, by each reporter
    bought: float


SHAPES = {
    "loud": Shape(55, 4, 1, 1.3, 0.05, 0.4),
    "slow": Shape(32, 110, 3, 3.2, 0.2, 0.7),
    "evasive": Shape(130, 150, 5, 3.0, 1.2, 1.0),
}
OUTCOMES = [True, False, None]  # dismissed, upheld, not reviewed yet


def run(world: World, plan: Plan) -> Deeds:
    """Reports about the targets, and some about others; few are upheld."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    ends = plan.ends(hours=shape.hours)
    size = int(shape.reporters * rng.uniform(0.8, 1.2))
    crowd, signups = recruits(rng, world, plan, size, ends, bought=shape.bought)
    targets = world.some(rng, shape.targets, plan.start)["account_id"]
    aimed = poisson_rows(rng, np.full(crowd.height, shape.reports))
    stray = poisson_rows(rng, np.full(crowd.height, shape.others))
    rows = crowd[np.concatenate([aimed, stray])]
    anybody = world.present(plan.start)["account_id"]
    about = pl.concat(
        [
            targets.gather(rng.integers(0, len(targets), len(aimed))),
            anybody.gather(rng.integers(0, len(anybody), len(stray))),
        ]
    )
    n = rows.height
    agreed = REASONS[rng.integers(0, 3)]
    varied = pick(rng, REASONS, n, REASON_SHARES)
    same = pl.Series(rng.random(n) < {"loud": 0.9, "slow": 0.6, "evasive": 0.15}[plan.variant])
    reports = stamped(
        rows, human_times(rng, rows["offset"].to_numpy(), acting(plan, ends), ends),
        target_id=about, item_id=ids(rng, n, "m").set(pl.Series(rng.random(n) < 0.5), None),
        reason=varied.set(same, agreed),
        dismissed=pl.Series(OUTCOMES).gather(rng.choice(3, n, p=[0.55, 0.07, 0.38])),
    )  # fmt: skip
    hostile = reports.head(len(aimed))
    return Deeds(
        {
            ("chat", "user_reports"): reports,
            ("chat", "prompts"): small_talk(rng, crowd, plan, ends, each=3),
            ("accounts", "signups"): signups,
        },
        named(
            hostile["account_id"], account_id=hostile["account_id"],
            device_id=hostile["device_id"], target_id=hostile["target_id"],
        ),
    )  # fmt: skip
