"""Monitor `api/resold_key`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.circadian_flatness import circadian_flatness
from monitors.harms import Harm

DAYS = 7
DAY = timedelta(days=1)
# Where a sign of resale begins to count, and where it counts whole.
SIGNS = {
    "countries": (6.0, 14.0),
    "clients": (6.0, 12.0),
    "sleepless": (0.93, 0.97),
    "handwritten": (0.08, 0.18),
    "templates": (8.0, 16.0),
}
CANARY = Rows(
    "api_requests",
    n=80,
    every=timedelta(minutes=10),
    values={
        "key_id": "canary",
        "country": "canary-{i}",
        "user_agent": "canary/{i}",
        "template_hash": "canary-{i}",
    },
)


@monitor(
    product="api",
    harm=Harm.RESOURCE_ABUSE,
    entity="key_id",
    version=1,
    authors=("rkhan", "ndiaz"),
    owner="api-integrity",
    threshold=0.5,
    near=0.3,
    window=(DAYS - 1) * DAY,
    cadence="daily",
    severity=Severity.S2,
    action="throttle_key",
    runbook="docs/runbooks/resold_key.md",
    canary=(CANARY,),
)
def resold_key(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """Many strangers use one key: its owner sells access to it.

    From 0 to 1, the larger of two. Spread: mean of how far a day's countries go from 6 to 14 and
    its clients from 6 to 12. Sleepless people: the least of how far the evenness over the clock of
    requests without a template in 7 days goes from 0.93 to 0.97, the day's share of such requests
    from 0.08 to 0.18, and the day's distinct templates from 8 to 16. People write without
    templates, and one person sleeps; services do neither, and a team shares its templates. Null
    where neither can be known: no countries or clients in the log, and under 60 requests without
    a template or under 3 days of them.

    Threshold: On 14 days of two development worlds no honest key exceeds 0.09, a team of 15 in five
    countries included, while all 32 resold keys reach 1 on some day: those of loud and slow
    resellers by spread, the evasive ones behind a proxy by sleepless people.

    Misses: Resellers with a handful of customers, who all live in one time zone, or who send their
    prompts through one template of their own; and the first two days behind a proxy.

    False alarms: A company with offices on all continents and tools of many makers, and services
    that pass on what people around the world write.
    """
    day = pl.col("occurred_at").dt.truncate("1d").alias("day")
    keyed = api_requests.filter(pl.col("key_id").is_not_null())
    per_day = keyed.group_by("key_id", day).agg(
        requests=pl.len().cast(pl.Int64),
        countries=_distinct("country"),
        clients=_distinct("user_agent"),
        addresses=_distinct("ip"),
        templates=pl.col("template_hash").drop_nulls().n_unique(),
        handwritten=pl.col("template_hash").is_null().mean(),
    )
    flat = circadian_flatness(
        keyed.filter(pl.col("template_hash").is_null()),
        entity="key_id",
        days=DAYS,
        minimum=60,
        minimum_days=3,
    ).select("key_id", day=pl.col("window_end") - DAY, sleepless="score")
    spread = (_sign("countries") + _sign("clients")) / 2
    people = pl.min_horizontal(_sign("handwritten"), _sign("templates"))
    rests = pl.when(pl.col("sleepless").is_not_null()).then(
        pl.min_horizontal(people, _sign("sleepless"))
    )
    return per_day.join(flat, on=["key_id", "day"], how="left").select(
        "key_id",
        *("requests", "countries", "clients", "addresses", "templates", "handwritten", "sleepless"),
        score=pl.max_horizontal(spread, rests),
        window_start=pl.col("day") - (DAYS - 1) * DAY,
        window_end=pl.col("day") + DAY,
    )


def _distinct(name: str) -> pl.Expr:
    """Distinct values; null where the log has none, for then they are not known."""
    there = pl.col(name).drop_nulls()
    return pl.when(there.len() > 0).then(there.n_unique())


def _sign(name: str) -> pl.Expr:
    """How far a sign goes from where it begins to count to where it counts whole."""
    begins, whole = SIGNS[name]
    return ((pl.col(name).cast(pl.Float64) - begins) / (whole - begins)).clip(0.0, 1.0)
