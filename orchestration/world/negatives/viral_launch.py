"""A prompt goes viral: within a day a wave of people signs up, and all try the same words."""

import numpy as np
import polars as pl

from orchestration.world import people, texts
from orchestration.world.conversations import prompts, scored, small_talk
from orchestration.world.draws import poisson_rows
from orchestration.world.rhythm import after, at
from orchestration.world.world import Deeds, Plan, World, named, stamped

NEW, CURIOUS = 0.012, 0.02  # people, as a share of the accounts there are
AT_LEAST = 60
PEAK = 0.25  # of the wave, which is when it is highest
WORD_FOR_WORD = 0.8


def run(world: World, plan: Plan) -> Deeds:
    """Sign-ups of newcomers; prompts of theirs and of people who were here before."""
    rng, ends = plan.rng, plan.ends(hours=24)
    seconds = (ends - plan.start).total_seconds()
    size = AT_LEAST + int(world.accounts * NEW * rng.uniform(0.7, 1.3))
    arrival = np.sort(rng.triangular(0, PEAK, 1, size)) * seconds * 0.9
    fresh = people.newcomers(rng, at(plan.start, arrival))
    old = world.some(rng, AT_LEAST + int(world.accounts * CURIOUS), plan.start, "chat")
    known = ("email_domain", "email_hash", "phone_hash")
    signups = stamped(fresh, fresh["created_at"], **{name: pl.col(name) for name in known})
    crowd = pl.concat([fresh, old.cast(fresh.schema)])
    came = np.concatenate([arrival, rng.triangular(0, PEAK, 1, old.height) * seconds * 0.9])
    rows = poisson_rows(rng, np.full(crowd.height, 2.2))
    n = len(rows)
    times = after(at(plan.start, came[rows]), rng.exponential(seconds * 0.02, n) + 20)
    words = texts.templated(rng, "viral", n, families=1, freedom=0.5)
    own = pl.Series(rng.random(n) >= WORD_FOR_WORD)
    text = words["text"].zip_with(own, pl.repeat(words["text"][0], n, eager=True))
    tried = prompts(
        rng, crowd[rows], times, texts.worded(text, words["template_hash"]),
        refused=pl.Series(rng.random(n) < 0.06),
        raised={
            "score_jailbreak": scored(rng, n, 1.2, 5),
            "score_harassment": scored(rng, n, 1.2, 6),
        },
    )  # fmt: skip
    tried = tried.filter(pl.col("occurred_at") < ends)
    return Deeds(
        {
            ("chat", "prompts"): pl.concat([tried, small_talk(rng, fresh, plan, ends, each=1)]),
            ("accounts", "signups"): signups,
        },
        named(
            tried["account_id"], account_id=tried["account_id"],
            template_hash=tried["template_hash"], text_hash=tried["text_hash"],
        ),
    )  # fmt: skip
