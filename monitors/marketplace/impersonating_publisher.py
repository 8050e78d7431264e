"""Monitor `marketplace/impersonating_publisher`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.marketplace._imitated import imitated

HOUR = timedelta(hours=1)
OWNER = ["account_id", "brand"]
WELL_KNOWN = 20  # accounts that published, installed or rated under the name
PUBLISHES = pl.col("action").is_in(["create", "change"])
DEALT = Baseline(
    Activity("listings", by=("publisher_name", "account_id"), sums={"published": PUBLISHES.sum()})
)
CANARY = (
    Rows(
        "listings",
        n=40,
        at=timedelta(days=-5),
        every=HOUR,
        values={
            "account_id": "canary-{i}",
            "listing_id": "real",
            "publisher_name": "Canary Software",
            "action": "install",
        },
    ),
    Rows(
        "listings",
        n=1,
        values={
            "account_id": "canary",
            "listing_id": "canary",
            "publisher_name": "Canary Software Support",
            "action": "create",
        },
    ),
)


@monitor(
    product="marketplace",
    harm=Harm.MARKETPLACE_ABUSE,
    entity="listing_id",
    version=1,
    authors=("ndiaz", "rkhan"),
    owner="marketplace-integrity",
    threshold=0.9,
    near=0.85,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S2,
    action="delist",
    runbook="docs/runbooks/impersonating_publisher.md",
    canary=CANARY,
    baseline=(DEALT,),
)
def impersonating_publisher(
    listings: pl.LazyFrame, listings_baseline: pl.LazyFrame
) -> pl.LazyFrame:
    """A listing is published under a name that looks like a well-known publisher's.

    Similarity, from 0 to 1, of the publisher's name to the best-known name that it resembles, by
    the rules of the detector `lookalike`: letters that imitate letters count as those, and words
    such as Official, Support and Inc as nothing. Well known is a name with which 20 accounts or
    more dealt in the 28 days before this day, and with which 1.5 times as many dealt as with the
    name under test. An account that published under a name cannot imitate it. 0 for names like
    nobody's; null while no name is well known. `resembles` holds the public name.

    Threshold: Names of honest publishers in two development worlds resemble each other by 0.87 at
    most; 0.9 is one letter of ten. The impersonating campaigns' reach 0.91.

    Misses: The very same name, which the marketplace must refuse to give twice; imitation of
    publishers that are little known here, by logo, or with two letters changed; names in use
    before the one that they imitate became better known.

    False alarms: A publisher's own second account (Labs, Support), namesakes in other countries,
    and resellers. Mail to the older publisher's known address settles it.
    """
    published = listings.filter(PUBLISHES, pl.col("publisher_name").is_not_null())
    dealt = listings_baseline.filter(pl.col("publisher_name").is_not_null())
    known = dealt.group_by(name="publisher_name").agg(reach=pl.col("account_id").n_unique())
    found = imitated(published.select(name="publisher_name"), known, least=WELL_KNOWN)
    own = dealt.filter(pl.col("published_median") > 0)
    judged = (
        published.join(found, left_on="publisher_name", right_on="name", how="left")
        .join(own.select("account_id", brand="publisher_name", own="periods"), on=OWNER, how="left")
        .join(known.select(most=pl.col("reach").max()), how="cross")
        .with_columns(pl.when(pl.col("own").is_null()).then("similarity").fill_null(0.0))
    )
    hours = judged.with_columns(window_start=pl.col("occurred_at").dt.truncate("1h"))
    closest = hours.sort("similarity", "event_id", descending=[True, False]).unique(
        ["listing_id", "window_start"], keep="first", maintain_order=True
    )
    return closest.select(
        "listing_id",
        pl.when(pl.col("most") >= WELL_KNOWN).then("similarity").alias("score"),
        "window_start",
        (pl.col("window_start") + HOUR).alias("window_end"),
        "distance",
        "brand_reach",
        pl.concat_list("brand").alias("resembles"),
        "account_id",
        "event_id",
    )
