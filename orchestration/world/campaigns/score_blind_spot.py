"""A classifier stops scoring, so that nobody sees what happens.

Loud: no prompt is scored, whatever the model, for some hours. Slow: a growing share of one model's
prompts is not scored, over days. Evasive: only the prompts to one model in one language go without.

Who does this is the product itself. Honest traffic asks `unscored` which of its prompts it hits;
the events of the campaign are those of a few more people who meet it.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.conversations import MODELS, SCORES, prompts
from orchestration.world.rhythm import spread
from orchestration.world.world import VARIANTS, WEEK, Deeds, Plan, World, named

SHAPES = {  # share of the block that it lasts, most hours, share unscored first and last
    "loud": (0.03, 5.0, 1.0, 1.0),
    "slow": (0.55, 96.0, 0.05, 0.9),
    "evasive": (0.3, 48.0, 0.85, 0.95),
}
PRODUCT = "chat"
MEETING_IT = 60


@dataclass(frozen=True, slots=True)
class Incident:
    """Prompts to `models` in `language` (None: in all) have no scores from start to end."""

    start: datetime
    end: datetime
    models: list[str]
    language: str | None
    first: float
    last: float


def incident(world: World, variant: str, moment: datetime) -> Incident:
    """The incident of one variant in the week of the world that holds a moment."""
    start = world.start + (moment - world.start) // WEEK * WEEK
    rng = world.draws("blind spot", variant, start)
    block = min(start + WEEK, world.end) - start
    share, hours, first, last = SHAPES[variant]
    length = min(share * block, hours / 168 * WEEK) * float(rng.uniform(0.8, 1.2))
    begin = start + block * float(rng.uniform(0.21, 0.32))
    model = MODELS[rng.choice(len(MODELS) - 1)]
    language = texts.LANGUAGES[rng.integers(0, 4)] if variant == "evasive" else None
    return Incident(
        begin, begin + length, MODELS if variant == "loud" else [model], language, first, last
    )


def unscored(world: World, day: datetime, events: pl.DataFrame) -> pl.DataFrame:
    """Prompts of a day, without scores where an incident of the week hits them."""
    chance = pl.Series(world.draws("unscored", day).random(events.height))
    time, hit = pl.col("occurred_at"), pl.lit(value=False)
    for variant in VARIANTS:
        now = incident(world, variant, day)
        done = (time - now.start) / (now.end - now.start)
        inside = time.is_between(now.start, now.end) & pl.col("model").is_in(now.models)
        if now.language is not None:
            inside &= pl.col("language") == now.language
        hit |= inside & (pl.lit(chance) < now.first + (now.last - now.first) * done)
    lost = [pl.when(~hit.fill_null(value=False)).then(f"score_{name}") for name in SCORES]
    return events.with_columns(
        expression.alias(f"score_{name}") for expression, name in zip(lost, SCORES, strict=True)
    )


def run(world: World, plan: Plan) -> Deeds:
    """Prompts that are not scored while an incident lasts, of honest people who notice nothing."""
    rng, now = plan.rng, incident(world, plan.variant, plan.start)
    rows = world.some(rng, MEETING_IT, plan.start, "chat")
    n = rows.height
    language = texts.LANGUAGES.index(now.language or "en")
    times = spread(rng, n, now.start, now.end, even=True)
    met = prompts(rng, rows, times, texts.ordinary(rng, np.full(n, language)))
    events = met.with_columns(
        model=pl.Series(now.models).gather(rng.integers(0, len(now.models), n)),
        **{f"score_{name}": pl.lit(None, pl.Float64) for name in SCORES},
    )
    actor = pl.Series([PRODUCT] * len(now.models))
    return Deeds(
        {(PRODUCT, "prompts"): events},
        named(actor, product=PRODUCT, model=pl.Series(now.models)),
    )
