"""The reducer: evaluations and findings in, the alerts' next state and what to tell out.

Pure: the same inputs give the same state and intents, on any machine and after any restart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from orchestration.alerts.groups import grouped
from orchestration.alerts.intake import take
from orchestration.alerts.life import Runs, lived
from orchestration.alerts.mutes import labels_of_all, with_flags
from orchestration.alerts.notices import tell
from orchestration.alerts.records import (
    Alert,
    AlertState,
    Evaluation,
    Finding,
    State,
    Step,
    Told,
    ToldKey,
    Watched,
)
from orchestration.alerts.rules import Config


def step(
    state: State,
    *,
    evaluations: Iterable[Evaluation] = (),
    findings: Iterable[Finding] = (),
    watched: Mapping[str, Watched],
    now: datetime,
    config: Config,
) -> Step:
    """Take in what was evaluated, then settle: the alerts' next state and the notices due now.

    `watched` is every monitor with its effective mode; alerts of any other are told to nobody.
    Raises AlertError for findings without their evaluation.
    """
    taken = take(state, evaluations=evaluations, findings=findings, now=now, config=config)
    settled = settle(taken.state, watched=watched, now=now, config=config)
    return replace(settled, outcomes=taken.outcomes, closed=taken.closed)


def settle(state: State, *, watched: Mapping[str, Watched], now: datetime, config: Config) -> Step:
    """Let time, silences, rules and modes take effect on what was taken in, and tell what is due.

    A backlog is taken in any number of parts and settled once, so that it tells no more than its
    outcome.
    """
    alive = lived(state.alerts, runs=Runs(state.taken), now=now, config=config)
    labels = labels_of_all(alive, watched)
    alerts = with_flags(
        alive,
        labels=labels,
        silences=state.silences.values(),
        watched=watched,
        now=now,
        config=config,
    )
    intents, told = tell(
        grouped(alerts, labels=labels, told=state.told, config=config),
        state.told,
        woken=_woken(state.alerts, alerts),
        storm=config.storm,
        now=now,
    )
    after = State(
        alerts=alerts,
        silences={key: one for key, one in state.silences.items() if one.ends > now},
        taken=state.taken,
        told=_of_going_on(told, alerts),
    )
    return Step(after, intents)


def _woken(before: Mapping[str, Alert], after: Mapping[str, Alert]) -> frozenset[str]:
    return frozenset(
        alert.alert_id
        for key, alert in after.items()
        if before[key].silenced_by and not alert.silenced_by and alert.state is AlertState.FIRING
    )


def _of_going_on(told: Mapping[ToldKey, Told], alerts: Mapping[str, Alert]) -> dict[ToldKey, Told]:
    """What was told of episodes that go on; a group that has none left starts afresh."""
    going = {alert.alert_id for alert in alerts.values()}
    kept = {}
    for key, last in told.items():
        if last.marks.keys() <= going:
            kept[key] = last
            continue
        marks = {known: mark for known, mark in last.marks.items() if known in going}
        if marks:
            kept[key] = replace(last, marks=marks)
    return kept
