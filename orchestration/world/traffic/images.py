"""Honest traffic of `images`: people make pictures, edit their own, and are refused at times."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from orchestration.world.draws import Generator, Real, Whole, ids, lognormal, pick, poisson_rows
from orchestration.world.rhythm import WEEKDAY, after, visits
from orchestration.world.rhythm import at as times_at
from orchestration.world.traffic.accounts import somewhere
from orchestration.world.world import DAY, Plan, Tables, World, stamped

WORKS = 0.55  # pieces of work, of some tries each, a day and person of usual activity
EDITS = 0.35  # of pieces of work begin with a picture of one's own
BOLD = 0.02  # of people: fashion, art, medicine
CLERKS = 0.015  # of people: sample certificates, forms, mock-ups of cards
TRENDS = 0.06  # of prompts are what everybody asks for these days
MEMES = 0.05  # of pictures given are passed around
REFUSED = 0.004  # without a reason that a score shows
MODELS = ["image-2", "image-2-mini", "image-1"]
MODEL_SHARES = np.array([60, 32, 8], dtype=float)
KINDS = ["a poster of", "a photo of", "a logo with", "an oil painting of", "a sketch of",
         "a birthday card with", "a banner showing", "a sticker of", "an icon of",
         "a slide about", "a mural of", "a pattern of"]  # fmt: skip
SUBJECTS = ["a lighthouse", "two cats", "a bakery", "a mountain bike", "a robot", "our garden",
            "a city tram", "a violin", "a football team", "a coffee cup", "an old map", "a whale",
            "a wedding cake", "a library", "a dragon", "the moon", "a toy car", "a farm",
            "a rainy street", "a bouquet", "a spaceship", "a fox", "a beach", "a chess board",
            "a kitchen", "a castle", "a fireplace", "a teapot", "an owl", "a ferry"]  # fmt: skip
STYLES = ["in watercolour", "in pastel colours", "at night", "in the style of a comic", "minimal",
          "with soft light", "in black and white", "as pixel art", "seen from above", "in autumn",
          "with bold lines", "very detailed", "for children", "retro", "as a paper cut",
          "in the snow", "on a white background", "with a red frame", "tilted", "wide"]  # fmt: skip
TOLD = len(KINDS) * len(SUBJECTS) * len(STYLES)
VERSIONS = 90  # of each wording: "version 7"


def traffic(world: World, day: datetime) -> Tables:
    """Pictures of one day."""
    rng = world.draws("images", day)
    people = makers(world).filter(pl.col("created_at") < day + DAY)
    pace = people["activity"].to_numpy() * WEEKDAY[day.weekday()] * WORKS
    rows = poisson_rows(rng, np.minimum(pace, 16))
    starts = visits(rng, day, rows, people["offset"].to_numpy()[rows])
    return {("images", "images"): pictures(rng, somewhere(rng, people[rows]), starts, day + DAY)}


def makers(world: World) -> pl.DataFrame:
    """Everybody who ever makes images; `bold` and `clerk` are habits that classifiers dislike."""
    luck = world.draws("images", "habits").random((world.people.height, 2))
    habits = {"bold": luck[:, 0] < BOLD, "clerk": luck[:, 1] < CLERKS}
    return world.people.with_columns(
        *(pl.Series(name, values) for name, values in habits.items())
    ).filter("images")


def pictures(rng: Generator, who: pl.DataFrame, starts: pl.Series, until: datetime) -> pl.DataFrame:
    """Every try of one honest piece of work per row of `who`, from its start on."""
    n = who.height
    lengths = np.minimum(rng.geometric(0.34, n), 30).astype(np.int64)
    pauses = lognormal(rng, int(lengths.sum()), median=45, spread=0.8)
    of, at = runs(starts, lengths, pauses, until)
    step = np.arange(len(of)) - (np.cumsum(lengths) - lengths)[of]
    own = (rng.random(n) < EDITS)[of]
    operation = np.where(own, np.where(step == 0, "upload", "edit"), "generate")
    operation = np.where((step > 1) & (rng.random(len(of)) < 0.06), "upscale", operation)
    wordings = _usual(rng, rng.integers(0, TOLD * VERSIONS, len(of)), TRENDS)
    again = (step > 0) & (rng.random(len(of)) < 0.4)  # the same words once more
    wordings = wordings[np.maximum.accumulate(np.where(again, 0, np.arange(len(of))))]
    photos = _usual(rng, rng.integers(10**6, 10**15, n), MEMES)
    made = stamped(
        who[of], at,
        operation=pl.Series(operation),
        model=pick(rng, MODELS, n, MODEL_SHARES).gather(of),
        upload_hash=hashed(photos, "i").gather(of).set(pl.Series(~own), None),
        prompt=told(wordings).set(pl.Series(operation == "upload"), None),
        prompt_hash=hashed(wordings, "h").set(pl.Series(operation == "upload"), None),
        output_hash=ids(rng, len(of), "o"),
        **_scores(rng, who, of, operation),
    )  # fmt: skip
    return judged(rng, made)


def judged(rng: Generator, made: pl.DataFrame, *, strict: float = 0.85) -> pl.DataFrame:
    """Pictures with a refusal where a score is high (`strict` of them), seldom without one."""
    high = pl.max_horizontal("score_sexual", "score_undress", "score_violence", "score_document")
    luck = pl.lit(pl.Series(rng.random(made.height)))
    refused = pl.when(high > 0.7).then(luck < strict).otherwise(luck < REFUSED)
    upload = pl.col("operation") == "upload"
    return made.with_columns(refused=pl.when(~upload).then(refused)).with_columns(
        output_hash=pl.when(pl.col("refused") | upload).then(None).otherwise("output_hash"),
    )


def besides(rng: Generator, people: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """What people of a campaign make like everybody else while it lasts."""
    who = somewhere(rng, people[rng.integers(0, people.height, people.height * 2)])
    zones = who["offset"].to_numpy()
    return pictures(
        rng, who, at_hours(rng, zones, plan.start, plan.until, hours=(8, 24)), plan.until
    )


def scores(rng: Generator, means: Real, *, odd: float = 0.0, firm: float = 7.0) -> pl.Series:
    """Probabilities of a classifier, one per mean; 0 means that there is nothing to see.

    Beta-distributed, so that single values stray far from their mean, the less the firmer. A
    share `odd` of those with nothing to see looks like something all the same.
    """
    n = len(means)
    quiet = rng.beta(0.7, 16.0, 4096)[rng.integers(0, 4096, n)]
    strange = np.flatnonzero((means <= 0) & (rng.random(n) < odd))
    quiet[strange] = rng.beta(2.2, 2.4, len(strange))
    seen = np.flatnonzero(means > 0)
    quiet[seen] = rng.beta(means[seen] * firm, (1 - means[seen]) * firm)
    return pl.Series(np.round(quiet, 4))


def runs(starts: pl.Series, lengths: Whole, gaps: Real, until: datetime) -> tuple[Whole, pl.Series]:
    """Events that follow each other: which run each belongs to, and when it happens.

    One run per start. `gaps` are the seconds before each event of all runs, in order; those of
    the first events do not count. A run that would outlast `until` begins earlier.
    """
    of = np.repeat(np.arange(len(lengths)), lengths)
    first = np.cumsum(lengths) - lengths
    waits = gaps.copy()
    waits[first] = 0.0
    total = np.cumsum(waits)
    elapsed = total - total[first][of]
    whole = pl.Series(elapsed[first + lengths - 1] * 1e6).cast(pl.Int64).cast(pl.Duration("us"))
    latest = until - timedelta(seconds=1) - whole
    begins = pl.select(pl.min_horizontal(starts, pl.lit(latest))).to_series()
    return of, after(begins.gather(of), elapsed)


def told(wordings: Whole) -> pl.Series:
    """The words of prompts by number; equal numbers have equal words."""
    version, base = wordings // TOLD, wordings % TOLD
    parts = pl.DataFrame(
        {
            "kind": pl.Series(KINDS).gather(base % len(KINDS)),
            "subject": pl.Series(SUBJECTS).gather(base // len(KINDS) % len(SUBJECTS)),
            "style": pl.Series(STYLES).gather(base // len(KINDS) // len(SUBJECTS)),
            "version": pl.Series([f"version {v}" for v in range(VERSIONS)]).gather(version),
        }
    )
    return parts.select(prompt=pl.concat_str(pl.all(), separator=" "))["prompt"]


def hashed(numbers: Whole, prefix: str) -> pl.Series:
    """An id per number that shows nothing of it; equal numbers have equal ids.

    The mixing is SplitMix64's (Steele, Lea and Flood, 2014).
    """
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    digits = pl.Series("id", (mixed ^ (mixed >> np.uint64(31))) % np.uint64(10**11))
    return digits.cast(pl.String).str.zfill(11).str.replace("^", prefix)


def at_hours(
    rng: Generator, offsets: Real, start: datetime, until: datetime, *, hours: tuple[int, int]
) -> pl.Series:
    """A time in [start, until) per zone, at random but within those local hours.

    Where the span has few such hours, some times fall outside them.
    """
    span = (until - start).total_seconds() - 1
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = (start - midnight).total_seconds() + offsets * 3600
    seconds = rng.random(len(offsets)) * span
    for _ in range(24):
        local = (ahead + seconds) / 3600
        wrong = (local - hours[0]) % 24 >= (hours[1] - hours[0] - 1) % 24 + 1
        seconds = np.where(wrong, rng.random(len(offsets)) * span, seconds)
    return times_at(start, seconds)


def _usual(rng: Generator, numbers: Whole, share: float) -> Whole:
    """The numbers, but for a share that has one of those in fashion, some far more than others."""
    fashion = np.minimum(rng.pareto(0.9, len(numbers)) * 20, 10**5).astype(np.int64)
    return np.where(rng.random(len(numbers)) < share, fashion, numbers)


def _scores(
    rng: Generator, who: pl.DataFrame, of: Whole, operation: np.ndarray
) -> dict[str, pl.Series]:
    none = pl.Series([False]).new_from_index(0, who.height)
    bold = who.get_column("bold", default=none).to_numpy()[of] & (rng.random(len(of)) < 0.4)
    clerk = who.get_column("clerk", default=none).to_numpy()[of] & (rng.random(len(of)) < 0.4)
    zero = np.zeros(len(of))
    edit = operation == "edit"
    late = pl.Series(rng.random(len(of)) < 0.004)  # the classifiers did not answer in time
    found = {
        "score_sexual": scores(rng, np.where(bold, 0.38, 0.0), odd=0.008),
        "score_minor": scores(rng, zero, odd=0.012),
        "score_undress": scores(rng, np.where(bold & edit, 0.3, 0.0), odd=0.006).set(
            pl.Series(~edit), None
        ),
        "score_likeness": scores(rng, np.where(edit, 0.3, 0.0), odd=0.05),
        "score_violence": scores(rng, zero, odd=0.004),
        "score_document": scores(rng, np.where(clerk, 0.4, 0.0), odd=0.006),
    }
    return {name: values.set(late, None) for name, values in found.items()}
