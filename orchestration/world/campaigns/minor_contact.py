"""Adults seek children in live sessions and ask them to go on elsewhere.

Loud: an account calls dozens of children in a day and asks most of them at once. Slow: two or three
a day. Evasive: a handful of children each over the block, several calls before the question; the
classifier is unsure of their age, so that only unknown peers, doubtful ages and questions together
tell.
"""

import numpy as np
import polars as pl

from orchestration.world.draws import Whole, lognormal
from orchestration.world.traffic import images, live
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import Deeds, Plan, World, named

SHAPES = {  # accounts, peers each, calls with a peer, hours, usual score, share asked
    "loud": (6, 26, 1, 12, 0.76, 0.55),
    "slow": (9, 13, 1, 140, 0.7, 0.5),
    "evasive": (13, 6, 3, 150, 0.48, 0.7),
}


def run(world: World, plan: Plan) -> Deeds:
    """Calls with children, the questions in them, and ordinary calls besides."""
    rng = plan.rng
    accounts, peers, calls, hours, _, _ = SHAPES[plan.variant]
    people = world.some(rng, int(accounts * rng.uniform(0.8, 1.25)), plan.start, "live")
    pairs = int(people.height * peers * rng.uniform(0.85, 1.15))
    children = world.some(rng, pairs, plan.start)["account_id"]
    pair = np.repeat(np.arange(pairs), calls)
    who = people[pair % people.height]
    begins = images.at_hours(
        rng, who["offset"].to_numpy(), plan.start, plan.ends(hours=hours), hours=(13, 23)
    )
    begins = pl.DataFrame({"pair": pair, "at": begins}).sort("pair", "at")["at"]
    lengths = 3 + lognormal(rng, len(pair), median=6, spread=0.6).astype(np.int64)
    talks = live.talks(
        rng, somewhere(rng, who), begins, plan.until, lengths=lengths,
        peers=children.gather(pair % len(children)),
    )  # fmt: skip
    minutes = _contacts(plan, talks, lengths, last=np.arange(len(pair)) % calls == calls - 1)
    filed = live.reports(rng, minutes, world.some(rng, 50, plan.start))
    account = minutes["account_id"]
    return Deeds(
        {
            ("live", "live_sessions"): pl.concat(
                [minutes, live.besides(rng, world, people, plan)]
            ),
            ("live", "user_reports"): filed.filter(pl.col("occurred_at") < plan.until),
        },
        named(
            account, account_id=account, target_id=account, session_id=minutes["session_id"],
            device_id=minutes["device_id"],
        ),
    )  # fmt: skip


def _contacts(plan: Plan, talks: pl.DataFrame, lengths: Whole, *, last: np.ndarray) -> pl.DataFrame:
    """Minutes with the question near the end of the last call of a pair."""
    rng = plan.rng
    *_, score, asked = SHAPES[plan.variant]
    n = len(lengths)
    of = np.repeat(np.arange(n), lengths)
    late = np.arange(len(of)) == (np.cumsum(lengths) - 2)[of]
    asks = pl.Series(late & (last & (rng.random(n) < asked))[of])
    blocks = (talks["action"] == "end") & pl.Series((rng.random(n) < 0.12)[of])
    known = np.where(rng.random(n) < 0.15, 0.12, score)[of]  # some sound older
    return talks.with_columns(
        action=pl.when(asks).then(pl.lit("contact_move")).when(blocks).then(pl.lit("block"))
        .otherwise("action"),
        score_minor=images.scores(rng, known, firm=9),
        score_sexual=images.scores(rng, np.where(rng.random(len(of)) < 0.15, 0.3, 0)),
        reports=pl.Series(rng.poisson(0.006, len(of))),
    )  # fmt: skip
