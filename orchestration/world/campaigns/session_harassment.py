"""People are insulted and threatened in live sessions until they leave.

Loud: a gang calls or raids one target after another for an evening; scores and reports are high in
every minute. Slow: each harasser starts a session or two a day. Evasive: many accounts call the
same few people once or twice each with words that classifiers rate low; targets seldom report, but
block; nothing but the repeated target gives them away.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import lognormal
from orchestration.world.traffic import images, live
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # accounts, sessions each, targets, hours, usual score, reports a minute
    "loud": (9, 7, 22, 6, 0.78, 1.2),
    "slow": (11, 8, 45, 140, 0.68, 0.3),
    "evasive": (44, 3, 4, 125, 0.3, 0.02),
}


def run(world: World, plan: Plan) -> Deeds:
    """Sessions with their targets, the reports in them, and ordinary calls besides."""
    accounts, _, targets, *_ = SHAPES[plan.variant]
    size = int(accounts * plan.rng.uniform(0.8, 1.25))
    known = world.some(plan.rng, size + targets, plan.start, "live")
    victims = known.head(min(targets, known.height // 3))
    people = known[victims.height :].head(size)
    minutes = _minutes(plan, people, victims)
    filed = live.reports(plan.rng, minutes, world.some(plan.rng, 300, plan.start))
    account = minutes["account_id"]
    return Deeds(
        {
            ("live", "live_sessions"): pl.concat(
                [minutes, live.besides(plan.rng, world, people, plan)]
            ),
            ("live", "user_reports"): filed.filter(pl.col("occurred_at") < plan.until),
        },
        named(
            account, account_id=account, target_id=account, session_id=minutes["session_id"],
            device_id=minutes["device_id"], peer_id=minutes["peer_id"],
        ),
    )  # fmt: skip


def _minutes(plan: Plan, people: pl.DataFrame, victims: pl.DataFrame) -> pl.DataFrame:
    rng = plan.rng
    _, each, _, hours, score, reported = SHAPES[plan.variant]
    n = int(people.height * each * rng.uniform(0.85, 1.15))
    who = people[np.arange(n) % people.height]
    begins = images.at_hours(
        rng, who["offset"].to_numpy(), plan.start, plan.ends(hours=hours), hours=(9, 2)
    )
    lengths = 2 + lognormal(rng, n, median=7, spread=0.6).astype(np.int64)
    minutes = live.talks(
        rng, somewhere(rng, who), begins, plan.until, lengths=lengths,
        peers=victims["account_id"].gather(rng.integers(0, victims.height, n)),
    )  # fmt: skip
    warm = np.repeat(rng.random(n) < 0.85, lengths)  # the rest is small talk first
    raid = np.repeat(lognormal(rng, n, median=9, spread=0.7), lengths).astype(np.int64)
    blocks = (minutes["action"] == "end") & pl.Series(rng.random(len(warm)) < 0.4)
    return minutes.with_columns(
        score_harassment=images.scores(rng, np.where(warm, score, 0), firm=8),
        reports=pl.Series(rng.poisson(np.where(warm, reported, 0.01))),
        viewers=pl.Series(raid) if plan.variant == "loud" else "viewers",
        action=pl.when(blocks).then(pl.lit("block")).otherwise("action"),
    )
