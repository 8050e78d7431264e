"""Starts the training of a classifier whose scores shifted, or that has much new to learn."""

from datetime import timedelta

import dagster as dg

from monitors.evaluate import Span
from orchestration.classifiers.decisions import decisions
from orchestration.classifiers.drift import indices, trigger
from orchestration.classifiers.force import model_in_force
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.lake_scores import scores
from orchestration.classifiers.shelf import Shelf
from orchestration.jobs import RETRAINING_RUN
from orchestration.partitions import HOUR, hour_of
from orchestration.resources import Clock
from orchestration.working import Working

WINDOW = timedelta(hours=24)


@dg.sensor(
    name="retraining",
    job_name=RETRAINING_RUN,
    minimum_interval_seconds=3600,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def retraining(working: dg.ResourceParam[Working], clock: Clock) -> dg.SensorResult | dg.SkipReason:
    """Ask for a training, once a day and model at most, where a trigger says so.

    A classifier without a model in force is left alone: the first is trained by a person.
    """
    now, requests, why = clock.now(), [], []
    for name in CLASSIFIERS:
        force = model_in_force(working.engine, name)
        if force is None:
            continue
        shelf = Shelf(working.settings.home)
        stored = shelf.find(name, force)
        end = hour_of(now) + HOUR
        window = scores(working.alerting.lake, name, Span(end - WINDOW, end))
        own = window.filter(window["model"] == force)
        learned = int(stored.card["data"].get("decisions", 0))
        found = trigger(
            indices(shelf.read(stored), own), learned=learned, decisions=decisions(working.engine)
        )
        why.append(f"{name}: {found.why}")
        if found.due:
            key = f"{name}:{force}:{now:%Y-%m-%d}"
            requests.append(dg.RunRequest(run_key=key, tags={"watchfloor/why": found.why}))
    if not requests:
        return dg.SkipReason("; ".join(why) or "No model is in force.")
    return dg.SensorResult(run_requests=requests)
