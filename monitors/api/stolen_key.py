"""Monitor `api/stolen_key`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

HOUR, SETTLED = timedelta(hours=1), timedelta(days=3)
TRAITS = ("asn", "user_agent", "template_hash")
USED = Baseline(Activity("api_requests", by=("key_id", *TRAITS)), days=28)
OWN = {"key_id": "canary", "asn": 64500, "user_agent": "own/1", "template_hash": "own"}
CANARY = (
    Rows("api_requests", n=15, at=timedelta(days=-16), every=timedelta(days=1), values=OWN),
    Rows(
        "api_requests",
        n=8,
        every=timedelta(minutes=1),
        values={"key_id": "canary", "asn": 64501, "user_agent": "thief/1", "template_hash": "{i}"},
    ),
)


@monitor(
    product="api",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="key_id",
    version=1,
    authors=("rkhan", "asato"),
    owner="api-security",
    threshold=3,
    near=2,
    window=timedelta(hours=23),
    cadence="hourly",
    severity=Severity.S1,
    action="rotate_key",
    runbook="docs/runbooks/stolen_key.md",
    canary=CANARY,
    baseline=(USED,),
)
def stolen_key(api_requests: pl.LazyFrame, api_requests_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """A key is used with a client or network and for templates that are all new to it.

    Counts, from midnight UTC to the end of the hour, the requests in which two things are new
    against the key's last 28 days: the client and the template; or, where that is more, the
    network and the template, as far as the known network goes on being used in later hours, for
    owners who move take their work with them. Null for keys whose history spans under 3 days.

    Threshold: On 14 days of two development worlds honest keys never score over 1, whether they
    travel, share a key in a team or deploy. Of 48 stolen keys 46 reach it: 3 to 33 where the thief
    is slow, 4 to 225 where evasive, and 209 or more, one key with 3 apart, where loud.

    Misses: Thieves who copy the owner's client from the owner's network, who send no templates,
    or whose key is younger than 3 days; and what a thief repeats from the day before.

    False alarms: A new release of a service that moves to another provider, another client and
    other prompts on one day, and a second developer who gets the same key.
    """
    hour = pl.col("occurred_at").dt.truncate("1h").alias("hour")
    keyed = api_requests.filter(pl.col("key_id").is_not_null()).with_columns(hour)
    settled = _settled(api_requests_baseline)
    fresh = (
        keyed.filter(pl.col("template_hash").is_not_null())
        .join(api_requests_baseline, on=["key_id", "template_hash"], how="anti")
        .join(settled, on="key_id", how="semi")
    )
    suspects = fresh.select("key_id").unique()
    known = api_requests_baseline.join(suspects, on="key_id", how="semi")
    strange = _new(_new(fresh, known, "asn"), known, "user_agent")
    theirs = keyed.join(suspects, on="key_id", how="semi")
    usual = _new(theirs, known, "asn").filter(~pl.col("new_asn"))
    per_hour = (
        keyed.group_by("key_id", "hour")
        .agg(requests=pl.len().cast(pl.Int64))
        .join(_counted(strange), on=["key_id", "hour"], how="left")
        .join(
            usual.group_by("key_id", "hour").agg(usual=pl.len().cast(pl.Int64)),
            on=["key_id", "hour"],
            how="left",
        )
        .join(settled.with_columns(settled=pl.lit(value=True)), on="key_id", how="left")
    )
    return _scored(per_hour)


def _settled(baseline: pl.LazyFrame) -> pl.LazyFrame:
    """Keys that are known well enough for something to be new to them."""
    spans = baseline.group_by("key_id").agg(
        span=pl.col("last_seen").max() - pl.col("first_seen").min()
    )
    return spans.filter(pl.col("span") >= SETTLED).select("key_id")


def _new(requests: pl.LazyFrame, known: pl.LazyFrame, trait: str) -> pl.LazyFrame:
    """Add `new_<trait>`: whether the key never had it; what the log does not know is not new."""
    had = known.select("key_id", trait).unique().with_columns(had=pl.lit(value=True))
    new = pl.col(trait).is_not_null() & pl.col("had").is_null()
    return (
        requests.join(had, on=["key_id", trait], how="left")
        .with_columns(new.alias(f"new_{trait}"))
        .drop("had")
    )


def _counted(strange: pl.LazyFrame) -> pl.LazyFrame:
    """Requests for new templates per key and hour: by a new client, from a new network."""
    forged, moved = pl.col("new_user_agent"), pl.col("new_asn")
    return strange.group_by("key_id", "hour").agg(
        forged=forged.sum().cast(pl.Int64),
        moved=moved.sum().cast(pl.Int64),
        event_id=pl.col("event_id").filter(forged | moved).min(),
    )


def _scored(per_hour: pl.LazyFrame) -> pl.LazyFrame:
    """One row per key and hour, with what is new since midnight."""
    counts = pl.col("forged", "moved", "usual").fill_null(0)
    day = ["key_id", pl.col("hour").dt.truncate("1d")]
    first_move = pl.col("hour").filter(pl.col("moved") > 0).min().over(day)
    so_far = (
        per_hour.with_columns(counts)
        .with_columns(back=pl.when(pl.col("hour") > first_move).then("usual").otherwise(0))
        .sort("key_id", "hour")
        .with_columns(pl.col("requests", "forged", "moved", "back").cum_sum().over(day))
    )
    score = pl.max_horizontal("forged", pl.min_horizontal("moved", "back"))
    return so_far.select(
        "key_id",
        score=pl.when("settled").then(score.cast(pl.Float64)),
        window_start=pl.col("hour").dt.truncate("1d"),
        window_end=pl.col("hour") + HOUR,
        requests="requests",
        new_client_requests="forged",
        new_network_requests="moved",
        back_home_requests="back",
        event_id="event_id",
    )
