"""Monitor `accounts/card_testing`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.harms import Harm

WINDOW = timedelta(days=7)
TRIES = ("charge", "verification")
CANARY = Rows(
    "payments",
    n=10,
    every=timedelta(minutes=2),
    values={
        "device_id": "canary",
        "account_id": "canary-{i}",
        "payment_hash": "card-{i}",
        "card_bin": "400000",
        "amount_usd": 1.0,
        "succeeded": False,
        "decline": "do_not_honor",
    },
)


@monitor(
    product="accounts",
    harm=Harm.PAYMENT_ABUSE,
    entity="device_id",
    version=1,
    authors=("rkhan", "mlang"),
    owner="payments-safety",
    threshold=5,
    near=3,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S1,
    action="hold_payments",
    runbook="docs/runbooks/card_testing.md",
    canary=(CANARY,),
)
def card_testing(payments: pl.LazyFrame) -> pl.LazyFrame:
    """One device tries card after card to learn which of a stolen list still pay.

    Counts the different instruments that were declined on the device, for whichever accounts, in
    any 7 days that end in the hour. Refunds, chargebacks and transfers are left out.

    Threshold: In two development worlds the most cards declined on any of 108 honest devices with
    a decline is 3; testers who spread a list over 130 accounts make 7 and more on nine devices of
    ten, those who take days 34 and more.

    Misses: A fresh fingerprint for every few cards, and lists so fresh that few are declined.

    False alarms: A family's or a shop's shared tablet in a month of expired cards, support staff
    who pay for customers, and a payment provider's outage, which declines everybody's.
    """
    tried = pl.col("kind").is_null() | pl.col("kind").is_in(TRIES)
    return distinct_values(
        payments.filter(pl.col("succeeded").not_(), tried),
        entity="device_id",
        value="payment_hash",
        window=WINDOW,
        event_id="event_id",
    )
