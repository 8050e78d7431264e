"""Monitor `api/first_seen_operation`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.first_seen import first_seen
from monitors.harms import Harm

WEEK = timedelta(days=7)
USED = Baseline(Activity("api_requests", by=("account_id", "operation")), days=28)
CANARY = (
    Rows(
        "api_requests",
        n=15,
        at=timedelta(days=-16),
        every=timedelta(days=1),
        values={"account_id": "canary", "operation": "Usual"},
    ),
    Rows(
        "api_requests",
        n=12,
        every=timedelta(minutes=1),
        values={"account_id": "canary", "operation": "New{i}"},
    ),
)


@monitor(
    product="api",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="account_id",
    version=1,
    authors=("rkhan", "asato"),
    owner="api-security",
    threshold=10,
    near=6,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S2,
    action="notify_owner",
    runbook="docs/runbooks/first_seen_operation.md",
    canary=CANARY,
    baseline=(USED,),
)
def first_seen_operation(
    api_requests: pl.LazyFrame, api_requests_baseline: pl.LazyFrame
) -> pl.LazyFrame:
    """An account that always does the same suddenly does many things it never did.

    Counts the distinct operations of an hour that the account did not use in the 28 days before
    this day. Null for accounts whose history does not span a week.

    Threshold: A starting value, for the public audit log is one hour long and has no history: in
    that hour the exercise's key begins 65 operations and the administrator's 11.

    Misses: Takeover of new accounts, thieves who do what the owner does, and operations used for
    the first time more than once a month apart.

    False alarms: Releases that use a new part of the API, monthly jobs, and an administrator's
    first day on a project.
    """
    spans = (pl.col("last_seen").max() - pl.col("first_seen").min()).over("account_id")
    mature = api_requests_baseline.filter(spans >= WEEK)
    return first_seen(
        api_requests,
        entity="account_id",
        value="operation",
        history=mature,
        event_id="event_id",
    )
