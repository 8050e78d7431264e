"""The clock of a case: begun with what its queue promised, paused, and only ever made earlier."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from monitors.contract import Severity
from orchestration.ledger.cases import Case
from orchestration.triage.clock import Clock, Goal, Sla, due, share_used
from orchestration.triage.sla_json import of_json, to_json


class Running(NamedTuple):
    """What a case was promised, the severity its clock runs for, and the clock."""

    sla: Sla
    severity: Severity
    clock: Clock

    def due(self, goal: Goal) -> datetime:
        """When the goal is due, with the pauses that have ended."""
        return due(self.sla, self.severity, self.clock.started_at, self.clock.pauses, goal)


def begun(sla: Sla, severity: Severity, now: datetime) -> dict[str, Any]:
    """The parts of a case that say its clock, which begins now.

    Beside the SLA stands when it began and for which severity: a case opened long ago may be
    reopened, or become graver, and is then given the time of that moment.
    """
    running = Running(sla, severity, Clock(now))
    return {
        "sla": {**to_json(sla), "started": now.isoformat(), "clock": severity.name},
        "pauses": (),
        "first_action_due": running.due(Goal.FIRST_ACTION),
        "resolve_due": running.due(Goal.RESOLVE),
    }


def running(case: Case) -> Running:
    """The clock as it is stored on the case. Raises TriageError for what cannot be read."""
    pauses = tuple(
        (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
        for start, end in case.pauses
    )
    started = datetime.fromisoformat(case.sla["started"])
    return Running(of_json(case.sla), Severity[case.sla["clock"]], Clock(started, pauses))


def raised(case: Case, severity: Severity, now: datetime) -> Case:
    """The case with at least this severity; its clock begins anew only if due earlier by that."""
    if severity >= case.severity:
        return case
    case = replace(case, severity=severity)
    again = begun(running(case).sla, severity, now)
    if again["resolve_due"] >= case.resolve_due:
        return case
    again["first_action_due"] = min(again["first_action_due"], case.first_action_due)
    return replace(case, **again)


def earlier(case: Case, other: Case) -> Case:
    """The case with the clock of whichever of two is due first."""
    if other.resolve_due >= case.resolve_due:
        return case
    return replace(
        case,
        sla=other.sla,
        pauses=other.pauses,
        first_action_due=min(case.first_action_due, other.first_action_due),
        resolve_due=other.resolve_due,
    )


def paused(case: Case, now: datetime) -> Case:
    """The case with its clock stopped from now on, if its SLA lets it be."""
    found = running(case)
    if not found.sla.goals[found.severity].pauses:
        return case
    return replace(case, pauses=(*case.pauses, (now.isoformat(), None)))


def resumed(case: Case, now: datetime) -> Case:
    """The case with its clock going on from now, and due as much later as it stood still."""
    pauses = tuple(
        (start, end or max(now, datetime.fromisoformat(start)).isoformat())
        for start, end in case.pauses
    )
    if pauses == case.pauses:
        return case
    case = replace(case, pauses=pauses)
    return replace(case, resolve_due=running(case).due(Goal.RESOLVE))


def next_due(case: Case) -> datetime:
    """When its next goal is due: the first action until there was one, then the end."""
    return case.resolve_due if case.first_action_at else case.first_action_due


def used(case: Case, now: datetime) -> float:
    """The share of its next goal's time that has run; over 1 once it is overdue."""
    found = running(case)
    goal = Goal.RESOLVE if case.first_action_at else Goal.FIRST_ACTION
    return share_used(found.sla, found.severity, found.clock, now, goal)


def is_paused(case: Case) -> bool:
    """Whether its clock stands still."""
    return any(end is None for _, end in case.pauses)
