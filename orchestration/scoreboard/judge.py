"""Findings against the truth of a simulated world: which are right, and who was caught.

A finding is right when an entity it names is a campaign's, during the campaign and on a product on
which it acts (or on `platform`): the entity it is about, or at least half of the `members` in its
evidence. That somebody is guilty of something else makes no finding right. Ids are unique among
kinds of entity, so they are compared as they are. An actor is caught when a right finding names any
entity of its.
"""

import json
from dataclasses import dataclass

import polars as pl

from monitors.columns import TIMESTAMP, schema

ACTOR = ["campaign", "actor"]
PLATFORM = "platform"
HALF = 0.5  # of a ring's members must be guilty for its finding to be right
JUDGED = schema(
    {
        "monitor": pl.String,
        "product": pl.String,
        "entity": pl.String,
        "window_end": TIMESTAMP,
        "right": pl.Boolean,
        "bystander": pl.String,
    }
)
CAUGHT = schema({"campaign": pl.String, "actor": pl.String, "monitor": pl.String, "at": TIMESTAMP})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the findings and the actors of one world.

    `findings`: one row per finding; `bystander` is the hard negative it hit, if it is wrong and
    hit one. `caught`: one row per campaign, actor and monitor that caught it, `at` the first time.
    """

    findings: pl.DataFrame
    caught: pl.DataFrame


def judge(findings: pl.DataFrame, truth: pl.DataFrame) -> Judgement:
    """Judge findings (as an evaluation stores them) by the truth (as the world writes it)."""
    found = findings.with_row_index("finding").with_columns(
        monitor=pl.concat_str("product", "monitor", separator="/"), members=_members(findings)
    )
    named = pl.concat(
        [
            found.select("finding", name="entity", own=pl.lit(value=True)),
            found.select("finding", name="members", own=pl.lit(value=False)).explode("name"),
        ]
    ).drop_nulls("name")
    guilty = _hits(found, named, truth.filter("guilty"))
    right = _right(found, guilty)
    others = _hits(found, named, truth.filter(~pl.col("guilty")))
    hit = others.sort("kind").group_by("finding").agg(bystander=pl.col("kind").first())
    judged = (
        found.with_columns(right=pl.col("finding").is_in(right.implode()))
        .join(hit, on="finding", how="left")
        .with_columns(pl.when(~pl.col("right")).then("bystander"))
    )
    caught = (
        guilty.filter(pl.col("finding").is_in(right.implode()))
        .join(found.select("finding", "monitor", "window_end"), on="finding")
        .group_by(*ACTOR, "monitor")
        .agg(at=pl.col("window_end").min())
        .sort(*ACTOR, "monitor")
    )
    return Judgement(judged.select(JUDGED.names()).cast(JUDGED), caught.cast(CAUGHT))


def _hits(found: pl.DataFrame, named: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """One row per finding, entity it names and actor whose entity that is at that time."""
    there = pl.col("products").str.split(" ").list.contains(pl.col("product"))
    return (
        named.join(truth, left_on="name", right_on="entity")
        .join(found.select("finding", "product", "window_start", "window_end"), on="finding")
        .filter(pl.col("window_start") <= pl.col("end"), pl.col("window_end") > pl.col("start"))
        .filter(there | (pl.col("product") == PLATFORM))
    )


def _right(found: pl.DataFrame, guilty: pl.DataFrame) -> pl.Series:
    """Findings about a guilty entity, or with enough guilty members."""
    own = guilty.filter("own")["finding"]
    members = found.select("finding", total=pl.col("members").list.len())
    shares = (
        guilty.filter(~pl.col("own"))
        .group_by("finding")
        .agg(bad=pl.col("name").n_unique())
        .join(members, on="finding")
        .filter(pl.col("bad") >= HALF * pl.col("total"))
    )
    return pl.concat([own, shares["finding"]]).unique()


def _members(findings: pl.DataFrame) -> pl.Series:
    """Ids in each finding's evidence under `members`; none where the monitor names none."""
    lists = [json.loads(text).get("members") or [] for text in findings["evidence"]]
    return pl.Series("members", lists, dtype=pl.List(pl.String))
