"""A few people who do fifty times as much as others, by hand and with scripts, week after week."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.world.campaigns._parts import daily, gathered, programs
from orchestration.world.draws import ids, lognormal
from orchestration.world.rhythm import HUMAN, OFFICE
from orchestration.world.traffic.api import requests
from orchestration.world.world import DAY, Deeds, Plan, World, named, stamped

PEOPLE = 3
CALLS, PROMPTS = 450, 220  # a day
TEMPLATES = 12
CONVERSATIONS = 40  # a person and week
SCORES = ("score_jailbreak", "score_harassment", "score_malware", "score_scam", "score_extraction")


def run(world: World, plan: Plan) -> Deeds:
    """Calls and prompts at the waking hours of each; the same people every week."""
    rng, who = plan.rng, world.draws("power_user")
    people = programs(
        who, world.some(who, PEOPLE, world.start, "chat"), models=(0, 1, 2), answers=500
    )
    templates = ids(who, PEOPLE * TEMPLATES, "t")
    hours = (plan.until - plan.start) / DAY * 24
    rows = np.repeat(np.arange(people.height), rng.poisson(CALLS * hours / 24, people.height))
    calls = requests(
        rng,
        people[rows],
        _times(rng, plan, people, rows, OFFICE),
        template_hash=templates.gather(rows * TEMPLATES + rng.integers(0, TEMPLATES, len(rows))),
    )
    asks = np.repeat(np.arange(people.height), rng.poisson(PROMPTS * hours / 24, people.height))
    return Deeds(
        gathered(
            plan,
            {
                ("api", "api_requests"): calls,
                ("chat", "prompts"): _prompts(rng, plan, people, asks),
            },
        ),
        named(
            people["account_id"], account_id=people["account_id"], key_id=people["key_id"],
            ip=people["ip"], device_id=people["device_id"],
        ),
    )  # fmt: skip


def _times(
    rng: np.random.Generator,
    plan: Plan,
    people: pl.DataFrame,
    rows: NDArray[np.int64],
    profile: NDArray[np.float64],
) -> pl.Series:
    hours = (plan.until - plan.start) / DAY * 24
    return daily(rng, plan, people["offset"].to_numpy()[rows], hours=hours, profile=profile)


def _prompts(
    rng: np.random.Generator, plan: Plan, people: pl.DataFrame, rows: NDArray[np.int64]
) -> pl.DataFrame:
    """Prompts without text; the scores are those of honest people, now and then a high one."""
    n = len(rows)
    talks = ids(rng, people.height * CONVERSATIONS, "v")
    scores: dict[str, Any] = {
        name: pl.Series(rng.beta(0.5, 14, n)).set(pl.Series(rng.random(n) < 0.02), None)
        for name in SCORES
    }
    return stamped(
        people[rows],
        _times(rng, plan, people, rows, HUMAN),
        conversation_id=talks.gather(rows * CONVERSATIONS + rng.integers(0, CONVERSATIONS, n)),
        model="large-3",
        refused=pl.Series(rng.random(n) < 0.01),
        language="en",
        characters=pl.Series(lognormal(rng, n, median=300, spread=1.1).astype(np.int64)),
        **scores,
    )
