"""Monitor `chat/score_blind_spot`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.chat._weeks import DAY
from monitors.contract import Severity, monitor
from monitors.harms import Harm

LOOK_BACK = 28 * DAY
DAYS = 5  # with fewer before, nothing is usual yet
USUAL = 0.25  # this quantile of the days before stays low through outages of some weeks
LEAST = 20
THRESHOLD = 8.0
SCORES = ("jailbreak", "harassment", "sexual_minors", "self_harm", "violence", "malware", "scam",
          "extraction", "cbrn")  # fmt: skip
BY_MODEL = Activity(
    "prompts",
    by=("model",),
    sums={f"without_{name}": pl.col(f"score_{name}").is_null().sum() for name in SCORES},
)
SCORED: dict[str, object] = {f"score_{name}": 0.01 for name in SCORES}
CANARY = (
    Rows("prompts", n=280, at=-7 * DAY, every=DAY / 40, values={"model": "canary", **SCORED}),
    Rows("prompts", n=80, every=timedelta(minutes=1), values={"model": "canary"}),
)


@monitor(
    product="chat",
    harm=Harm.MONITORING_GAP,
    entity="model",
    version=1,
    authors=("mlang", "rkhan"),
    owner="chat-safety",
    threshold=THRESHOLD,
    near=5,
    window=LOOK_BACK,
    cadence="daily",
    severity=Severity.S1,
    action="page_owner",
    runbook="docs/runbooks/score_blind_spot.md",
    canary=CANARY,
    activity=(BY_MODEL,),
)
def score_blind_spot(prompts_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """A classifier stops scoring the prompts of a model, so that monitors see less than before.

    The day's prompts without a score beyond those expected, in standard deviations of chance (of
    a Poisson count, and at least one prompt), for the worst of the classifiers. Expected is the
    lower quartile of the share in the days of the 28 before. Null with fewer than 5 such days,
    and under 20 prompts. `classifiers` counts those over 8.

    Threshold: In four weeks of two simulated worlds days without a gap score 4.1 at most, and every
    model with a gap has a day over 116. On these days 12 to 59 % of its prompts had no score.

    Misses: A share that was always too high, models nobody asks much, gaps shorter than minutes,
    and the first days of a new model.

    False alarms: A model that is meant to be used without a classifier from now on, and a change
    in what people ask where short prompts are never scored.
    """
    day = pl.col("hour").dt.truncate("1d")
    days = (
        prompts_activity.filter(pl.col("model").is_not_null())
        .group_by("model", day=day)
        .agg(pl.sum("events"), pl.col("^without_.*$").sum())
    )
    long = days.unpivot(
        [f"without_{name}" for name in SCORES],
        index=["model", "day", "events"],
        variable_name="classifier",
        value_name="without",
    )
    key = ["model", "classifier"]
    today = long.join(period, how="cross").filter(pl.col("day") == pl.col("start"))
    past = (
        long.join(period.select("start"), how="cross")
        .filter(pl.col("day") < pl.col("start"), pl.col("day") >= pl.col("start") + DAY - LOOK_BACK)
        .group_by(*key, "start")
        .agg(usual=(pl.col("without") / pl.col("events")).quantile(USUAL, "linear"), days=pl.len())
    )
    expected = pl.col("usual") * pl.col("events")
    beyond = (pl.col("without") - expected) / pl.max_horizontal(expected, pl.lit(1.0)).sqrt()
    enough = (pl.col("days") >= DAYS) & (pl.col("events") >= LEAST)
    return (
        today.join(past, on=[*key, "start"], how="left")
        .with_columns(z=pl.when(enough).then(beyond))
        .group_by("model", "start", "end")
        .agg(
            score=pl.col("z").max(),
            prompts=pl.col("events").first(),
            without=pl.col("without").max(),
            classifiers=(pl.col("z") >= THRESHOLD).sum(),
        )
        .select(
            "model",
            "score",
            window_start="start",
            window_end="end",
            prompts="prompts",
            without="without",
            classifiers="classifiers",
        )
    )
