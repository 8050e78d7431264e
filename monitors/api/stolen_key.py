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
    travel, share a key in a team or deploy. Stolen keys reach 270 or more on their first day where
    the thief is loud, 14 to 33 where slow and 5 to 225 where evasive, with few below 3.

    Misses: Thieves who copy the owner's client from the owner's network, who send no templates,
    or whose key is younger than 3 days; and what a thief repeats from the day before.

    False alarms: A new release of a service that moves to another provider, another client and
    other prompts on one day, and a second developer who gets the same key.
    """
    hours = api_requests.filter(pl.col("key_id").is_not_null()).group_by(
        "key_id", *TRAITS, hour=pl.col("occurred_at").dt.truncate("1h")
    )
    requests = hours.agg(n=pl.len().cast(pl.Int64), event_id=pl.col("event_id").min())
    for trait in TRAITS:
        known = api_requests_baseline.select("key_id", trait, pl.lit(value=True).alias("known"))
        requests = requests.join(known.unique(), on=["key_id", trait], how="left").select(
            pl.exclude("known"),
            (pl.col(trait).is_not_null() & pl.col("known").is_null()).alias(f"new_{trait}"),
        )
    return _scored(requests, _settled(api_requests_baseline))


def _settled(baseline: pl.LazyFrame) -> pl.LazyFrame:
    """Keys that are known well enough for something to be new to them."""
    spans = baseline.group_by("key_id").agg(
        span=pl.col("last_seen").max() - pl.col("first_seen").min()
    )
    return spans.filter(pl.col("span") >= SETTLED).select("key_id", settled=pl.lit(value=True))


def _scored(requests: pl.LazyFrame, settled: pl.LazyFrame) -> pl.LazyFrame:
    """One row per key and hour, with what is new since midnight."""
    n, new_network, new_template = pl.col("n"), pl.col("new_asn"), pl.col("new_template_hash")
    forged, moved = pl.col("new_user_agent") & new_template, new_network & new_template
    per_hour = requests.group_by("key_id", "hour").agg(
        requests=n.sum(),
        forged=n.filter(forged).sum(),
        moved=n.filter(moved).sum(),
        usual=n.filter(~new_network).sum(),
        event_id=pl.col("event_id").filter(forged | moved).min(),
    )
    day = ["key_id", pl.col("hour").dt.truncate("1d")]
    first_move = pl.col("hour").filter(pl.col("moved") > 0).min().over(day)
    so_far = (
        per_hour.with_columns(back=pl.when(pl.col("hour") > first_move).then("usual").otherwise(0))
        .sort("key_id", "hour")
        .with_columns(pl.col("requests", "forged", "moved", "back").cum_sum().over(day))
    )
    strange = pl.max_horizontal("forged", pl.min_horizontal("moved", "back"))
    return so_far.join(settled, on="key_id", how="left").select(
        "key_id",
        score=pl.when("settled").then(strange.cast(pl.Float64)),
        window_start=pl.col("hour").dt.truncate("1d"),
        window_end=pl.col("hour") + HOUR,
        requests="requests",
        new_client_requests="forged",
        new_network_requests="moved",
        back_home_requests="back",
        event_id="event_id",
    )
