"""Giving tasks to teams that label elsewhere, and taking in what they found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select

from monitors.contract import Monitor
from monitors.registry import Registry
from orchestration.cases.terms import Terms
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import of_ids
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask
from orchestration.ledger.tables import review_tasks
from orchestration.oncall.people import Person, require
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.answer import Given, answered, is_leaked, put
from orchestration.review.errors import ReviewError
from orchestration.review.known import is_unknown
from orchestration.review.label_studio import Judged, Place, entry_of, read
from orchestration.review.next import open_to, show
from orchestration.review.question import asked, may_judge, monitors_of, question_of
from orchestration.review.tasks import is_free, lease

IMPORTED = "imported from Label Studio"
AT_ONCE = 100  # annotations in one transaction


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not taken in, where it stands in the file, and why; `docs/review.md` lists whys."""

    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. `known`: answers that were in the ledger before, in these words."""

    new: int
    known: int
    unanswered: int
    skipped: int
    refused: tuple[Refused, ...]


def export(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    who: Person,
    *,
    terms: Terms,
    now: datetime,
    most: int,
    registry: Registry | None = None,
) -> list[dict[str, Any]]:
    """Tasks that wait, the next one first, as Label Studio imports them. They go on waiting here.

    For who adjudicates. What goes to a restricted queue never leaves, and no text does.
    """
    require(who, "adjudicate")
    monitors, t = monitors_of(registry), review_tasks.c
    with reading(engine) as connection:
        mine = select(t.task_id).where(open_to(connection, who, terms, monitors, now))
        ids = list(connection.scalars(mine.order_by(t.rank, t.task_id)))
        found = of_ids(connection, REVIEW_TASKS, ids)
    free = [found[id_] for id_ in ids if not _restricted(terms, monitors, found[id_])][:most]
    entries = [
        entry_of(show(engine, lake, names, task, terms=terms, registry=registry)) for task in free
    ]
    with writing(engine) as connection:
        digest = digest_parts(*(task.task_id for task in free))
        append(
            connection,
            act=Act(Actor(who.id, "person"), now, f"{len(free)} tasks for Label Studio"),
            verb="export",
            object_id=f"review_export:{digest[:24]}",
            after=digest,
        )
    return entries


def take_in(
    engine: Engine,
    who: Person,
    text: str,
    raters: Mapping[str, str],
    *,
    terms: Terms,
    now: datetime,
    registry: Registry | None = None,
) -> Imported:
    """Take in an export of Label Studio's, all that can be of it.

    A hundred annotations go in one transaction, so that others who write need not wait for all. If
    it is cut off, the same file again takes in the rest.

    `raters` says which of our people is who there, by id or e-mail; one of our own ids stands for
    itself. An answer is that of its rater, on whose behalf the person acts. Raises PeopleError, and
    ReviewError, with nothing written, for a file that is no whole export of this version.
    """
    require(who, "adjudicate")
    for person_id in raters.values():
        terms.roster.person(person_id)
    found = read(text)
    refused = [Refused(one.place, one.fault) for one in found.faulty]
    said: list[bool] = []
    for at in range(0, len(found.judged), AT_ONCE):
        some = found.judged[at : at + AT_ONCE]
        with writing(engine) as connection:
            tasks = of_ids(connection, REVIEW_TASKS, [one.task_id for one in some])
            intake = _Intake(connection, who, raters, terms, monitors_of(registry), now)
            outcomes = [(one.place, intake.one(one, tasks)) for one in some]
        refused += [Refused(place, why) for place, why in outcomes if isinstance(why, str)]
        said += [new for _, new in outcomes if isinstance(new, bool)]
    refused.sort(key=lambda one: (one.place.entry, one.place.annotation or 0))
    return Imported(
        said.count(True), said.count(False), found.unanswered, found.skipped, tuple(refused)
    )


@dataclass(frozen=True, slots=True)
class _Intake:
    """One import under way."""

    connection: Connection
    who: Person
    raters: Mapping[str, str]
    terms: Terms
    monitors: Mapping[str, Monitor]
    now: datetime

    def one(self, judged: Judged, tasks: dict[str, ReviewTask]) -> bool | str:
        """Take in one annotation: whether it is new, or why it cannot be."""
        task, rater = tasks.get(judged.task_id), self._rater(judged)
        if task is None:
            return "unknown_task"
        if rater is None:
            return "unknown_rater"
        try:
            there = answered(self.connection, task.task_id, rater.id, judged.verdict)
        except ReviewError:
            return "changed"
        if there is not None:
            return False
        at = (judged.at or self.now).astimezone(UTC)
        done = self._forbidden(task, rater, at) or self._put(judged, task, rater, at)
        tasks |= of_ids(self.connection, REVIEW_TASKS, [task.task_id])
        return done

    def _forbidden(self, task: ReviewTask, rater: Person, at: datetime) -> str:
        """Why the rater's answer cannot be taken in; empty if it can."""
        question = asked(self.terms, self.monitors, task.monitor, task.entity_type)
        if question is None or not may_judge(rater, question):
            return "may_not"
        if not task.made_at <= at <= self.now:
            return "time"
        if not (is_free(task, self.now) or task.leased_by == rater.id or is_leaked(task)):
            return task.state.value
        return "" if is_unknown(self.connection, task, rater.id) else "judged_before"

    def _put(self, judged: Judged, task: ReviewTask, rater: Person, at: datetime) -> bool | str:
        took = timedelta(seconds=judged.seconds) if judged.seconds is not None else None
        taken_at = at - took if took is not None else None
        cites = question_of(self.terms, self.monitors, task).cites
        try:
            with self.connection.begin_nested():
                held = self._held(task, rater)
                given = Given(held, rater.id, judged.verdict, cites, at, taken_at)
                put(self.connection, given, self._act(rater))
        except LedgerError:  # its unit, or the version that found it, is not there
            return "unknown_unit"
        return True

    def _rater(self, judged: Judged) -> Person | None:
        people = self.terms.roster.by_id
        for name in judged.rater:
            found = people.get(self.raters.get(name, name))
            if found is not None:
                return found
        return None

    def _held(self, task: ReviewTask, rater: Person) -> ReviewTask:
        """The task, taken by its rater; it may be theirs already, or be gold that leaked."""
        if not is_free(task, self.now):
            return task
        return lease(self.connection, task, rater.id, self.now, self._act(rater))

    def _act(self, rater: Person) -> Act:
        return Act(Actor(self.who.id, "person"), self.now, IMPORTED, rater.id)


def _restricted(terms: Terms, monitors: Mapping[str, Monitor], task: ReviewTask) -> bool:
    question = asked(terms, monitors, task.monitor, task.entity_type)
    return question is None or question.queue.restricted
