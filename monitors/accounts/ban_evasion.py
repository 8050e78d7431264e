"""Monitor `accounts/ban_evasion`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

DAY = timedelta(days=1)
LOOK_BACK = 14 * DAY
CROWD = 5  # accounts; what more of them use (a school's tablet, a firm's card) proves no return
PAYMENT = "payment_hash"
KINDS = (PAYMENT, "phone_hash", "email_hash", "device_id")
VALUE = ("kind", "shared")
SHARED = {"phone_hash": "canary", "device_id": "canary-device"}
CANARY = (
    Rows("bans", n=1, at=-2 * DAY, values={"account_id": "canary-banned", **SHARED}),
    Rows("signups", n=1, at=timedelta(hours=5), values={"account_id": "canary", **SHARED}),
)


@monitor(
    product="accounts",
    harm=Harm.FAKE_ACCOUNTS,
    entity="account_id",
    version=1,
    authors=("asato", "rkhan"),
    owner="platform-integrity",
    threshold=1,
    near=0.5,
    window=LOOK_BACK,
    cadence="daily",
    severity=Severity.S2,
    action="suspend_account",
    runbook="docs/runbooks/ban_evasion.md",
    canary=CANARY,
)
def ban_evasion(bans: pl.LazyFrame, signups: pl.LazyFrame, payments: pl.LazyFrame) -> pl.LazyFrame:
    """A new account has the payment, phone, e-mail or device of one that was banned before.

    One row per account made in the 14 days before and day on which it signed up or paid. Score is
    how many of the four it shares with accounts banned in those 14 days, before its sign-up. What
    more than five accounts use counts for nothing: a school's tablet or a company's card proves
    nobody's return. What a banned account paid with before its ban counts as its own.

    Threshold: One shared identifier is the least there can be. In two development worlds none of
    1,209 honest new accounts shares any. Those who return in a hurry share 3 in the median; the
    careful share exactly one, so a higher threshold would lose them all.

    Misses: Who changes all four, returns after more than two weeks, or had the account ready
    before the ban.

    False alarms: Families with one device or card, second-hand devices, and phone numbers that a
    carrier gave to somebody else. One identifier alone, a device most of all, deserves a look
    first.
    """
    made = signups.select("account_id", made_at="occurred_at").drop_nulls().cache()
    used = pl.concat([_values(signups, KINDS), _values(payments, (PAYMENT,))])
    closed = _closed(bans, payments).cache()
    # what was never a banned account's need not be looked at again
    suspect = used.join(closed, on=VALUE, how="semi").cache()
    met = _met(suspect, made, closed).cache()
    found = (
        _few(met, suspect)
        .group_by("account_id", "day")
        .agg(score=pl.col("kind").n_unique(), banned_id=pl.col("banned_id").min())
    )
    rows = _seen(signups, payments, made).join(found, on=["account_id", "day"], how="left")
    return rows.select(
        "account_id",
        pl.col("score").fill_null(0).cast(pl.Float64),
        window_start=pl.col("day") - LOOK_BACK,
        window_end=pl.col("day") + DAY,
        banned_id="banned_id",
        event_id="event_id",
    )


def _day() -> pl.Expr:
    return pl.col("occurred_at").dt.truncate("1d").alias("day")


def _values(rows: pl.LazyFrame, kinds: tuple[str, ...]) -> pl.LazyFrame:
    """One row per row and value of `kinds` that it has."""
    return pl.concat(
        rows.filter(pl.col(kind).is_not_null()).select(
            "account_id",
            "occurred_at",
            kind=pl.lit(KINDS.index(kind), pl.Int8),
            shared=pl.col(kind),
        )
        for kind in kinds
    )


def _closed(bans: pl.LazyFrame, payments: pl.LazyFrame) -> pl.LazyFrame:
    """One row per ban and value of the account's, with what it paid with before it."""
    said = _values(bans, KINDS).with_columns(banned_at="occurred_at")
    banned = bans.select("account_id", banned_at="occurred_at")
    paid = (
        _values(payments, (PAYMENT,))
        .join(banned, on="account_id")
        .filter(pl.col("occurred_at") < pl.col("banned_at"))
    )
    return pl.concat([said, paid]).rename({"account_id": "banned_id", "occurred_at": "since"})


def _met(suspect: pl.LazyFrame, made: pl.LazyFrame, closed: pl.LazyFrame) -> pl.LazyFrame:
    """One row per new account, day and value that an account banned before also has."""
    return (
        suspect.with_columns(_day())
        .join(made, on="account_id")
        .filter(_within("made_at"))
        .join(closed, on=VALUE)
        .filter(
            pl.col("banned_id") != pl.col("account_id"),
            pl.col("banned_at") < pl.col("made_at"),
            _within("since"),
        )
        .group_by("account_id", "day", *VALUE)
        .agg(pl.col("banned_id").min())
    )


def _few(met: pl.LazyFrame, suspect: pl.LazyFrame) -> pl.LazyFrame:
    """Those whose value no crowd uses."""
    users = suspect.select(*VALUE, "occurred_at", user="account_id")
    return (
        met.join(users, on=VALUE)
        .filter(_within("occurred_at"))
        .group_by("account_id", "day", *VALUE)
        .agg(pl.col("banned_id").first(), users=pl.col("user").n_unique())
        .filter(pl.col("users") <= CROWD)
    )


def _seen(signups: pl.LazyFrame, payments: pl.LazyFrame, made: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account made lately and day on which it gave a value."""
    gave = pl.any_horizontal(pl.col(kind).is_not_null() for kind in KINDS)
    rows = pl.concat(
        [
            signups.filter(gave).select("account_id", "event_id", _day()),
            payments.filter(pl.col(PAYMENT).is_not_null()).select("account_id", "event_id", _day()),
        ]
    )
    days = rows.group_by("account_id", "day").agg(pl.col("event_id").min())
    recent = days.join(made, on="account_id").filter(_within("made_at"))
    return recent.group_by("account_id", "day").agg(pl.col("event_id").first())


def _within(time: str) -> pl.Expr:
    """Whether the time lies in the window of `day`."""
    return (pl.col(time) >= pl.col("day") - LOOK_BACK) & (pl.col(time) < pl.col("day") + DAY)
