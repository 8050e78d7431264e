"""What a rater is asked of a unit, and who may be asked it."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitors.contract import Monitor
from monitors.harms import Harm
from monitors.registry import Registry
from monitors.registry import registry as shipped
from orchestration.cases.terms import Terms
from orchestration.ledger.review_tasks import ReviewTask
from orchestration.oncall.people import Person, may
from orchestration.policies.policy import Policy
from orchestration.review.errors import ReviewError
from orchestration.triage.desks import Queue, Source, Traits
from orchestration.triage.route import route


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a unit is this harm, by this policy; a null `policy`: none is of the harm.

    `queue` is where a case of it would go: its skills, and what it reveals, hold here too.
    """

    harm: Harm
    policy: Policy | None
    queue: Queue

    @property
    def cites(self) -> str | None:
        """The policy's version, as labels have it."""
        return f"{self.policy.id}/{self.policy.version}" if self.policy else None


def monitors_of(registry: Registry | None) -> Mapping[str, Monitor]:
    """The monitors of a registry; the shipped ones if None."""
    return (registry or shipped()).monitors


def asked(
    terms: Terms, monitors: Mapping[str, Monitor], monitor_id: str, entity_type: str
) -> Question | None:
    """The question of what a monitor watches for; None for one that is gone: nobody can say."""
    monitor = monitors.get(monitor_id)
    if monitor is None:
        return None
    traits = Traits(
        harm=monitor.harm,
        product=monitor.product,
        severity=monitor.severity,
        source=Source.ALERT,
        entity_type=entity_type,
        monitor=monitor_id,
    )
    queue = terms.desks.queues[route(terms.desks, traits).queue]
    return Question(monitor.harm, terms.policies.of_harm(monitor.harm), queue)


def question_of(terms: Terms, monitors: Mapping[str, Monitor], task: ReviewTask) -> Question:
    """The question of a task. Raises ReviewError if its monitor is gone."""
    found = asked(terms, monitors, task.monitor, task.entity_type)
    if found is None:
        raise ReviewError(
            f"What the task {task.task_id} is drawn from is watched no more, so nothing says what "
            "to look for; wanted a task of what is. Take another."
        )
    return found


def may_judge(who: Person, question: Question) -> bool:
    """Whether somebody answers at all and has the skills that the queue wants."""
    return may(who, "answer") and question.queue.skills <= who.skills


def require_skills(who: Person, question: Question) -> None:
    """Raise ReviewError, which says what is missing, unless they have the queue's skills."""
    missing = sorted(question.queue.skills - who.skills)
    if missing:
        raise ReviewError(
            f"The queue '{question.queue.id}' wants {', '.join(missing)}, which {who.id} does not "
            "have; leave the task to somebody who has, or have it added in people.yaml."
        )
