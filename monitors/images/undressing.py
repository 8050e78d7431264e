"""Monitor `images/undressing`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sequence import sequence
from monitors.harms import Harm

DAY = timedelta(days=1)
LIKELY = 0.5
ATTEMPT = (pl.col("operation") == "edit") & (pl.col("score_undress") >= LIKELY)
REFUSED = ATTEMPT & pl.col("refused")
EDIT: dict[str, object] = {
    "account_id": "canary",
    "operation": "edit",
    "upload_hash": "canary",
    "score_undress": 0.9,
    "refused": True,
}
CANARY = Rows("images", n=3, every=timedelta(minutes=1), values=EDIT)


@monitor(
    product="images",
    harm=Harm.SEXUAL_CONTENT,
    entity="account_id",
    version=1,
    authors=("rkhan",),
    owner="images-safety",
    threshold=1,
    near=0.5,
    window=DAY,
    cadence="hourly",
    severity=Severity.S0,
    action="block_edits",
    runbook="docs/runbooks/undressing.md",
    canary=(CANARY,),
)
def undressing(images: pl.LazyFrame) -> pl.LazyFrame:
    """An account is refused the undressing of a picture and asks again.

    Counts the edits of the hour that are likely undressings (`score_undress` of 0.5 or more) and
    follow, within a day, one that was refused; on whichever pictures.

    Threshold: One retry suffices, for a picture of somebody undressed is harm at once. In 42 days
    of two development worlds, 60 of some 1,680 honest accounts have a likely edit, 4 have two or
    more, and none asks again after a refusal; every account of the loud and slow campaigns does so
    five times or more, and a quarter of the evasive ones once.

    Misses: People who are never refused, who wait a day or change the account between attempts,
    and prompts that the classifier scores under 0.5.

    False alarms: Clothes shops and artists whose edit of a swimsuit is refused and who ask with
    other words, and testers of the filter.
    """
    edits = images.filter(pl.col("operation") == "edit")
    return sequence(
        edits, entity="account_id", steps=(REFUSED, ATTEMPT), within=DAY, event_id="event_id"
    )
