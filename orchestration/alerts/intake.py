"""Evaluations and their findings into alerts: new, amended and retracted, each counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orchestration.alerts.errors import AlertError
from orchestration.alerts.keys import alert_id, dedup_key
from orchestration.alerts.life import Runs, close_quiet, fired_again, raised
from orchestration.alerts.records import (
    Alert,
    AlertState,
    Evaluation,
    Finding,
    Kept,
    Outcome,
    OutcomeKind,
    Place,
    State,
    Step,
    Taken,
    TakenKey,
)
from orchestration.alerts.rules import Config


@dataclass
class _Work:
    """A step's state while it is being made."""

    alerts: dict[str, Alert]
    taken: dict[TakenKey, Taken]
    runs: Runs
    outcomes: list[Outcome]
    now: datetime
    config: Config


def take(
    state: State,
    *,
    evaluations: Iterable[Evaluation],
    findings: Iterable[Finding],
    now: datetime,
    config: Config,
) -> Step:
    """Take evaluations and their findings in; nothing is told before the state is settled.

    Several calls at one time give what one call with everything gives, as long as a later call's
    evaluations are of later partitions. An evaluation whose digest is known for its partition may
    come without its findings. Raises AlertError for findings without their evaluation, and for two
    evaluations of one version and partition.
    """
    ordered = sorted(evaluations, key=lambda e: (e.partition_end, e.monitor, e.as_of, e.version))
    found = _by_evaluation(findings, ordered)
    alerts, closed = close_quiet(state.alerts, now=now, config=config)
    oldest = now - config.memory
    taken = {key: known for key, known in state.taken.items() if key[2] > oldest}
    work = _Work(alerts, taken, Runs(taken), [], now, config)
    for evaluation in ordered:
        _take_one(work, evaluation, found.get(_name(evaluation), ()))
    after = replace(state, alerts=work.alerts, taken=work.taken)
    return Step(after, outcomes=tuple(work.outcomes), closed=closed)


Name = tuple[str, int, datetime]


def _name(row: Evaluation | Finding) -> Name:
    return (row.monitor, row.version, row.partition)


def _by_evaluation(
    findings: Iterable[Finding], evaluations: Sequence[Evaluation]
) -> Mapping[Name, Sequence[Finding]]:
    found: defaultdict[Name, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[_name(finding)].append(finding)
    names = [_name(evaluation) for evaluation in evaluations]
    orphans = sorted(found.keys() - set(names))
    if orphans:
        monitor, version, partition = orphans[0]
        raise AlertError(
            f"Findings of '{monitor}' version {version} at {partition} came without their "
            "evaluation; give both."
        )
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise AlertError(
            f"'{twice[0]}' version {twice[1]} at {twice[2]} came twice in one step, and its "
            "findings cannot be told apart; give the newest, or a step each."
        )
    for rows in found.values():
        rows.sort(key=lambda row: (row.window_end, row.window_start, row.entity, row.digest))
    return found


def _take_one(work: _Work, evaluation: Evaluation, findings: Sequence[Finding]) -> None:
    key = (evaluation.monitor, evaluation.partition, evaluation.partition_end)
    before = work.taken.get(key)
    old = before.findings if before else {}
    counts = _counts(work, evaluation, before)
    same = before and (before.version, before.digest) == (evaluation.version, evaluation.digest)
    if same or not counts:
        known = {row.finding_id: row for row in old.values()}
        work.outcomes.extend(_unmoved(finding, known) for finding in findings)
    if not counts:
        return
    kept = old if same else _compare(work, evaluation, findings, old)
    work.taken[key] = Taken(
        evaluation.version, evaluation.as_of, evaluation.status, evaluation.digest, kept
    )
    work.runs.add(key, work.taken[key])


def _compare(
    work: _Work,
    evaluation: Evaluation,
    findings: Sequence[Finding],
    old: Mapping[Place, Kept],
) -> Mapping[Place, Kept]:
    """What stands after the evaluation. What only a complete run of its own time lacks is gone."""
    kept: dict[Place, Kept] = {}
    for finding in findings:
        row = kept.get(finding.place) or old.get(finding.place)
        kept[finding.place] = _take_finding(work, evaluation, finding, row)
    missing = {place: row for place, row in old.items() if place not in kept}
    if evaluation.status != "complete" or evaluation.intent == "replay":
        return kept | missing
    for place in sorted(missing, key=lambda place: (*place[:3], place[3] or "")):
        _retract(work, missing[place])  # in an order that no storage can change
    return kept


def _counts(work: _Work, evaluation: Evaluation, before: Taken | None) -> bool:
    """Whether an evaluation may change alerts.

    A replay may only where nothing complete is known and the partition is inside the horizon, so
    that a crash's re-run still pages and a backfill never does.
    """
    if evaluation.partition_end <= work.now - work.config.memory:
        return False
    if before is not None:
        older = (evaluation.version, evaluation.as_of) < (before.version, before.as_of)
        worse = before.status == "complete" and evaluation.status != "complete"
        if older or worse:
            return False
    if evaluation.intent != "replay":
        return True
    seen = before is not None and before.status == "complete"
    return not seen and evaluation.partition_end > work.now - work.config.horizon


def _unmoved(finding: Finding, known: Mapping[str, Kept]) -> Outcome:
    row = known.get(finding.finding_id)
    if row is not None and row.digest == finding.digest:
        return Outcome(finding.finding_id, OutcomeKind.AGAIN, row.alert_id)
    return Outcome(finding.finding_id, OutcomeKind.SUPPRESSED, None)


def _take_finding(work: _Work, evaluation: Evaluation, finding: Finding, row: Kept | None) -> Kept:
    if row is None:
        return _take_new(work, evaluation, finding)
    if row.digest == finding.digest:
        kind = OutcomeKind.AGAIN
    else:
        kind = OutcomeKind.AMENDED
        _amend(work, evaluation, finding, row)
    work.outcomes.append(Outcome(finding.finding_id, kind, row.alert_id))
    return row._replace(finding_id=finding.finding_id, digest=finding.digest)


def _take_new(work: _Work, evaluation: Evaluation, finding: Finding) -> Kept:
    key = dedup_key(finding.monitor, finding.entity, finding.harm)
    alert = work.alerts.get(key)
    if alert is None:
        kind = OutcomeKind.NEW
        alert = _opened(key, evaluation, finding, work.now)
    else:
        was, alert = alert.state, _joined(alert, evaluation, finding)
        kind = OutcomeKind.DUPLICATE
        if was is AlertState.RESOLVED and work.runs.clean(alert) < work.config.resolve_after:
            kind = OutcomeKind.NEW
            alert = fired_again(alert, now=work.now, config=work.config)
        elif was is AlertState.RESOLVED:
            alert = replace(alert, late=alert.late + 1, revision=alert.revision + 1)
    work.alerts[key] = raised(alert, finding.severity, now=work.now)
    work.outcomes.append(Outcome(finding.finding_id, kind, alert.alert_id))
    return Kept(finding.finding_id, finding.digest, key, alert.alert_id)


def _opened(key: str, evaluation: Evaluation, finding: Finding, now: datetime) -> Alert:
    return Alert(
        alert_id=alert_id(key, now),
        key=key,
        monitor=finding.monitor,
        version=finding.version,
        product=finding.product,
        harm=finding.harm,
        entity_type=finding.entity_type,
        entity=finding.entity,
        severity=finding.severity,
        worst=finding.severity,
        state=AlertState.PENDING,
        opened_at=now,
        changed_at=now,
        first_seen=finding.window_start,
        last_seen=finding.window_end,
        last_partition=evaluation.partition_end,
    )


def _joined(alert: Alert, evaluation: Evaluation, finding: Finding) -> Alert:
    return replace(
        alert,
        version=max(alert.version, finding.version),
        first_seen=min(alert.first_seen, finding.window_start),
        last_seen=max(alert.last_seen, finding.window_end),
        last_partition=max(alert.last_partition, evaluation.partition_end),
        count=alert.count + 1,
    )


def _amend(work: _Work, evaluation: Evaluation, finding: Finding, row: Kept) -> None:
    """What late rows changed is told; a score that grows while its hour is open is not."""
    alert = work.alerts.get(row.key)
    if alert is None or alert.alert_id != row.alert_id:
        return
    alert = replace(alert, version=max(alert.version, finding.version))
    if evaluation.intent == "late":
        alert = replace(alert, late=alert.late + 1, revision=alert.revision + 1)
    work.alerts[row.key] = raised(alert, finding.severity, now=work.now)


def _retract(work: _Work, row: Kept) -> None:
    work.outcomes.append(Outcome(row.finding_id, OutcomeKind.RETRACTED, row.alert_id))
    alert = work.alerts.get(row.key)
    if alert is not None and alert.alert_id == row.alert_id:
        work.alerts[row.key] = replace(
            alert, retracted=alert.retracted + 1, revision=alert.revision + 1
        )
