"""Monitor `accounts/impossible_country_changes`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.change_of_value import changes
from monitors.harms import Harm

CANARY = (
    Rows(
        "logins",
        n=3,
        every=timedelta(minutes=10),
        values={"account_id": "canary", "country": "PT", "succeeded": True},
    ),
    Rows(
        "logins",
        n=3,
        at=timedelta(minutes=5),
        every=timedelta(minutes=10),
        values={"account_id": "canary", "country": "NZ", "succeeded": True},
    ),
)


@monitor(
    product="accounts",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="account_id",
    version=2,
    authors=("asato",),
    owner="account-safety",
    threshold=4,
    near=2,
    window=timedelta(hours=1),
    cadence="hourly",
    severity=Severity.S2,
    action="reset_sessions",
    runbook="docs/runbooks/impossible_country_changes.md",
    canary=CANARY,
)
def impossible_country_changes(logins: pl.LazyFrame) -> pl.LazyFrame:
    """An account signs in from one country, then another, and back, faster than anybody travels.

    Counts changes of country between consecutive successful sign-ins at most an hour apart,
    those from devices that the account has used before left out: an owner's phone goes wherever
    its VPN does.

    Threshold: One change is a flight, a border or a VPN switched on, two is the VPN switched off
    again; 4 within an hour is more than one person at work. In two development worlds nobody has
    one change between such devices within an hour. On devices of their own owners with a VPN had
    4 and more; the thieves there come once.

    Misses: A single move (see `account_takeover`), thieves in the owner's country or behind an
    address there, and sign-ins whose country was not looked up.

    False alarms: VPN users whose devices are not logged, mobile carriers whose addresses are
    registered abroad, and shared accounts of a travelling team.
    """
    unknown_device = pl.col("new_device").fill_null(value=True)
    inside = logins.filter(pl.col("succeeded"), unknown_device)
    return changes(
        inside,
        entity="account_id",
        value="country",
        window=timedelta(hours=1),
        event_id="event_id",
    )
