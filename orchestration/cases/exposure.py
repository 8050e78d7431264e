"""How much of what people wrote somebody has seen today, in cases and in review tasks together."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from monitors.evaluate import Span
from orchestration.cases.errors import CaseError
from orchestration.ledger.tables import cases, task_views, views
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.triage.desks import Desks, Queue

DAY = timedelta(days=1)


def may_see(connection: Connection, who: Person, desks: Desks, queue_id: str, now: datetime) -> int:
    """How many contents the person may see now under a queue's rules, at least one.

    Raises PeopleError for a role that the queue does not let, and CaseError at the day's limit.
    """
    queue = desks.queues.get(queue_id)
    if queue is None or queue.reveal.isdisjoint(who.roles):
        allowed = ", ".join(sorted(queue.reveal)) if queue else ""
        raise PeopleError(
            f"The queue '{queue_id}' reveals content to {allowed or 'nobody'}; {who.id} has the "
            f"roles {', '.join(sorted(who.roles))}. Decide by the evidence, or have it changed in "
            "queues.yaml."
        )
    left = remaining(connection, who, queue, now)
    if left <= 0:
        raise CaseError(
            f"{who.id} has seen {queue.exposure_limit} contents of the queue '{queue_id}' and of "
            "review tasks today, which is its limit. It begins anew at "
            f"{day_of(who, now).end.isoformat()}; leave what cannot wait to somebody else."
        )
    return left


def remaining(connection: Connection, who: Person, queue: Queue, now: datetime) -> int:
    """How many contents the person may still see today under the limit of a queue.

    Those of the queue's cases count, and those of all review tasks: a task has no queue of its
    own, and of what harms who sees it, too much is counted rather than too little.
    """
    day = day_of(who, now)
    of_cases = (
        select(func.coalesce(func.sum(views.c["items"]), 0))
        .join(cases, cases.c.case_id == views.c.case_id)
        .where(
            views.c.person == who.id,
            views.c.at >= day.start,
            views.c.at < day.end,
            cases.c.queue == queue.id,
        )
    )
    of_tasks = select(func.coalesce(func.sum(task_views.c["items"]), 0)).where(
        task_views.c.person == who.id, task_views.c.at >= day.start, task_views.c.at < day.end
    )
    seen = [int(connection.execute(one).scalar_one()) for one in (of_cases, of_tasks)]
    return queue.exposure_limit - sum(seen)


def day_of(who: Person, now: datetime) -> Span:
    """The calendar day of the person's own zone, in UTC."""
    today = now.astimezone(who.zone).date()
    ends = [datetime.combine(day, time(0), who.zone) for day in (today, today + DAY)]
    return Span(ends[0].astimezone(UTC), ends[1].astimezone(UTC))
