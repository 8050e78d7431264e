"""Monitor `accounts/distributed_stuffing`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm

WINDOW = timedelta(days=3)
GUESSABLE = ("password", "code")
CANARY = Rows(
    "logins",
    n=15,
    every=timedelta(minutes=3),
    values={
        "device_id": "canary",
        "ip": "192.0.2.{i}",
        "succeeded": False,
        "failure": "unknown_account",
    },
)


@monitor(
    product="accounts",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="device_id",
    version=1,
    authors=("ndiaz",),
    owner="account-safety",
    threshold=8,
    near=5,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S1,
    action="challenge_device",
    runbook="docs/runbooks/distributed_stuffing.md",
    canary=(CANARY,),
)
def distributed_stuffing(logins: pl.LazyFrame) -> pl.LazyFrame:
    """One device tries account after account, few at a time and from wherever it likes.

    Counts the accounts that a device failed to enter in any 3 days that end in the hour; an attempt
    on an account that does not exist is an account of its own, as the log has no name for it.

    Threshold: In two development worlds the most that any of 2,715 honest devices failed to enter
    is 3, a family's; lists tried by 40 devices make 24 and more in the tenth of them that tried
    least, those behind 219 addresses over 300 a device.

    Misses: Tools that take no fingerprint (see `credential_stuffing`), a fresh fingerprint for
    every few attempts, and fewer than 8 accounts in 3 days.

    False alarms: A help desk's or a tester's device, a school's tablet whose pupils mistype, and
    fingerprints so coarse that many devices of one model share them.
    """
    guessable = pl.col("method").is_null() | pl.col("method").is_in(GUESSABLE)
    unknown = pl.when(pl.col("failure") == "unknown_account").then("event_id")
    failed = logins.filter(pl.col("succeeded").not_(), guessable)
    return distinct_values(
        failed.with_columns(tried=pl.coalesce("account_id", unknown)),
        entity="device_id",
        value="tried",
        window=WINDOW,
        event_id="event_id",
    )
