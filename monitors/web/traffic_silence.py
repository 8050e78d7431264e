"""Monitor `web/traffic_silence`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.silence import silence
from monitors.harms import Harm

USUAL = Baseline(Activity("api_requests", by=()), days=28, season="hour_of_day")
CANARY = Rows(
    "api_requests",
    n=14 * 24 * 30,
    at=timedelta(days=-14),
    every=timedelta(minutes=2),
    values={"ip": "192.0.2.1", "operation": "GET", "path": "/", "status": 200},
)


@monitor(
    product="web",
    harm=Harm.MONITORING_GAP,
    entity="product",
    version=1,
    authors=("ndiaz",),
    owner="web-integrity",
    threshold=20,
    near=10,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S1,
    action="page_owner",
    runbook="docs/runbooks/traffic_silence.md",
    canary=(CANARY,),
    baseline=(USUAL,),
)
def traffic_silence(
    api_requests: pl.LazyFrame, api_requests_baseline: pl.LazyFrame, period: pl.LazyFrame
) -> pl.LazyFrame:
    """The site's log stops, so that every other monitor is blind and looks calm.

    Requests usual for this hour of the day over the last 28 days, in an hour that has none; 0 in
    an hour that has any. Null until 7 such hours are known.

    Threshold: By chance, an hour in which 20 are usual has none once in 5e8 hours. The public
    sample has 119 an hour and never fewer than 74.

    Misses: A log that loses most of its rows but not all, one source of several, and quiet hours
    in which fewer than 20 requests are usual.

    False alarms: Planned maintenance, and a source that delivers late: the finding goes away when
    its rows arrive.
    """
    return silence(
        api_requests,
        entity="product",
        period=period,
        expected=api_requests_baseline,
        season="hour_of_day",
        minimum_periods=7,
    )
