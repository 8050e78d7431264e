"""Starting one run at a time of a job that has work: batches, and none twice."""

from datetime import datetime, timedelta

import dagster as dg

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def start(
    instance: dg.DagsterInstance, job: str, *, work: str, now: datetime, every: timedelta
) -> dg.SensorResult | dg.SkipReason:
    """Ask for one run, unless one is still under way: it takes up all there is.

    The run key is of the stretch of time that `now` lies in, each `every` long, so that a tick
    repeated after a crash asks for nothing twice.
    """
    busy = dg.RunsFilter(job_name=job, statuses=UNFINISHED)
    if instance.get_run_ids(busy, limit=1):
        return dg.SkipReason(f"{work}; a run of {job} is under way.")
    since = now - (now - EPOCH) % every
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"{job}:{since.isoformat()}")])
