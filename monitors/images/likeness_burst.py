"""Monitor `images/likeness_burst`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

DAY = timedelta(days=1)
LIKELY = 0.8
LIKENESS = (pl.col("operation") != "upload") & (pl.col("score_likeness") >= LIKELY)
USUAL = Baseline(Activity("images", by=("account_id",), where=LIKENESS), days=28)
MADE: dict[str, object] = {
    "account_id": "canary",
    "operation": "generate",
    "score_likeness": 0.95,
}
CANARY = (
    Rows("images", n=2, at=timedelta(days=-4), every=timedelta(days=1), values=MADE),
    Rows("images", n=12, every=timedelta(minutes=2), values=MADE),
)


@monitor(
    product="images",
    harm=Harm.INFLUENCE_OPERATIONS,
    entity="account_id",
    version=1,
    authors=("mlang",),
    owner="images-safety",
    threshold=8,
    near=5,
    window=DAY,
    cadence="hourly",
    severity=Severity.S1,
    action="review",
    runbook="docs/runbooks/likeness_burst.md",
    canary=CANARY,
    baseline=(USUAL,),
)
def likeness_burst(images: pl.LazyFrame, images_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """An account suddenly makes image after image of real people.

    Most images and edits with a `score_likeness` of 0.8 or more in any 24 hours that end in the
    hour, less what the account made on a usual day of the 28 before (its median over the days on
    which it made any; nothing for an account that never did). Refused ones count. Uploads do not:
    showing one's own face is no likeness made.

    Threshold: Honest accounts of two development worlds make 2 such images in 24 hours at most.
    No campaign there is about likeness alone; accounts that undress people make 18 to 22 in a day.

    Misses: Deepfakes made one at a time, spread over accounts, or of faces that the classifier
    does not know, and accounts that always make many.

    False alarms: Caricaturists, film posters, and the week of an election, when everybody makes
    the same two faces.
    """
    burst = sliding_count(
        images.filter(LIKENESS), entity="account_id", window=DAY, event_id="event_id"
    )
    usual = images_baseline.select("account_id", usual="events_median")
    return burst.join(usual, on="account_id", how="left").with_columns(
        pl.col("score") - pl.col("usual").fill_null(0.0)
    )
