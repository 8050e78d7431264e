"""Monitor `images/known_material`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

HOUR = timedelta(hours=1)
CANARY = Rows(
    "images",
    n=1,
    values={"account_id": "canary", "operation": "upload", "matched_list": "canary"},
)


@monitor(
    product="images",
    harm=Harm.CHILD_SAFETY,
    entity="account_id",
    version=1,
    authors=("rkhan",),
    owner="images-safety",
    threshold=1,
    near=0.5,
    window=HOUR,
    cadence="5m",
    monotone=True,
    severity=Severity.S0,
    action="block_upload",
    runbook="docs/runbooks/known_material.md",
    canary=(CANARY,),
)
def known_material(images: pl.LazyFrame) -> pl.LazyFrame:
    """An account uploads or makes an image that is on a list of known material.

    Most matches of any list within an hour that end in the hour. The lists are kept and compared
    before Watchfloor sees the event; only the hash's match comes here, never an image.

    Threshold: Any match. No image of the development worlds matches a list, so nothing was
    measured there; what a match is worth is the list's own precision.

    Misses: Material on no list, and copies changed further than the matcher's distance.

    False alarms: Perceptual hashes that collide, above all on plain or nearly empty images, and
    entries of a list that were wrong. A trained reviewer compares; nobody else opens it.
    """
    matches = images.filter(pl.col("matched_list").is_not_null())
    return sliding_count(matches, entity="account_id", window=HOUR, event_id="event_id")
