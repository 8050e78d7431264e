"""Monitor `api/secret_harvest`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

WINDOW = timedelta(minutes=10)
SECRETS = ("GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters",
           "GetParametersByPath", "GetPasswordData")  # fmt: skip
CANARY = Rows(
    "api_requests",
    n=25,
    every=timedelta(seconds=5),
    values={"key_id": "canary", "operation": "GetSecretValue"},
)


@monitor(
    product="api",
    harm=Harm.PRIVACY_EXFILTRATION,
    entity="key_id",
    version=1,
    authors=("rkhan",),
    owner="api-security",
    threshold=20,
    window=WINDOW,
    cadence="5m",
    monotone=True,
    severity=Severity.S1,
    action="suspend_key",
    runbook="docs/runbooks/secret_harvest.md",
    canary=(CANARY,),
)
def secret_harvest(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """A key reads secret after secret within minutes.

    Most reads of stored secrets, parameters and machine passwords in any 10 minutes that end in
    the hour, refused ones included: a refused read is a wish.

    Threshold: A service reads its handful of secrets when it starts. In an hour of audit log with
    an attack exercise in it, the attack tool reads 25 and, with another key, tries 29 within
    seconds; the infrastructure tool beside it reads up to 60, and no other key reads any.

    Misses: A thief who reads the one secret that matters, or fewer than 20 in 10 minutes, and
    secrets kept anywhere else.

    False alarms: Fleets that start together under one key, rotation jobs, and infrastructure code
    that reads every parameter to plan a change.
    """
    reads = api_requests.filter(pl.col("operation").is_in(SECRETS))
    return sliding_count(reads, entity="key_id", window=WINDOW, event_id="event_id")
