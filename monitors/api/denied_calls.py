"""Monitor `api/denied_calls`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.ratio import ratio
from monitors.harms import Harm

DENIED = r"(?i)denied|unauthori[sz]ed|forbidden|notauthori[sz]ed"
CANARY = Rows(
    "api_requests",
    n=12,
    every=timedelta(seconds=10),
    values={"key_id": "canary", "operation": "Get{i}", "status": 403, "error": "AccessDenied"},
)


@monitor(
    product="api",
    harm=Harm.CYBER,
    entity="key_id",
    version=1,
    authors=("rkhan",),
    owner="api-security",
    threshold=0.5,
    near=0.3,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S2,
    action="rotate_key",
    runbook="docs/runbooks/denied_calls.md",
    canary=(CANARY,),
)
def denied_calls(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """A key is refused most of what it asks for, as one in the wrong hands is.

    Share of the requests of a calendar hour that were refused for lack of permission; null under
    10 requests.

    Threshold: In an hour of audit log with an attack exercise in it, two keys with 10 requests or
    more are refused all they ask, and no other is refused more than 1 in 100. Half leaves room
    for a service whose role was written too narrowly.

    Misses: Thieves whose key may do what they want, fewer than 10 requests, and refusals that the
    service reports as success with an empty answer.

    False alarms: A deployment with a wrong role, which fails from one hour to the next and for
    all of its keys, and permission tests.
    """
    denied = pl.col("error").str.contains(DENIED).fill_null(value=False) | pl.col("status").is_in(
        [401, 403]
    ).fill_null(value=False)
    return ratio(api_requests, entity="key_id", hit=denied, minimum=10, event_id="event_id")
