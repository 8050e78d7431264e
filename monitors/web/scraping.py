"""Monitor `web/scraping`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm

# What a browser loads by itself to show a page, which says nothing about pages read.
ASSETS = r"(?i)\.(?:css|js|png|jpe?g|gif|ico|svg|woff2?|ttf|swf)$"
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
    version=1,
    authors=("mlang",),
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
    minutes that end in the hour.

    Threshold: In four days of a public site's log, browsers that load pages with their assets
    (1,228 address-hours) never read more than 12; of all 2,464 address-hours 1 in 1,000 is at 30.

    Misses: Scrapers that spread over many addresses, that read fewer than 20 pages an hour, or
    that read one path with changing queries, for queries are not kept.

    False alarms: Declared search engines, link checkers, archives, and many people behind one
    address of a company, a school or a mobile network.
    """
    pages = api_requests.filter(pl.col("path").str.contains(ASSETS).not_())
    return distinct_values(
        pages, entity="ip", value="path", window=timedelta(hours=1), event_id="event_id"
    )
