"""Monitor `chat/scam_factory`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.chat._weeks import BEFORE, DAY
from monitors.contract import Severity, monitor
from monitors.detectors.near_duplicates import near_duplicates
from monitors.harms import Harm

SIMILARITY = 0.6
ACCOUNTS = 4
A_DAY = 5  # so that one busy account does not speak for a quiet ring
NAMES = ("Ada", "Ben", "Cho", "Dee", "Eli")
CANARY = tuple(
    Rows(
        "messages",
        n=4,
        at=timedelta(hours=number),
        every=timedelta(minutes=1),
        values={
            "account_id": f"canary-{number}",
            "recipient_id": f"victim-{number}-{{i}}",
            "recipient_is_contact": False,
            "text": f"Dear {name}, our office picked your page: earn 90 coins a day from home.",
        },
    )
    for number, name in enumerate(NAMES)
)


@monitor(
    product="chat",
    harm=Harm.FRAUD_SCAMS,
    entity="text_hash",
    version=1,
    authors=("ndiaz", "asato"),
    owner="chat-safety",
    threshold=3,
    near=2,
    window=BEFORE,
    cadence="daily",
    severity=Severity.S1,
    action="suspend_ring",
    runbook="docs/runbooks/scam_factory.md",
    canary=CANARY,
)
def scam_factory(
    messages: pl.LazyFrame, messages_text: pl.LazyFrame, period: pl.LazyFrame
) -> pl.LazyFrame:
    """Several accounts send the same script to strangers, with names and sums filled in.

    Messages per account of each group of near duplicates among messages to people whom the
    sender did not know, over the 7 days up to the end of a day on which one was sent; the first
    five of an account's day count. Null under 4 accounts. `members` are up to a hundred accounts;
    the entity is an id made of the group's oldest text.

    Threshold: In four weeks of two simulated worlds no four honest accounts send strangers the
    same text more than once each; the rings pass 3 on their first or second day and end between
    5 and 34.

    Misses: Scripts reworded beyond recognition, one account alone (mass_messages sees it), and
    texts that were not kept.

    False alarms: Volunteers, campaigners and sales teams who follow one script with consent.
    """
    strangers = messages.filter(~pl.col("recipient_is_contact"), pl.col("account_id").is_not_null())
    some = (
        strangers.group_by("account_id", pl.col("occurred_at").dt.truncate("1d").alias("day"))
        .agg(pl.col("event_id", "occurred_at").sort_by("occurred_at", "event_id").head(A_DAY))
        .explode("event_id", "occurred_at")
    )
    worded = some.join(messages_text.select("event_id", "text"), on="event_id")
    scripts = near_duplicates(
        worded,
        author="account_id",
        text="text",
        similarity=SIMILARITY,
        entity="text_hash",
        grid=DAY,
        look_back=BEFORE,
        period=period,
    )
    several = pl.col("authors") >= ACCOUNTS
    return scripts.with_columns(score=pl.when(several).then(pl.col("texts") / pl.col("authors")))
