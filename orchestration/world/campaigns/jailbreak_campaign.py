"""People who share a jailbreak try it until the model gives in: refusal, new wording, success.

Loud: a score of new accounts go through one template again and again within hours. Slow: a dozen
do so a few times a day for most of a week. Evasive: well over a hundred accounts, half of them
bought, come once a day and try two to four times in words of their own; all that they say is a
near duplicate of one text, and they chat about other things in between.
"""

import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.campaigns._asking import Shape, deeds, sessions
from orchestration.world.conversations import prompts, recruits, scored, small_talk, turns, within
from orchestration.world.world import Deeds, Plan, World

SHAPES = {
    "loud": Shape(22, 9, 7, (3, 7), 1, 0.1, 0.1, 2, (4.0, 2.0)),
    "slow": Shape(13, 132, 11, (3, 6), 2, 0.3, 0.3, 8, (3.4, 2.2)),
    "evasive": Shape(140, 150, 6, (2, 5), 12, 0.85, 0.5, 9, (2.6, 2.4)),
}
GIVES_IN = 0.6  # of sessions end with an answer
GAP = 50.0


def run(world: World, plan: Plan) -> Deeds:
    """Conversations of refusals and, often, an answer and some questions that build on it."""
    rng, shape = plan.rng, SHAPES[plan.variant]
    ends = plan.ends(hours=shape.hours)
    size = int(shape.accounts * rng.uniform(0.8, 1.2))
    ring, signups = recruits(rng, world, plan, size, ends, bought=shape.bought)
    holders, starts = sessions(rng, plan, ring, ends, each=shape.sessions)
    tries = rng.integers(*shape.asks, holders.height)
    works = rng.random(holders.height) < GIVES_IN
    of, number, times = turns(rng, starts, tries + works * rng.integers(1, 4, len(tries)), GAP)
    asks = number < tries[of]
    refused = asks & ~(works[of] & (number == tries[of] - 1)) & (rng.random(len(of)) < 0.97)
    n = len(of)
    words = texts.templated(rng, "jailbreak", n, families=shape.families, freedom=shape.freedom)
    then = texts.ordinary(rng, np.zeros(n, np.int64))
    written = pl.DataFrame({c: words[c].zip_with(pl.Series(asks), then[c]) for c in words.columns})
    score = np.where(asks, scored(rng, n, *shape.score), scored(rng, n, 1.3, 3.5))
    talk = prompts(
        rng, holders[of], times, written,
        refused=pl.Series(refused), conversation=of, raised={"score_jailbreak": score},
    )  # fmt: skip
    marked = within(plan, talk.with_columns(asks=pl.Series(asks)))
    cover = small_talk(rng, ring, plan, ends, each=shape.talks)
    return deeds(marked.filter("asks"), pl.concat([marked.drop("asks"), cover]), signups)
