"""Tasks of people: to certify themselves anew where a policy they decide by has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml
from sqlalchemy import Connection, Engine, insert, select, update

from monitors.harms import Harm
from orchestration.cases.errors import CaseError
from orchestration.cases.members import batches
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import configs, tasks
from orchestration.oncall.people import Person, may, require
from orchestration.triage.desks import Desks

CERTIFY = "certify"
TASKS = Actor("tasks", "system")
WITHIN = timedelta(days=14)  # the time people have to certify themselves


@dataclass(frozen=True, slots=True)
class Task:
    """Something that one person has to do until a time. `object` is `policy:<id>:<version>`."""

    task_id: str
    kind: str
    person: str
    object: str
    created_at: datetime
    due_at: datetime
    done_at: datetime | None = None

    @property
    def policy(self) -> tuple[str, int]:
        """The policy and its version, of a task to certify oneself."""
        _, policy, version = self.object.split(":")
        return policy, int(version)


def recertify(engine: Engine, terms: Terms, *, now: datetime) -> int:
    """Make the tasks that policies' new versions ask of those who decide by them; how many.

    A policy asks once its version is another than in the first policies that were in force, and a
    policy that these lacked asks at once. Asked is whoever reviews and has the skills of a queue
    that its harms lead to, however late they come. The same task is never made twice.
    """
    with writing(engine) as connection:
        first = _first_versions(connection)
        wanted = {
            task.task_id: task
            for policy in terms.policies.items
            if first and first.get(policy.id) != policy.version
            for person in reviewers(terms, policy.harms)
            for task in [_task(person, policy.id, policy.version, now)]
        }
        known: set[str] = set()
        for some in batches(sorted(wanted)):
            there = select(tasks.c.task_id).where(tasks.c.task_id.in_(some))
            known |= set(connection.scalars(there))
        new = [_row(task) for task_id, task in sorted(wanted.items()) if task_id not in known]
        changes = [Change("ask", f"task:{row['task_id']}", after=digest_record(row)) for row in new]
        act = Act(TASKS, now, "a policy has a new version")
        last = append_all(connection, act=act, changes=changes)
        numbered = [{**row, "audit_seq": last - len(new) + 1 + at} for at, row in enumerate(new)]
        for some_rows in batches(numbered):
            connection.execute(insert(tasks), some_rows)
        return len(new)


def certify(engine: Engine, who: Person, task_id: str, *, now: datetime) -> int:
    """Say that somebody knows the policy as it is; how many tasks that did.

    Tasks for older versions of it are done with it; 0 if it was done before. Raises PeopleError
    for who may not, CaseError for another person's task, or none.
    """
    require(who, "certify")
    with writing(engine) as connection:
        mine = _of(connection, who.id)
        task = mine.get(task_id)
        if task is None:
            raise CaseError(
                "That is no task of yours; wanted one that you are asked to do yourself. Copy its "
                "id from your list."
            )
        policy, version = task.policy
        done = [
            one
            for one in mine.values()
            if one.done_at is None and one.policy[0] == policy and one.policy[1] <= version
        ]
        act = Act(Actor(who.id, "person"), now, f"knows {policy} in version {version}")
        changes = [_done(one, now) for one in done]
        append_all(connection, act=act, changes=changes)
        ids = [one.task_id for one in done]
        connection.execute(update(tasks).where(tasks.c.task_id.in_(ids)).values(done_at=now))
        return len(done)


def open_tasks(connection: Connection, person: str | None = None) -> list[Task]:
    """Tasks that are not done, those due first in front; of one person, if named."""
    found = [task for task in _of(connection, person).values() if task.done_at is None]
    return sorted(found, key=lambda task: (task.due_at, task.person, task.object))


def reviewers(terms: Terms, harms: Iterable[Harm]) -> list[str]:
    """Ids of those who decide cases of these harms, in order."""
    queues = {queue for harm in harms for queue in queues_of(terms.desks, harm)}
    wanted = [terms.desks.queues[queue].skills for queue in sorted(queues)]
    return sorted(
        person.id
        for person in terms.roster.people
        if may(person, "review") and any(skills <= person.skills for skills in wanted)
    )


def queues_of(desks: Desks, harm: Harm) -> set[str]:
    """Every queue that a case of a harm can be routed to."""
    found = set()
    for rule in desks.rules:
        if harm.value in rule.match.get("harm", {harm.value}):
            found.add(rule.queue)
            if set(rule.match) <= {"harm"}:
                return found
    return found | {desks.default}


def _first_versions(connection: Connection) -> dict[str, int]:
    """Versions of the first policies that were ever in force; none if there never were any."""
    oldest = select(configs.c.text).where(configs.c.name == "policies")
    text = connection.scalar(oldest.order_by(configs.c.audit_seq).limit(1))
    if text is None:
        return {}
    return {name: policy["version"] for name, policy in yaml.safe_load(text)["policies"].items()}


def _task(person: str, policy: str, version: int, now: datetime) -> Task:
    about = f"policy:{policy}:{version}"
    task_id = f"task_{digest_parts(CERTIFY, person, about)[:24]}"
    return Task(task_id, CERTIFY, person, about, now, now + WITHIN)


def _row(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in Task.__dataclass_fields__}


def _done(task: Task, now: datetime) -> Change:
    before: Mapping[str, Any] = _row(task)
    after = digest_record({**before, "done_at": now})
    return Change("certify", f"task:{task.task_id}", digest_record(before), after)


def _of(connection: Connection, person: str | None) -> dict[str, Task]:
    names = list(Task.__dataclass_fields__)
    rows = select(*(tasks.c[name] for name in names)).where(tasks.c.kind == CERTIFY)
    if person is not None:
        rows = rows.where(tasks.c.person == person)
    return {row["task_id"]: Task(**row) for row in connection.execute(rows).mappings()}
