"""Monitor `accounts/account_takeover`."""

from datetime import timedelta

import polars as pl

from monitors.accounts._visits import VISIT, failures, news, owners, steps, visits
from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.combination import Signal, combination
from monitors.harms import Harm

DAY = timedelta(days=1)
WINDOW = 3 * DAY
TAKES = ("payout", "key_created", "email", "transfer")  # what a thief comes for
HELPS = ("phone", "export")
KINDS = {
    "takes": TAKES,
    "helps": HELPS,
    "several": (*TAKES, *HELPS),
    "locks_out": ("password", "mfa_off"),
}
WEIGHTS = {
    "takes": Signal(0.5, full_at=1),
    "helps": Signal(0.2, full_at=1),
    "locks_out": Signal(0.1, full_at=2),
    "several": Signal(0.2, from_=1, full_at=3),
    "device_owners": Signal(0.2, from_=1, full_at=3),
    "new_network": Signal(0.1, full_at=1),
    "new_country": Signal(0.05, full_at=1),
    "new_platform": Signal(0.05, full_at=1),
    "failures": Signal(0.05, full_at=2),
    "no_second_factor": Signal(0.05, full_at=1),
}
USED = Baseline(
    Activity(
        "logins", by=("account_id", "asn", "country", "user_agent"), where=pl.col("succeeded")
    ),
    days=28,
)
OWNER = {"account_id": "canary", "succeeded": True, "asn": 1, "country": "PT", "new_device": False}
THIEF = {"account_id": "canary", "device_id": "thief"}
CANARY = (
    Rows("logins", n=5, at=-5 * DAY, every=DAY, values=OWNER),
    Rows(
        "logins",
        n=1,
        values={**THIEF, "succeeded": True, "new_device": True, "asn": 2, "country": "NZ"},
    ),
    Rows(
        "account_changes", n=1, at=timedelta(minutes=4), values={**THIEF, "change": "key_created"}
    ),
    Rows("account_changes", n=1, at=timedelta(minutes=6), values={**THIEF, "change": "email"}),
)


@monitor(
    product="accounts",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="account_id",
    version=1,
    authors=("asato", "ndiaz"),
    owner="account-safety",
    threshold=0.5,
    near=0.4,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S1,
    action="reset_sessions",
    runbook="docs/runbooks/account_takeover.md",
    canary=CANARY,
    baseline=(USED,),
)
def account_takeover(
    logins: pl.LazyFrame,
    account_changes: pl.LazyFrame,
    payments: pl.LazyFrame,
    logins_baseline: pl.LazyFrame,
) -> pl.LazyFrame:
    """A device new to an account signs in and within a day changes it or takes something from it.

    One row per account and hour in which such a device makes a change or a transfer. Score is
    the sum of weak signals about the visit so far: what was done, whether the device is also new
    to other accounts, whether network, country and platform were never used by the account in
    28 days, failures of a day before, no second factor.

    Threshold: In two development worlds the highest of 289 honest accounts that changed something
    from a new device is 0.4 and the 99th percentile 0.35; taken accounts have a median of 0.9 to
    1.25, and 4 % of them stay under 0.5, with one change that owners make too.

    Misses: Thieves on the owner's device or with a stolen session, those who only read, and
    those who wait longer than a day.

    False alarms: Owners who buy a device and then move house, families with one device, staff
    who set up accounts for others.
    """
    entered = visits(logins).cache()
    acted = steps(entered, _acts(account_changes, payments), kinds=KINDS).cache()
    changed = entered.join(acted, on=VISIT, how="semi")
    signals = (
        acted.join(owners(acted, entered, within=WINDOW), on=["device_id", "window_end"])
        .join(failures(changed, logins), on=VISIT, how="left")
        .join(news(changed, logins_baseline), on=VISIT, how="left")
        .with_columns(pl.col("failures").fill_null(0))
    )
    scores = combination(signals, entity="account_id", weights=WEIGHTS)
    first = acted.group_by("account_id", "window_end").agg(
        pl.col("device_id", "entered_at", "event_id").min()
    )
    return scores.join(first, on=["account_id", "window_end"])


def _acts(account_changes: pl.LazyFrame, payments: pl.LazyFrame) -> pl.LazyFrame:
    """Changes and transfers as acts of one device."""
    columns = ("account_id", "device_id", "occurred_at", "event_id")
    changes = account_changes.select(*columns, act="change")
    transfers = payments.filter(pl.col("kind") == "transfer").select(
        *columns, act=pl.lit("transfer")
    )
    return pl.concat([changes, transfers])
