"""The scoreboard's tables: campaigns, monitors, products and hard negatives over several worlds."""

from dataclasses import dataclass

import polars as pl

from orchestration.scoreboard.judge import Judgement

HOUR = 3600.0
TARGETS = {"loud": 0.9, "slow": 0.7, "evasive": 0.4}
PRECISION = 0.9
FALSE_A_DAY = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One world judged: its seed, the days evaluated, the truth about these days, the judgement."""

    seed: int
    days: int
    truth: pl.DataFrame
    judgement: Judgement


def campaigns(trials: list[Trial]) -> pl.DataFrame:
    """One row per kind and variant: actors, `recall` of them, `hours` to the first right finding.

    Recall is the mean over campaigns, each the share of its actors that any monitor caught; hours
    is the median over the campaigns that were seen at all, null where none was. `by` names the
    monitors by how many actors each caught. What nobody caught comes first.
    """
    each = pl.concat([_campaigns(trial) for trial in trials])
    return (
        each.group_by("kind", "variant")
        .agg(
            worlds=pl.len(),
            actors=pl.col("actors").sum(),
            caught=pl.col("caught").sum(),
            recall=pl.col("recall").mean(),
            hours=pl.col("hours").median(),
            by=pl.col("by").explode().drop_nulls(),
        )
        .with_columns(by=pl.col("by").map_elements(_often, return_dtype=pl.String))
        .sort(pl.col("caught") > 0, "recall", "kind", "variant")
    )


def variants(trials: list[Trial]) -> pl.DataFrame:
    """One row per variant: mean recall over campaigns, share of actors caught, and the target."""
    each = pl.concat([_campaigns(trial) for trial in trials])
    wanted = pl.DataFrame({"variant": list(TARGETS), "target": list(TARGETS.values())})
    return wanted.join(
        each.group_by("variant").agg(
            campaigns=pl.len(),
            recall=pl.col("recall").mean(),
            of_actors=pl.col("caught").sum() / pl.col("actors").sum(),
            unseen=(pl.col("caught") == 0).sum(),
        ),
        on="variant",
        how="left",
        maintain_order="left",
    )


def monitors(trials: list[Trial], names: list[str]) -> pl.DataFrame:
    """One row per monitor: findings, episodes (its entities), how many were right, false a day.

    Precision is of episodes, the unit that a person is asked about; null without any.
    """
    days = sum(trial.days for trial in trials)
    found = _findings(trials)
    episodes = found.group_by("seed", "monitor", "entity").agg(pl.col("right").any())
    actors = pl.concat([t.judgement.caught.select("monitor", "campaign", "actor") for t in trials])
    return (
        pl.DataFrame({"monitor": names}, schema={"monitor": pl.String})
        .join(found.group_by("monitor").agg(findings=pl.len()), on="monitor", how="left")
        .join(
            episodes.group_by("monitor").agg(episodes=pl.len(), right=pl.col("right").sum()),
            on="monitor",
            how="left",
        )
        .join(_false(found, "monitor", days), on="monitor", how="left")
        .join(actors.group_by("monitor").agg(actors=pl.len()), on="monitor", how="left")
        .with_columns(
            pl.col("findings", "episodes", "right", "actors", "false_a_day").fill_null(0),
            precision=pl.col("right") / pl.col("episodes"),
        )
        .sort("monitor")
    )


def products(trials: list[Trial], names: list[str]) -> pl.DataFrame:
    """One row per product: episodes, their precision, and false findings a day."""
    days = sum(trial.days for trial in trials)
    found = _findings(trials)
    episodes = found.group_by("seed", "product", "monitor", "entity").agg(pl.col("right").any())
    return (
        pl.DataFrame({"product": names}, schema={"product": pl.String})
        .join(
            episodes.group_by("product").agg(episodes=pl.len(), precision=pl.col("right").mean()),
            on="product",
            how="left",
        )
        .join(_false(found, "product", days), on="product", how="left")
        .with_columns(pl.col("episodes", "false_a_day").fill_null(0))
        .sort("product")
    )


def bystanders(trials: list[Trial]) -> pl.DataFrame:
    """One row per hard negative: false findings a day on its people, and by which monitors."""
    days = sum(trial.days for trial in trials)
    kinds = pl.concat([t.truth.filter(~pl.col("guilty")).select("kind") for t in trials]).unique()
    hit = _findings(trials).filter(pl.col("bystander").is_not_null())
    return (
        kinds.join(
            hit.group_by(kind="bystander").agg(
                false_a_day=pl.len() / days, by=pl.col("monitor").unique().sort().str.join(", ")
            ),
            on="kind",
            how="left",
        )
        .with_columns(pl.col("false_a_day").fill_null(0.0))
        .sort("kind")
    )


def precision(trials: list[Trial]) -> float | None:
    """Share of all episodes that are right; None without any."""
    found = _findings(trials)
    right = found.group_by("seed", "monitor", "entity").agg(pl.col("right").any())["right"]
    return None if right.is_empty() else float(right.sum() / len(right))


def _campaigns(trial: Trial) -> pl.DataFrame:
    """One row per campaign of one world."""
    key = ["campaign", "kind", "variant", "start"]
    actors = trial.truth.filter("guilty").group_by(key).agg(actors=pl.col("actor").n_unique())
    caught = trial.judgement.caught.group_by("campaign").agg(
        caught=pl.col("actor").n_unique(), first=pl.col("at").min(), by=pl.col("monitor")
    )
    wait = (pl.col("first") - pl.col("start")).dt.total_seconds() / HOUR
    return actors.join(caught, on="campaign", how="left").select(
        "kind",
        "variant",
        "actors",
        pl.col("caught").fill_null(0),
        recall=pl.col("caught").fill_null(0) / pl.col("actors"),
        hours=wait,
        by=pl.col("by"),
    )


def _findings(trials: list[Trial]) -> pl.DataFrame:
    return pl.concat([t.judgement.findings.with_columns(seed=pl.lit(t.seed)) for t in trials])


def _false(found: pl.DataFrame, by: str, days: int) -> pl.DataFrame:
    return found.group_by(by).agg(false_a_day=(~pl.col("right")).sum() / days)


def _often(names: pl.Series) -> str:
    """The three most frequent names, the most frequent first."""
    counts = pl.DataFrame({"name": names}).group_by("name").len()
    return ", ".join(counts.sort("len", "name", descending=[True, False])["name"].head(3))
