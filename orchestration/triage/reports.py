"""User reports: what each weighs, by who reports, how often, and with whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from monitors.columns import TIMESTAMP, schema
from monitors.finding_ids import microseconds
from orchestration.alerts.keys import key_of

PRIOR = 2  # valid and invalid reports that everybody is taken to have made
MICROSECOND = timedelta(microseconds=1)
REPORTS = schema(
    {
        "report": pl.String,
        "reporter": pl.String,
        "target": pl.String,
        "reason": pl.String,
        "reported_at": TIMESTAMP,
        "account_created_at": TIMESTAMP,
        "ring": pl.String,
    }
)
DECIDED = schema({"reporter": pl.String, "valid": pl.Boolean})


@dataclass(frozen=True, slots=True)
class Habits:
    """When reports are one, and when many of them on one target are a campaign.

    A campaign is at least `reporters` within `within`, of whom the `share` or more are doubtful:
    their reputation is below `doubtful`, or their account younger than `new`, or it is linked to
    another that reports the same target.
    """

    same_within: timedelta = timedelta(days=1)
    within: timedelta = timedelta(hours=1)
    reporters: int = 8
    share: float = 0.6
    doubtful: float = 0.4
    new: timedelta = timedelta(days=7)


USUAL = Habits()


def reputations(decided: pl.DataFrame) -> pl.DataFrame:
    """Per reporter the mean of Beta(2, 2) after their decided reports, with its count `n`.

    `decided` has the columns of DECIDED; `valid` is null where nobody has decided, which counts
    neither way. Who was never decided on is not there, and stands at 0.5.
    """
    counted = decided.drop_nulls("valid").group_by("reporter")
    valid, n = pl.col("valid").sum(), pl.len()
    return counted.agg(n=n, reputation=(valid + PRIOR) / (n + 2 * PRIOR)).sort("reporter")


def report_key(
    reporter: str, target: str, reason: str, at: datetime, within: timedelta = USUAL.same_within
) -> str:
    """What repeated reports share: who, whom, why, and the window of time, counted from 1970."""
    window = microseconds(at) // (within // MICROSECOND)
    return key_of("report", reporter, target, reason, str(window))


def weighed(reports: pl.DataFrame, known: pl.DataFrame, habits: Habits = USUAL) -> pl.DataFrame:
    """Every report, in its order, with its `weight` over 0 and what made it so.

    `reports` has the columns of REPORTS; null `account_created_at` or `ring`: unknown, which makes
    nobody doubtful. `known` is what `reputations` gives. Added: `reputation`; `repeats`, the
    reports with the same key, which share the weight of one; `doubtful`; `campaign`, whether it
    came in one; `shared_by`, the doubtful reports of its campaign, which weigh as one together (1
    for all others; repeats count once); `weight` = reputation / repeats / shared_by.
    """
    rows = (
        reports.with_row_index("row")
        .join(known.select("reporter", "reputation"), on="reporter", how="left")
        .with_columns(pl.col("reputation").fill_null(0.5))
        .with_columns(
            repeats=pl.len().over("reporter", "target", "reason", _window(habits)),
            doubtful=_doubtful(habits),
        )
    )
    rows = _in_campaigns(rows, habits)
    weight = pl.col("reputation") / pl.col("repeats") / pl.col("shared_by")
    return rows.with_columns(weight=weight).sort("row").drop("row")


def _window(habits: Habits) -> pl.Expr:
    return pl.col("reported_at").dt.epoch("us") // (habits.same_within // MICROSECOND)


def _doubtful(habits: Habits) -> pl.Expr:
    age = pl.col("reported_at") - pl.col("account_created_at")
    linked = pl.col("ring").is_not_null() & (
        pl.col("reporter").n_unique().over("target", "ring") > 1
    )
    low = pl.col("reputation") < habits.doubtful
    return low | (age < habits.new).fill_null(value=False) | linked


def _in_campaigns(rows: pl.DataFrame, habits: Habits) -> pl.DataFrame:
    """With `campaign` and `shared_by`. A campaign lasts while its reports come within the time."""
    ordered = rows.sort("target", "reported_at", "row")
    joined = ordered.join_asof(
        _ends(ordered, habits),
        on="reported_at",
        by="target",
        strategy="forward",
        tolerance=habits.within,
        check_sortedness=False,
    ).with_columns(campaign=pl.col("ended_at").is_not_null())
    calm = 2 * habits.within  # before the first
    since = pl.col("reported_at").diff().over("target", "campaign").fill_null(calm)
    number = (since > habits.within).cum_sum().over("target", "campaign")
    keys = pl.struct("reporter", "reason", _window(habits)).filter(pl.col("doubtful")).n_unique()
    shared = keys.over("target", "campaign", number)
    counts = pl.when(pl.col("campaign") & pl.col("doubtful")).then(shared).otherwise(1)
    return joined.with_columns(shared_by=counts).drop("ended_at")


def _ends(ordered: pl.DataFrame, habits: Habits) -> pl.DataFrame:
    """When it was true that enough reporters, enough of them doubtful, came within the time."""
    return (
        ordered.rolling("reported_at", period=habits.within, closed="both", group_by="target")
        .agg(
            reporters=pl.col("reporter").n_unique(),
            doubters=pl.col("reporter").filter(pl.col("doubtful")).n_unique(),
        )
        .filter(
            pl.col("reporters") >= habits.reporters,
            pl.col("doubters") >= habits.share * pl.col("reporters"),
        )
        .select("target", "reported_at", ended_at="reported_at")
        .unique()
        .sort("target", "reported_at")
    )
