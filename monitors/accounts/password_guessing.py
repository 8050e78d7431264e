"""Monitor `accounts/password_guessing`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

WINDOW = timedelta(hours=1)
GUESSABLE = ("password", "code")
CANARY = Rows(
    "logins",
    n=12,
    every=timedelta(minutes=1),
    values={"ip": "192.0.2.1", "account_id": "canary", "succeeded": False},
)


@monitor(
    product="accounts",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="ip",
    version=1,
    authors=("ndiaz",),
    owner="account-safety",
    threshold=10,
    near=7,
    window=WINDOW,
    cadence="5m",
    monotone=True,
    severity=Severity.S2,
    action="challenge_address",
    runbook="docs/runbooks/password_guessing.md",
    canary=(CANARY,),
)
def password_guessing(logins: pl.LazyFrame) -> pl.LazyFrame:
    """One address tries password after password.

    Most failed sign-ins from an address in any 60 minutes that end in the hour, whether or not
    the accounts exist. Methods without anything to guess, such as taking a role, are left out.

    Threshold: Tools stop at the limit that the server sets: in six weeks of a public server's log
    28 of the 52 address-hours with a failed sign-in have 10 or more. A person who forgot a
    password stops after a handful and asks for a new one.

    Misses: Guessing slower than 10 an hour, and guessing spread over addresses.

    False alarms: A device with an old password that keeps trying, large offices, and mobile
    networks; see how many accounts there are.
    """
    guessable = pl.col("method").is_null() | pl.col("method").is_in(GUESSABLE)
    failed = logins.filter(pl.col("succeeded").not_(), guessable)
    return sliding_count(failed, entity="ip", window=WINDOW, event_id="event_id")
