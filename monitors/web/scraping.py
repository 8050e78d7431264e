"""Monitor `web/scraping`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm
from monitors.web._pages import IS_ASSET, IS_BROWSER, IS_DECLARED

ASSETS_OF_BROWSERS = 0.05  # of an hour's requests; browsers with a full cache still load some
CANARY = Rows(
    "api_requests",
    n=25,
    every=timedelta(minutes=1),
    values={"ip": "192.0.2.1", "operation": "GET", "path": "/canary/{i}.html", "status": 200},
)


@monitor(
    product="web",
    harm=Harm.SCRAPING,
    entity="ip",
    version=2,
    authors=("mlang", "ndiaz"),
    owner="web-integrity",
    threshold=20,
    near=14,
    window=timedelta(hours=1),
    cadence="hourly",
    severity=Severity.S3,
    action="throttle_address",
    runbook="docs/runbooks/scraping.md",
    canary=(CANARY,),
)
def scraping(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """One address reads many different pages within an hour.

    Counts the distinct paths, other than style sheets, scripts, images and fonts, in any 60
    minutes that end in the hour. Left out are requests that a page of some site led to, as
    readers' are, those of software that says it is a robot, and those under a browser's name in
    calendar hours in which 1 in 20 of the address's requests is for what browsers load by
    themselves.

    Threshold: In four days of a public site's log 5 of 314 address-hours reach it, all of them
    software that hides. On 14 days of two development worlds the most of an honest address is
    10, and loud scrapers read 140 to 160.

    Misses: Scrapers that spread over many addresses, that read fewer than 20 pages an hour, that
    load images under a browser's name, that send a referring page or the name of a search engine,
    or that read one path with changing queries, for queries are not kept.

    False alarms: Link checkers and archives without a telling name, and many people behind one
    address whose browsers send no referring page.
    """
    hour = pl.col("occurred_at").dt.truncate("1h")
    shown = IS_ASSET.mean().over("ip", hour) >= ASSETS_OF_BROWSERS
    unled = pl.col("referer").is_null()
    pages = api_requests.filter(~IS_DECLARED).filter(~IS_ASSET, ~(shown & IS_BROWSER), unled)
    return distinct_values(
        pages, entity="ip", value="path", window=timedelta(hours=1), event_id="event_id"
    )
