"""Desks: the queues people work on, what leads to them, and what their cases are promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.oncall.hours import Hours
from orchestration.oncall.roles import Role
from orchestration.triage.clock import Goals, Sla
from orchestration.triage.errors import TriageError


class Source(StrEnum):
    """What opened a case."""

    ALERT = "alert"
    REPORT = "report"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Traits:
    """What routing knows of a case. None: no monitor found it, or nobody could say the harm."""

    harm: Harm | None
    product: str
    severity: Severity
    source: Source
    entity_type: str
    monitor: str | None = None

    def named(self) -> Mapping[str, str | None]:
        """Each trait as rules write it."""
        return {
            "harm": self.harm,
            "product": self.product,
            "severity": self.severity.name,
            "source": self.source,
            "entity_type": self.entity_type,
            "monitor": self.monitor,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """Cases with one of the values in each trait named go to the queue."""

    name: str
    match: Mapping[str, frozenset[str]]
    queue: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Who may work on it and when.

    `skills` and `languages`: all are wanted. `exposure_limit`: contents revealed per person and
    day. `restricted`: only those with its skills may know more of a case than that it exists.
    """

    id: str
    hours: Hours
    sla: str
    reveal: frozenset[Role]
    exposure_limit: int
    restricted: bool = False
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Appeals:
    """Business hours in which appeals are decided, and how fast."""

    hours: Hours
    goals: Goals


@dataclass(frozen=True, slots=True)
class Desks:
    """All of queues.yaml. `policies`: goals of S0 to S3 by name; `weights` of the score sum to 1.

    `ageing`: the share of its time at which a case is lifted. `largest_cluster`: items of one.
    """

    hours: Mapping[str, Hours]
    queues: Mapping[str, Queue]
    policies: Mapping[str, tuple[Goals, ...]]
    rules: tuple[Rule, ...]
    default: str
    weights: Mapping[str, float]
    reopen_window: timedelta
    ageing: float
    lease: timedelta
    largest_cluster: int
    appeals: Appeals


def sla_of(desks: Desks, queue: str) -> Sla:
    """What a case of the queue is promised now, to be stored on it. TriageError for no queue."""
    if queue not in desks.queues:
        known = ", ".join(sorted(desks.queues))
        raise TriageError(f"There is no queue '{queue}'; there are {known}.")
    found = desks.queues[queue]
    return Sla(found.sla, found.hours, desks.policies[found.sla])


def appeal_sla(desks: Desks) -> Sla:
    """What an appeal is promised; ask `due` as for S2, in business time, whatever the case's."""
    return Sla("appeals", desks.appeals.hours, (desks.appeals.goals,) * len(Severity))
