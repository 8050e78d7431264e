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
    version=2,
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
    the accounts exist. Methods without anything to guess, such as taking a role, are left out, and
    devices that the account has used before: those are its owner's, mistyping.

    Threshold: Tools stop at the limit that the server sets: in six weeks of a public server's log
    28 of the 52 address-hours with a failed sign-in have 10 or more. A person who forgot a
    password stops after a handful and asks for a new one: in two development worlds the most
    failures from an address without a known device is 9, and stuffing has 79 and more.

    Misses: Guessing slower than 10 an hour, guessing spread over addresses, and guessing on a
    device of the owner's.

    False alarms: Large offices and mobile networks where devices are not logged, or where a new
    program keeps trying an old password; see how many accounts there are.
    """
    guessable = pl.col("method").is_null() | pl.col("method").is_in(GUESSABLE)
    unknown_device = pl.col("new_device").fill_null(value=True)
    failed = logins.filter(pl.col("succeeded").not_(), guessable, unknown_device)
    return sliding_count(failed, entity="ip", window=WINDOW, event_id="event_id")
