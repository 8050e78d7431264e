"""Monitor `takedowns/notice_surge`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.baseline_distance import baseline_distance
from monitors.harms import Harm

BY_METRIC = Activity("volumes", by=("metric",), sums={"value": pl.col("value").sum()})
USUAL = Baseline(BY_METRIC, days=56)
METRIC: dict[str, object] = {"metric": "canary", "bucket_seconds": 86_400}
CANARY = (
    Rows(
        "volumes",
        n=30,
        at=timedelta(days=-31),
        every=timedelta(days=1),
        values={**METRIC, "value": 10.0},
    ),
    Rows("volumes", n=1, values={**METRIC, "value": 60.0}),
)


@monitor(
    product="takedowns",
    harm=Harm.REPORT_ABUSE,
    entity="metric",
    version=1,
    authors=("ndiaz",),
    owner="legal-operations",
    threshold=5,
    near=3.5,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S3,
    action="review",
    runbook="docs/runbooks/notice_surge.md",
    canary=CANARY,
    baseline=(USUAL,),
)
def notice_surge(volumes: pl.LazyFrame, volumes_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """Far more takedown notices arrive in a day than usual: a campaign, or a queue about to break.

    Robust distance of the day's count from the median of the days with notices in the 56 before,
    in units of their usual spread, which is taken as at least 3 notices. Null with fewer than 14.

    Threshold: In almost four years of a public register, 2,697 daily counts of three kinds, the
    99.9th percentile is 5.7 and 13 days lie over 5: three or four a year.

    Misses: A slow rise over weeks, one sender who takes the place of others, and days without any
    notice, which the register leaves out.

    False alarms: A backlog published at once after holidays, and one lawful sender with a large
    catalogue.
    """
    return baseline_distance(
        volumes,
        volumes_baseline,
        keys=("product", "metric"),
        column="value",
        floor=3.0,
        time="occurred_at",
    )
