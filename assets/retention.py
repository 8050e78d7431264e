"""What was deleted because its time was over, as an asset: the record of a duty."""

from collections.abc import Iterator

import dagster as dg

from assets.results import Event
from orchestration.resources import Clock, LakeResource
from orchestration.retention import prune


@dg.asset(
    key=dg.AssetKey(["watchfloor", "retention"]),
    group_name="watchfloor",
    kinds={"parquet"},
    description="Deletes restricted text, quarantine and samples past their time, each night.",
)
def retention(lake: LakeResource, clock: Clock) -> Iterator[Event]:
    """Delete what is past its time and count the files."""
    removed = prune(lake.lake, now=clock.now())
    yield dg.MaterializeResult(metadata={"files_deleted": sum(removed.values()), **removed})
