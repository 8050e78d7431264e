"""Monitor `accounts/credential_stuffing`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm

GUESSABLE = ("password", "code")
CANARY = Rows(
    "logins",
    n=18,
    every=timedelta(minutes=1),
    values={"ip": "192.0.2.1", "account_id": "canary-{i}", "succeeded": False},
)


@monitor(
    product="accounts",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="ip",
    version=1,
    authors=("ndiaz",),
    owner="account-safety",
    threshold=15,
    near=10,
    window=timedelta(hours=1),
    cadence="hourly",
    severity=Severity.S1,
    action="challenge_address",
    runbook="docs/runbooks/credential_stuffing.md",
    canary=(CANARY,),
)
def credential_stuffing(logins: pl.LazyFrame) -> pl.LazyFrame:
    """One address fails to sign in to many accounts, as somebody with a stolen list does.

    Counts the distinct accounts for which a sign-in from the address failed in any 60 minutes
    that end in the hour. Methods without anything to guess, such as taking a role, are left out.

    Threshold: A starting value. An office of 300 behind one address, where 1 in 50 mistypes the
    password in its busiest hour, makes 6; the most accounts that one address tried in six weeks
    of a public server's log is 1.

    Misses: Lists spread over many addresses, attempts on accounts that do not exist where the log
    then has no account, and lists that are fresh: those succeed.

    False alarms: A sign-in service that fails for everybody, mobile networks, universities, and
    tests of the sign-in page.
    """
    guessable = pl.col("method").is_null() | pl.col("method").is_in(GUESSABLE)
    failed = logins.filter(pl.col("succeeded").not_(), guessable)
    return distinct_values(
        failed, entity="ip", value="account_id", window=timedelta(hours=1), event_id="event_id"
    )
