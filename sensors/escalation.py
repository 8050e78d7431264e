"""Calls whoever is next where nobody answers, and hands over when a shift ends."""

import dagster as dg

from orchestration.alerting import Alerting
from orchestration.escalation.handover import hand_over
from orchestration.escalation.ladders import climb
from orchestration.resources import Clock


@dg.sensor(
    name="escalation",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def escalation(
    context: dg.SensorEvaluationContext, alerting: dg.ResourceParam[Alerting], clock: Clock
) -> dg.SkipReason:
    """Take the steps that are due and queue their messages; no run is started.

    Where each thread stands on its ladder is a row of the ledger, written with the messages, so
    that a tick repeated after a crash calls nobody twice. There is no cursor.
    """
    del context
    now = clock.now()
    rules, watched = alerting.rules(now), alerting.watched(now)
    done = climb(alerting.engine, rules=rules, watched=watched, now=now)
    handed = hand_over(
        alerting.engine,
        rules=rules,
        watched=watched,
        monitors=alerting.registry.monitors.values(),
        now=now,
    )
    return dg.SkipReason(
        f"{done.begun} begun, {done.steps} steps, {done.messages} messages, "
        f"{done.stopped} stopped; {handed} hand-overs."
    )
