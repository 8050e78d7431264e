"""Monitor `web/request_flood`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

WINDOW = timedelta(minutes=5)
CANARY = Rows(
    "api_requests",
    n=320,
    every=timedelta(milliseconds=500),
    values={"ip": "192.0.2.1", "operation": "GET", "path": "/", "status": 200},
)


@monitor(
    product="web",
    harm=Harm.RESOURCE_ABUSE,
    entity="ip",
    version=1,
    authors=("mlang",),
    owner="web-integrity",
    threshold=300,
    window=WINDOW,
    cadence="5m",
    monotone=True,
    severity=Severity.S1,
    action="throttle_address",
    runbook="docs/runbooks/request_flood.md",
    canary=(CANARY,),
)
def request_flood(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """One address floods the site with requests.

    Most requests in any 5 minutes that end in the hour.

    Threshold: One a second for five minutes. In four days of a public site's log the busiest
    address sent 108 in an hour, which that log's clock squeezes into one minute; the 99.9th
    percentile of address-hours is 59.

    Misses: Floods spread over many addresses, and few but expensive requests.

    False alarms: Load tests, monitoring, and a large office or mobile network behind one address.
    """
    return sliding_count(api_requests, entity="ip", window=WINDOW, event_id="event_id")
