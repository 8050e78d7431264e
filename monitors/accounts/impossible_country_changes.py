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
    version=1,
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

    Counts changes of country between consecutive successful sign-ins at most an hour apart.

    Threshold: A starting value. One change is a flight, a border or a VPN switched on, two is the
    VPN switched off again; 4 within an hour is more than one person at work.

    Misses: Thieves in the owner's country or behind an address there, one change that stays, and
    sign-ins whose country was not looked up.

    False alarms: VPN users who change exits, mobile carriers whose addresses are registered
    abroad, and shared accounts of a travelling team.
    """
    inside = logins.filter(pl.col("succeeded"))
    return changes(
        inside,
        entity="account_id",
        value="country",
        window=timedelta(hours=1),
        event_id="event_id",
    )
