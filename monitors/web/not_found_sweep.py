"""Monitor `web/not_found_sweep`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.ratio import ratio
from monitors.harms import Harm
from monitors.web._pages import IS_DECLARED

NOT_FOUND = 404
CANARY = Rows(
    "api_requests",
    n=8,
    every=timedelta(seconds=5),
    values={"ip": "192.0.2.1", "operation": "GET", "path": "/guess/{i}", "status": NOT_FOUND},
)


@monitor(
    product="web",
    harm=Harm.CYBER,
    entity="ip",
    version=2,
    authors=("mlang", "ndiaz"),
    owner="web-integrity",
    threshold=0.5,
    near=0.3,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S3,
    action="throttle_address",
    runbook="docs/runbooks/not_found_sweep.md",
    canary=(CANARY,),
)
def not_found_sweep(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """One address asks mostly for pages that do not exist, as somebody who guesses does.

    Share of answers 404 among the answered requests of a calendar hour; null under 5. Software that
    says it is a robot is left out: it follows old links.

    Threshold: In four days of a public site's log, 601 address-hours with 5 requests or more of
    software that does not say it is a robot, the 99th percentile is 0.06 and the 99.9th 0.80. On 14
    days of two development worlds the most of an honest address is 0.4. Half is where guessing
    outweighs reading.

    Misses: Sweeps of fewer than 5 requests an hour, sweeps padded with pages that exist, and
    sites that answer 200 or a redirect for what they do not have.

    False alarms: Link checkers without a telling name, feed readers after a move, and a release
    that broke the site's own links, which shows as many addresses at once.
    """
    guessers = api_requests.filter(~IS_DECLARED)
    not_found = pl.col("status") == NOT_FOUND
    return ratio(guessers, entity="ip", hit=not_found, minimum=5, event_id="event_id")
