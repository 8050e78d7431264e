"""Monitor `platform/account_farm_device`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm

DAY = timedelta(days=1)
CANARY = Rows(
    "logins",
    n=12,
    every=timedelta(minutes=30),
    values={"device_id": "canary", "account_id": "canary-{i}", "succeeded": True},
)


@monitor(
    product="platform",
    harm=Harm.FAKE_ACCOUNTS,
    entity="device_id",
    version=1,
    authors=("asato", "mlang"),
    owner="platform-integrity",
    threshold=10,
    near=7,
    window=DAY,
    cadence="daily",
    severity=Severity.S2,
    action="challenge_device",
    runbook="docs/runbooks/account_farm_device.md",
    canary=(CANARY,),
)
def account_farm_device(logins: pl.LazyFrame) -> pl.LazyFrame:
    """One device runs many accounts, on whichever products.

    Counts the distinct accounts that signed in from a device in any 24 hours that end in the day.

    Threshold: A starting value. A family's tablet has up to 5 accounts and a moderator's or
    tester's device a few more; farms need tens to pay.

    Misses: Farms that reset the fingerprint for every account, or that stay signed in for days.

    False alarms: Libraries, schools and internet cafés, support staff, test devices, and
    fingerprints so coarse that many devices of one model share them.
    """
    inside = logins.filter(pl.col("succeeded"))
    return distinct_values(
        inside, entity="device_id", value="account_id", window=DAY, grid=DAY, event_id="event_id"
    )
