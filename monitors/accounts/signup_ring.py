"""Monitor `accounts/signup_ring`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.rings import rings
from monitors.harms import Harm

DAY = timedelta(days=1)
LOOK_BACK = 7 * DAY
HUB = 100  # more accounts than that share a value only where it means nothing
CROWDED = 20  # sign-ups from one address; beyond it is a school, an event or a carrier
OWN = ("device_id", "payment_hash", "phone_hash")  # a person's; an address is a place's
ATTRIBUTES = dict.fromkeys((*OWN, "ip"), 1.0)
PUBLIC = (  # of whoever asks; a domain of any other kind may be an organisation's own
    "aol.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.ru",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "yahoo.com",
    "yandex.ru",
)
CANARY = Rows(
    "signups",
    n=8,
    every=timedelta(hours=2),
    values={"account_id": "canary-{i}", "device_id": "canary", "email_domain": "gmail.com"},
)


@monitor(
    product="accounts",
    harm=Harm.FAKE_ACCOUNTS,
    entity="account_id",
    version=1,
    authors=("mlang", "asato"),
    owner="platform-integrity",
    threshold=4,
    near=3,
    window=LOOK_BACK,
    cadence="daily",
    severity=Severity.S1,
    action="suspend_accounts",
    runbook="docs/runbooks/signup_ring.md",
    canary=(CANARY,),
)
def signup_ring(signups: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Accounts made in a week that share devices, payment, phones or addresses form a ring.

    One row per ring and day in which it grew, named after its oldest account. Score is the number
    of members, where those of the one largest organisation (a mail domain that is not a public
    provider's) count as one: colleagues and classmates share honestly. An address from which more
    than 20 accounts are made in a day ties nobody, and a ring that shares addresses alone is not
    enough to tell: null.

    Threshold: In two development worlds the honest ring with most outsiders scores 2 (families,
    colleagues, classes of up to 119); rings of fakes have a median of 6 where they share each
    thing by twos and threes, and 43 to 63 elsewhere.

    Misses: Rings whose accounts are made weeks apart or share nothing but a name, pairs and
    triples, and members beyond the first hundred, whom the evidence does not list.

    False alarms: Shared flats, internet cafés, events where strangers use one tablet, and company
    cards of groups with several mail domains.
    """
    found = rings(
        _tied(signups).cache(),
        member="account_id",
        attributes=ATTRIBUTES,
        hub=HUB,
        look_back=LOOK_BACK,
        entity="account_id",
        period=period,
    ).cache()
    organised = (pl.col("score") * pl.col("organised")).round()
    return found.join(_told(found, signups), on=["account_id", "window_end"]).with_columns(
        score=pl.when("own").then(pl.col("score") - organised + (organised > 0))
    )


def _tied(signups: pl.LazyFrame) -> pl.LazyFrame:
    """The sign-ups, without addresses from which a crowd signed up that day."""
    day = pl.col("occurred_at").dt.truncate("1d").alias("day")
    busy = signups.group_by("ip", day).len().filter(pl.col("len") > CROWDED)
    crowded = (
        signups.select("ip", "account_id", day)
        .join(busy, on=["ip", "day"], how="semi")
        .group_by("ip", "day")
        .agg(crowd=pl.col("account_id").n_unique())
        .filter(pl.col("crowd") > CROWDED)
    )
    return (
        signups.with_columns(day)
        .join(crowded, on=["ip", "day"], how="left")
        .with_columns(ip=pl.when(pl.col("crowd").is_null()).then("ip"))
    )


def _told(found: pl.LazyFrame, signups: pl.LazyFrame) -> pl.LazyFrame:
    """One row per ring, of its listed members.

    `organised` is the share who are of its largest organisation, `own` whether any two share
    something that is a person's.
    """
    ring = ["account_id", "window_end"]
    domain = pl.when(pl.col("email_domain").is_in(PUBLIC).not_()).then("email_domain")
    listed = found.select(*ring, account="members").explode("account").cache()
    made = (
        signups.join(listed, left_on="account_id", right_on="account", how="semi")
        .group_by(account="account_id")
        .agg(*(pl.col(name).min() for name in OWN), domain=domain.min())
    )
    shared = pl.any_horizontal(pl.col(name).drop_nulls().is_duplicated().any() for name in OWN)
    largest = pl.col("domain").drop_nulls().unique_counts().max().fill_null(0)
    return (
        listed.join(made, on="account").group_by(ring).agg(organised=largest / pl.len(), own=shared)
    )
