"""Monitor `web/scraping_swarm`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.web._pages import IS_ASSET, IS_DECLARED

DAY = timedelta(days=1)
FEWEST = 3  # pages; who opens one or two says nothing
BARE = 0.8  # of a client's addresses
MEMBERS = 100
CANARY = tuple(
    Rows(
        "api_requests",
        n=40,
        at=timedelta(hours=at),
        every=timedelta(minutes=1),
        values={
            "ip": "192.0.2.{i}",
            "operation": "GET",
            "path": f"/canary-{at}",
            "status": 200,
            "user_agent": "canary/1",
        },
    )
    for at in range(4)
)


@monitor(
    product="web",
    harm=Harm.SCRAPING,
    entity="user_agent",
    version=1,
    authors=("mlang", "ndiaz"),
    owner="web-integrity",
    threshold=10,
    near=6,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S3,
    action="challenge_client",
    runbook="docs/runbooks/scraping_swarm.md",
    canary=CANARY,
)
def scraping_swarm(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """One unusual client reads a few pages from each of many addresses, and nothing else.

    Counts the addresses from which a client, by the name it sends, asked for pages on a UTC day
    without a referring page and without anything that a browser loads with them; 0 where it has
    under four such addresses in five. Of every address only the requests of that client count,
    and only addresses with 3 distinct pages. Software that says it is a robot is left out.
    Evidence names the first hundred addresses as `members`.

    Threshold: On 14 days of two development worlds the most of an honest client is 1, and on whole
    days the swarms have about 40 to 55 addresses with 9 pages each. In four days of a public
    site's log no client has more than 4.

    Misses: Swarms that send the names of common browsers, of which most addresses belong to
    readers, that change the name with the address, or that load assets.

    False alarms: An application or a feed reader without a telling name that many people use to
    read the site.
    """
    day = pl.col("occurred_at").dt.truncate("1d").alias("day")
    named = api_requests.filter(pl.col("user_agent").is_not_null(), pl.col("ip").is_not_null())
    asset = IS_ASSET.fill_null(value=False)
    visits = (
        named.group_by("user_agent", "ip", day)
        .agg(
            pages=pl.col("path").filter(~asset).drop_nulls().n_unique(),
            bare=~(asset | pl.col("referer").is_not_null()).any(),
            event_id=pl.col("event_id").min(),
        )
        .filter(pl.col("pages") >= FEWEST)
    )
    bare = pl.col("bare")
    return (
        visits.filter(~IS_DECLARED)  # here, where rows are few
        .group_by("user_agent", "day")
        .agg(
            score=pl.when(bare.mean() >= BARE).then(bare.sum()).otherwise(0).cast(pl.Float64),
            addresses=pl.len().cast(pl.Int64),
            pages=pl.col("pages").filter(bare).sum(),
            members=pl.col("ip").filter(bare).sort().head(MEMBERS),
            event_id=pl.col("event_id").filter(bare).min(),
        )
        .select(
            "user_agent",
            "score",
            window_start="day",
            window_end=pl.col("day") + DAY,
            addresses="addresses",
            pages="pages",
            members="members",
            event_id="event_id",
        )
    )
