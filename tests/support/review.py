"""Blind review in a few words: tasks of every kind over a house with a lake."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert

from monitors.harms import Harm
from monitors.registry import Registry
from orchestration.cases.judging import Verdict
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import one
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, add_tasks
from orchestration.ledger.tables import golden
from orchestration.oncall.people import Person
from orchestration.review.adjudicate import Settled, settle
from orchestration.review.answer import Answered, answer
from orchestration.review.next import TaskView, show, take
from orchestration.review.tasks import expire
from tests.orchestration.alerts.builders import SPAM, at
from tests.support.cases import LEAD
from tests.support.houses import House, house
from tests.support.monitors import failed_logins

MINORS, SCAMS = "chat/minors", "chat/scams"
REGISTRY = Registry(
    {
        f"chat/{name}": replace(failed_logins, name=name, product="chat", harm=harm)
        for name, harm in (
            ("mass_dm", Harm.SPAM),
            ("minors", Harm.CHILD_SAFETY),
            ("scams", Harm.FRAUD_SCAMS),
        )
    },
    {},
)
PLANNER = Actor("sampling", "system")
VIOLATING, BENIGN = Verdict.VIOLATING, Verdict.BENIGN


def task_row(
    name: str,
    kind: str = "window",
    **changed: object,
) -> ReviewTask:
    """A task of the first hour, otherwise as told: a bulk window, or the uniform slice's episode.

    Its id tells nothing of its kind, its rank is by name.
    """
    made = ReviewTask(
        task_id=f"task-{name}",
        kind=kind,
        unit_id=f"scored:{name}",
        product="chat",
        monitor=SPAM,
        version=1,
        entity_type="account_id",
        entity=f"account_{name}",
        window_start=at(0),
        window_end=at(1),
        rank=int.from_bytes(name.encode()[:4].ljust(4, b"\0"), "big") / 2**32,
        made_at=at(2),
        due_at=at(2) + timedelta(days=7),
        stratum="uniform" if kind == "episode" else None if kind == "golden" else "bulk",
        inclusion_prob=None if kind == "golden" else 0.5 if kind == "episode" else 0.01,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def golden_row(name: str, **changed: object) -> dict[str, object]:
    """A golden item in the first version of its product's set, and nowhere retired."""
    return {
        "golden_id": f"gold-{name}",
        "unit_id": f"scored:{name}",
        "product": "chat",
        "monitor": SPAM,
        "version": 1,
        "entity_type": "account_id",
        "entity": f"account_{name}",
        "window_start": at(0),
        "window_end": at(1),
        "value": True,
        "policy_version": "spam/1",
        "since_version": 1,
        "added_by": "lea",
        "added_at": at(0),
        "expires_at": at(24 * 90),
        **changed,
    }


@dataclass
class Desk:
    """A house in which units are judged blind. Hours count from the start of the builders."""

    house: House

    @property
    def engine(self) -> Engine:
        return self.house.engine

    @property
    def terms(self) -> Terms:
        return self.house.office.terms

    def add(self, *tasks: ReviewTask) -> None:
        """Write tasks, as a plan would."""
        with writing(self.engine) as connection:
            add_tasks(connection, tasks, Act(PLANNER, at(2), "drawn"))

    def gold(self, name: str, **changed: object) -> ReviewTask:
        """A golden item, and the task that asks for it."""
        row = golden_row(name, **changed)
        with writing(self.engine) as connection:
            act = Act(Actor("lea", "person"), at(0), "settled")
            seq = append(connection, act=act, verb="gold", object_id=f"golden:{row['golden_id']}")
            connection.execute(insert(golden), {**row, "audit_seq": seq})
        entity = str(row["entity"])
        task = task_row(name, "golden", golden_id=f"gold-{name}", entity=entity)
        self.add(task)
        return task

    def take(self, who: Person, hour: float | datetime = 3) -> str | None:
        """Somebody takes the next task; its id."""
        now = hour if isinstance(hour, datetime) else at(hour)
        task = take(self.engine, who, terms=self.terms, now=now, registry=REGISTRY)
        return task.task_id if task else None

    def taken(self, who: Person, name: str, hour: float = 3) -> None:
        """Somebody takes a task, which is the next."""
        assert self.take(who, hour) == f"task-{name}"

    def answer(
        self, who: Person, name: str, verdict: Verdict = VIOLATING, hour: float = 3.1
    ) -> Answered:
        """Somebody answers a task."""
        return answer(
            self.engine,
            who,
            f"task-{name}",
            verdict,
            terms=self.terms,
            now=at(hour),
            registry=REGISTRY,
        )

    def judged(self, who: Person, name: str, verdict: Verdict, hour: float = 3) -> Answered:
        """Somebody takes the next task, and answers it."""
        self.taken(who, name, hour)
        return self.answer(who, name, verdict, hour + 0.1)

    def disputed(self, name: str, *, raters: tuple[Person, Person], first: ReviewTask) -> None:
        """Two people differ on a unit: the first finds it violating, the other benign."""
        second = replace(first, task_id=f"task-{name}2", kind="second", of_task=first.task_id)
        self.add(first, replace(second, rank=first.rank + 1e-9))
        self.judged(raters[0], name, VIOLATING)
        self.judged(raters[1], f"{name}2", BENIGN)

    def settle(
        self, name: str, verdict: Verdict = VIOLATING, *, who: Person = LEAD, hour: float = 5
    ) -> Settled:
        """A lead settles a dispute."""
        return settle(
            self.engine,
            who,
            f"task-{name}",
            verdict,
            reason="looked at again",
            terms=self.terms,
            now=at(hour),
            registry=REGISTRY,
        )

    def task(self, name: str) -> ReviewTask:
        """A task as it is now."""
        with reading(self.engine) as connection:
            return one(connection, REVIEW_TASKS, f"task-{name}")

    def view(self, name: str) -> TaskView:
        """What a rater is shown of a task."""
        here, task = self.house, self.task(name)
        return show(here.engine, here.lake, here.names, task, terms=self.terms, registry=REGISTRY)

    def expire(self, hour: float) -> int:
        """Leases run out; how many."""
        return expire(self.engine, at(hour))

    def rows(self, table: str) -> list[dict[str, object]]:
        """Rows of a table."""
        return self.house.office.rows(table)

    def is_sound(self) -> bool:
        """Whether every row is as its acts left it."""
        return self.house.office.is_sound()


def desk(ledger: Engine, folder: Path) -> Desk:
    """A desk without any task."""
    return Desk(house(ledger, folder))
