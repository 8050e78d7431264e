"""Monitor `platform/free_credit_farm`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.rings import rings
from monitors.harms import Harm

DAY = timedelta(days=1)
LOOK_BACK = 14 * DAY
ATTRIBUTES = {"device_id": 1.0, "payment_hash": 1.0, "phone_hash": 1.0}
PAYMENT_REQUIRED = 402  # RFC 9110, section 15.5.3
EXHAUSTED = (pl.col("error") == "credit_exhausted") | (pl.col("status") == PAYMENT_REQUIRED)
USE = Activity(
    "api_requests",
    by=("account_id",),
    sums={"credit_exhausted": EXHAUSTED.fill_null(value=False).sum()},
)
CANARY = (
    Rows(
        "signups",
        n=5,
        every=timedelta(minutes=10),
        values={"account_id": "canary-{i}", "device_id": "canary"},
    ),
    Rows(
        "api_requests",
        n=5,
        at=timedelta(hours=2),
        every=timedelta(minutes=10),
        values={"account_id": "canary-{i}", "operation": "generate", "status": 402},
    ),
)


@monitor(
    product="platform",
    harm=Harm.RESOURCE_ABUSE,
    entity="account_id",
    version=1,
    authors=("mlang", "ndiaz"),
    owner="platform-integrity",
    threshold=3,
    near=2,
    window=LOOK_BACK,
    cadence="daily",
    severity=Severity.S3,
    action="revoke_credits",
    runbook="docs/runbooks/free_credit_farm.md",
    canary=CANARY,
    activity=(USE,),
)
def free_credit_farm(
    signups: pl.LazyFrame,
    payments: pl.LazyFrame,
    api_requests_activity: pl.LazyFrame,
    period: pl.LazyFrame,
) -> pl.LazyFrame:
    """New accounts that share devices or payment use up their free credit, and none ever pays.

    One row per ring of accounts made in two weeks and day in which one was made or used the API.
    Score is the number of members whose credit was used up by then; accounts that paid are left
    out, for they came to stay. Null where no member used the API.

    Threshold: In two development worlds no honest ring has a member who used up the credit, and
    farms have a median of 6 where accounts share a device by twos and a card by threes, and 14 to
    41 elsewhere. Two may be a couple that tried the product; 3 need an excuse.

    Misses: Farms that share nothing at sign-up, stop short of the limit, or pay a little once.

    False alarms: A workshop or a class whose students use up their credit on shared machines, and
    a family that tries the product together.
    """
    paying = pl.col("succeeded") & (pl.col("kind").fill_null("charge") == "charge")
    trial = signups.join(payments.filter(paying), on="account_id", how="anti")
    found = rings(
        _seen(trial, api_requests_activity).cache(),
        member="account_id",
        attributes=ATTRIBUTES,
        look_back=LOOK_BACK,
        entity="account_id",
        period=period,
    ).cache()
    ring = ["account_id", "window_end"]
    return found.drop("score").join(_spent(found, api_requests_activity), on=ring, how="left")


def _seen(trial: pl.LazyFrame, activity: pl.LazyFrame) -> pl.LazyFrame:
    """One row per sign-up, and one per hour or day of use, with what the account signed up with."""
    made = trial.select("account_id", "occurred_at", *ATTRIBUTES)
    used = activity.select("account_id", occurred_at="hour").join(
        made.drop("occurred_at"), on="account_id"
    )
    return pl.concat([made, used.select("account_id", "occurred_at", *ATTRIBUTES)])


def _spent(found: pl.LazyFrame, activity: pl.LazyFrame) -> pl.LazyFrame:
    """One row per ring with a member who used the API by then: how many used up their credit."""
    used = activity.select("hour", "credit_exhausted", members="account_id")
    return (
        found.select("account_id", "window_end", "members")
        .explode("members")
        .join(used, on="members")
        .filter(pl.col("hour") < pl.col("window_end"))
        .group_by("account_id", "window_end", "members")
        .agg(spent=(pl.col("credit_exhausted").sum() > 0))
        .group_by("account_id", "window_end")
        .agg(score=pl.col("spent").sum().cast(pl.Float64), used_api=pl.len())
    )
