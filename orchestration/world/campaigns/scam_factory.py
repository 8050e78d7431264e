"""A ring has a model write its lures and sends them to strangers.

Loud: some twenty new accounts write to hundreds of people in a few hours, all with one link. Slow:
a dozen accounts send ten or so a day for a week. Evasive: nearly a hundred accounts, half of them
bought, send a handful a day in varied words with throwaway links; what they share is the prompt
that makes the lures, the lures' likeness, and a dozen domains.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.conversations import (
    acting,
    complaints,
    human_times,
    messages,
    prompts,
    recruits,
    scored,
    small_talk,
    strangers,
    within,
)
from orchestration.world.draws import poisson_rows
from orchestration.world.traffic.messages import sites
from orchestration.world.world import Deeds, Plan, World, named


class Shape(NamedTuple):
    """How many, how fast and how alike."""

    accounts: int
    hours: float
    sent: float  # messages by each account
    asked: float  # prompts by each account
    domains: int
    families: int
    freedom: float
    bought: float
    spam: tuple[float, float]


SHAPES = {
    "loud": Shape(20, 7, 60, 14, 1, 1, 0.05, 0.1, (3.0, 2.2)),
    "slow": Shape(12, 150, 55, 16, 2, 2, 0.3, 0.3, (2.4, 2.6)),
    "evasive": Shape(90, 150, 18, 5, 12, 8, 0.8, 0.5, (1.6, 3.0)),
}


def run(world: World, plan: Plan) -> Deeds:
    """Prompts that make lures, the lures as messages, some answers and reports."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    ends = plan.ends(hours=shape.hours)
    size = int(shape.accounts * rng.uniform(0.8, 1.2))
    ring, signups = recruits(rng, world, plan, size, ends, bought=shape.bought)
    asking = ring[poisson_rows(rng, np.full(ring.height, shape.asked))]
    begin = acting(plan, ends)
    score = scored(rng, asking.height, 2.6, 2.4)
    asked = prompts(
        rng, asking, human_times(rng, asking["offset"].to_numpy(), begin, ends),
        texts.templated(rng, "scam", asking.height, families=shape.families, freedom=shape.freedom),
        refused=pl.Series(rng.random(asking.height) < 0.12), raised={"score_scam": score},
    )  # fmt: skip
    rows = ring[poisson_rows(rng, np.full(ring.height, shape.sent))]
    n, victims = rows.height, strangers(rng, world, plan, rows.height)
    lures = texts.templated(rng, "scam", n, families=1, freedom=shape.freedom)
    sent = messages(
        rng, rows, human_times(rng, rows["offset"].to_numpy(), begin, ends), victims["account_id"],
        text=lures["text"], text_hash=lures["text_hash"],
        link_domain=sites(rng, shape.domains).gather(rng.integers(0, shape.domains, n))
        .set(pl.Series(rng.random(n) < 0.3), None),
        score_spam=pl.Series(scored(rng, n, *shape.spam)),
    )  # fmt: skip
    talk = small_talk(rng, ring, plan, ends, each=4)
    return Deeds(
        {
            ("chat", "prompts"): pl.concat([asked, talk]),
            ("chat", "messages"): pl.concat([sent, _answers(plan, victims, sent)], how="diagonal"),
            ("chat", "user_reports"): complaints(rng, plan, victims, sent, 0.015),
            ("accounts", "signups"): signups,
        },
        pl.concat(
            [
                named(
                    asked["account_id"], account_id=asked["account_id"],
                    template_hash=asked["template_hash"], text_hash=asked["text_hash"],
                ),
                named(
                    sent["account_id"], account_id=sent["account_id"], device_id=sent["device_id"],
                    text_hash=sent["text_hash"], link_domain=sent["link_domain"],
                ),
            ]
        ).unique(maintain_order=True),
    )  # fmt: skip


def _answers(plan: Plan, victims: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """What those few write back who believe it."""
    rng = plan.rng
    some = np.flatnonzero(rng.random(sent.height) < 0.04)
    n = len(some)
    written = texts.ordinary(rng, np.zeros(n, np.int64))
    late = pl.Series(rng.exponential(4e9, n)).cast(pl.Int64).cast(pl.Duration("us"))
    return within(
        plan,
        messages(
            rng, victims[some], sent["occurred_at"][some] + late, sent["account_id"][some],
            text=written["text"], text_hash=written["text_hash"],
        ),
    )  # fmt: skip
