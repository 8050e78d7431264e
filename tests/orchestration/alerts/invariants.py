"""What holds for every step of the reducer, whatever came before: invariants of operations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitors.contract import Mode, Severity
from orchestration.alerts.life import MOVES, Runs
from orchestration.alerts.records import (
    AlertState,
    Evaluation,
    Finding,
    Reason,
    State,
    Step,
    Watched,
)
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step: what was there, what it was given, and what came of it."""

    before: State
    evaluations: Sequence[Evaluation]
    findings: Sequence[Finding]
    watched: dict[str, Watched]
    now: datetime
    config: Config
    result: Step

    @property
    def told(self) -> set[str]:
        """Episodes that some receiver was told of in this step, in a summary or by themselves."""
        return {
            known
            for told in self.result.state.told.values()
            if told.at == self.now
            for known in told.marks
        }


def check_every_invariant(stepped: Stepped) -> None:
    check_i12_what_did_not_run_resolves_nothing(stepped)
    check_i13_mutes_are_only_mutes(stepped)
    check_i14_the_end_of_a_silence_is_told(stepped)
    check_i15_s0_is_told_and_stands_apart(stepped)
    check_i17_no_flood(stepped)
    check_i18_replays_of_seen_partitions_tell_nothing(stepped)
    check_i23_moves(stepped)


def check_i12_what_did_not_run_resolves_nothing(stepped: Stepped) -> None:
    before, result = stepped.before, stepped.result
    runs, was = Runs(result.state.taken), Runs(before.taken)
    failed = stepped.evaluations and all(e.status != "complete" for e in stepped.evaluations)
    for key, alert in result.state.alerts.items():
        old = before.alerts.get(key)
        if old is None or old.alert_id != alert.alert_id:
            continue
        if alert.state == AlertState.RESOLVED and old.open:
            assert not alert.standing or runs.fresh(alert)
            assert not alert.standing or runs.clean(alert) >= stepped.config.resolve_after
        if failed and alert.last_partition == old.last_partition:
            kept = {k: v for k, v in before.taken.items() if k in result.state.taken}
            assert runs.clean(alert) == Runs(kept).clean(alert) <= was.clean(alert)


def check_i13_mutes_are_only_mutes(stepped: Stepped) -> None:
    """Without silences, inhibitions and shadow, the alerts and outcomes are the same."""
    result = stepped.result
    heard = step(
        replace(stepped.before, silences={}),
        evaluations=stepped.evaluations,
        findings=stepped.findings,
        watched={monitor: Watched(Mode.REVIEW) for monitor in stepped.watched},
        now=stepped.now,
        config=replace(stepped.config, inhibitions=()),
    )
    unmuted = {
        key: replace(alert, silenced_by=(), inhibited_by=(), shadow=False)
        for key, alert in result.state.alerts.items()
    }
    assert unmuted == dict(heard.state.alerts)
    assert (result.outcomes, result.state.taken) == (heard.outcomes, heard.state.taken)


def check_i14_the_end_of_a_silence_is_told(stepped: Stepped) -> None:
    told = stepped.told
    for key, alert in stepped.result.state.alerts.items():
        old = stepped.before.alerts.get(key)
        woken = old is not None and old.silenced_by and not alert.silenced_by
        if woken and alert.state == AlertState.FIRING and not alert.muted:
            assert alert.alert_id in told


def check_i15_s0_is_told_and_stands_apart(stepped: Stepped) -> None:
    told = stepped.told
    for key, alert in stepped.result.state.alerts.items():
        if alert.severity == Severity.S0:
            assert not alert.inhibited_by
            new = key not in stepped.before.alerts and alert.open and not alert.muted
            assert not new or alert.alert_id in told
    for intent in stepped.result.intents:
        assert intent.reason != Reason.STORM or intent.severity > Severity.S0


def check_i17_no_flood(stepped: Stepped) -> None:
    for receiver in ("#pager", "#abuse"):
        mine = [i for i in stepped.result.intents if i.receiver == receiver]
        quiet = [i for i in mine if i.severity > Severity.S0]
        assert len(quiet) <= stepped.config.storm
        assert len([i for i in mine if i.reason == Reason.STORM]) <= 1


def check_i18_replays_of_seen_partitions_tell_nothing(stepped: Stepped) -> None:
    before = stepped.before
    for evaluation in stepped.evaluations:
        key = (evaluation.monitor, evaluation.partition, evaluation.partition_end)
        seen = key in before.taken and before.taken[key].status == "complete"
        if evaluation.intent == "replay" and seen and len(stepped.evaluations) == 1:
            quiet = step(before, watched=stepped.watched, now=stepped.now, config=stepped.config)
            assert replace(stepped.result, outcomes=()) == quiet


def check_i23_moves(stepped: Stepped) -> None:
    before, result = stepped.before, stepped.result
    for key, alert in result.state.alerts.items():
        old = before.alerts.get(key)
        same = old if old and old.alert_id == alert.alert_id else None
        assert path(same.state if same else None, alert.state)
        assert alert.state not in {AlertState.PENDING, AlertState.CLOSED}
        if same and alert.state != same.state:
            assert alert.revision > same.revision
    for closed in result.closed:
        assert before.alerts[closed.key].state == AlertState.RESOLVED


def path(before: AlertState | None, after: AlertState) -> bool:
    """Whether moves that lives have lead from one state to the other, in at most four."""
    reached = {before or AlertState.PENDING}
    for _ in range(4):
        reached |= {to for of, to in MOVES if of in reached}
    return after in reached
