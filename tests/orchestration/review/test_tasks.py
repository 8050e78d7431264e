from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from orchestration.ledger.acts import Act, Actor, Kind
from orchestration.ledger.database import writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.machines import one, write
from orchestration.ledger.review_tasks import (
    REVIEW_TASKS,
    TASK,
    ReviewTask,
    TaskState,
    add_tasks,
)
from orchestration.ledger.tables import review_tasks
from orchestration.oncall.errors import PeopleError
from orchestration.review.errors import ReviewError
from orchestration.review.tasks import expire, withdraw
from tests.orchestration.alerts.builders import at
from tests.orchestration.intake.builders import emptied
from tests.support.cases import ANA, BEN, CARA, LEAD
from tests.support.review import BENIGN, PLANNER, VIOLATING, Desk, task_row

if TYPE_CHECKING:
    from collections.abc import Mapping

S = TaskState
PERMITTED = {
    ("open", "leased", "person"),
    ("leased", "open", "system"),
    ("leased", "answered", "person"),
    ("answered", "disputed", "system"),
    ("disputed", "settled", "person"),
    ("open", "withdrawn", "person"),
    ("open", "withdrawn", "system"),
    ("leased", "withdrawn", "person"),
    ("leased", "withdrawn", "system"),
}


def by(kind: Kind) -> Act:
    return Act(Actor("ana" if kind == "person" else "review", kind), at(3), "a change")


@pytest.mark.parametrize(("before", "after"), [(a, b) for a, b in product(S, S) if a != b])
@pytest.mark.parametrize("kind", ["person", "system"])
def test_only_the_changes_of_the_table_are_written(
    ledger: Engine, before: TaskState, after: TaskState, kind: Kind
) -> None:
    task = _in_state(ledger, before)
    with writing(ledger) as connection:
        changed = replace(task, state=after)
        if (before.value, after.value, kind) in PERMITTED:
            write(connection, REVIEW_TASKS, before={"task-a": task}, after=[changed], act=by(kind))
            assert one(connection, REVIEW_TASKS, "task-a").state is after
            return
        with pytest.raises(LedgerError):
            write(connection, REVIEW_TASKS, before={"task-a": task}, after=[changed], act=by(kind))
        assert one(connection, REVIEW_TASKS, "task-a") == task


def _in_state(ledger: Engine, state: TaskState) -> ReviewTask:
    """A task brought into a state by the changes that there are."""
    ways: Mapping[TaskState, tuple[TaskState, ...]] = {
        S.OPEN: (),
        S.LEASED: (S.LEASED,),
        S.ANSWERED: (S.LEASED, S.ANSWERED),
        S.DISPUTED: (S.LEASED, S.ANSWERED, S.DISPUTED),
        S.SETTLED: (S.LEASED, S.ANSWERED, S.DISPUTED, S.SETTLED),
        S.WITHDRAWN: (S.WITHDRAWN,),
    }
    with writing(ledger) as connection:
        add_tasks(connection, [task_row("a")], by("system"))
        task = one(connection, REVIEW_TASKS, "task-a")
        for to in ways[state]:
            (kind,) = list(TASK[task.state, to].by)[:1]
            after = replace(task, state=to)
            write(connection, REVIEW_TASKS, before={"task-a": task}, after=[after], act=by(kind))
            task = after
    return task


def test_a_new_task_has_an_audit_row_of_its_own(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    acts = list(desk.house.office.desk.audit("draw"))
    assert [entry.object for entry in acts] == ["review_task:task-a", "review_task:task-b"]
    assert [row["audit_seq"] for row in desk.rows("review_tasks")] == [acts[0].seq, acts[1].seq]


def test_a_task_that_does_not_begin_open_is_refused(desk: Desk) -> None:
    with pytest.raises(LedgerError, match="would begin as answered; wanted open"):
        desk.add(task_row("a", state=S.ANSWERED))
    assert desk.rows("review_tasks") == []


def test_a_lease_that_ran_out_is_given_back_once(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.taken(ANA, "a", 3)
    desk.taken(BEN, "b", 3.2)
    assert desk.expire(3.5) == 1
    assert desk.expire(3.5) == 0
    assert (desk.task("a").state, desk.task("a").leased_by) == (S.OPEN, None)
    assert (desk.task("b").state, desk.task("b").leased_by) == (S.LEASED, "ben")


def test_what_is_withdrawn_is_given_to_nobody_and_what_is_answered_stays(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.judged(ANA, "a", VIOLATING)
    tasks = [desk.task("a"), desk.task("b")]
    with writing(desk.engine) as connection:
        assert withdraw(connection, tasks, Act(PLANNER, at(4), "its window is gone")) == 1
    assert [desk.task(name).state for name in "ab"] == [S.ANSWERED, S.WITHDRAWN]
    assert desk.take(BEN, 4) is None


def test_a_task_that_was_edited_by_hand_is_noticed(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.taken(ANA, "a")
    assert desk.is_sound()
    with writing(desk.engine) as connection:
        row = update(review_tasks).where(review_tasks.c.task_id == "task-b")
        connection.execute(row.values(inclusion_prob=0.5))
    assert not desk.is_sound()


class Sim:
    """Acts one after another; `n` chooses who and which."""

    def __init__(self, ledger: Engine, desk: Desk) -> None:
        self.desk, self.hour = desk, 3.0
        first = task_row("a", rank=0.1)
        second = replace(first, task_id="task-a2", kind="second", of_task="task-a", rank=0.2)
        self.desk.add(first, second, task_row("b", rank=0.3), task_row("c", rank=0.4))
        self.names = ("a", "a2", "b", "c")
        self.engine = ledger

    def take(self, n: int) -> None:
        self.desk.take((ANA, BEN, CARA)[n % 3], self.hour)

    def answer(self, n: int) -> None:
        verdict = VIOLATING if n % 2 else BENIGN
        self.desk.answer((ANA, BEN, CARA)[n % 3], self.names[n % 4], verdict, self.hour)

    def settle(self, n: int) -> None:
        self.desk.settle(self.names[n % 4], who=LEAD, hour=self.hour)

    def expire(self, n: int) -> None:
        del n
        expire(self.engine, at(self.hour))

    def withdraw(self, n: int) -> None:
        with writing(self.engine) as connection:
            task = one(connection, REVIEW_TASKS, f"task-{self.names[n % 4]}")
            withdraw(connection, [task], Act(PLANNER, at(self.hour), "gone"))

    def holds(self) -> None:
        """What is true of tasks, answers and labels at any moment."""
        tasks = {name: self.desk.task(name) for name in self.names}
        answers = self.desk.rows("answers")
        units = [(row["unit_id"], row["rater"]) for row in answers]
        assert len(units) == len(set(units))
        for task in tasks.values():
            given = [row for row in answers if row["task_id"] == task.task_id]
            judged = task.state in {S.ANSWERED, S.DISPUTED, S.SETTLED}
            assert len(given) == (1 if judged else 0)
            assert (task.state is S.LEASED) is (task.leased_by is not None)
            assert (task.leased_by is None) is (task.leased_until is None)
        said = {row["verdict"] for row in answers if row["unit_id"] == "scored:a"}
        both = {tasks["a"].state, tasks["a2"].state}
        assert (len(said) > 1) is (both <= {S.DISPUTED, S.SETTLED})


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "take",
                    "take",
                    "take",
                    "answer",
                    "answer",
                    "answer",
                    "settle",
                    "expire",
                    "withdraw",
                ]
            ),
            st.integers(min_value=0, max_value=11),
            st.sampled_from((0, 0, 0.01, 0.1, 0.6)),
        ),
        min_size=4,
        max_size=30,
    )
)
def test_whatever_people_do_and_whenever_no_task_leaves_the_table(
    desk: Desk, steps: list[tuple[str, int, float]]
) -> None:
    emptied(desk.engine)
    sim = Sim(desk.engine, desk)
    for name, n, later in steps:
        sim.hour += later
        before = len(desk.rows("audit"))
        try:
            getattr(sim, name)(n)
        except (ReviewError, PeopleError):
            assert len(desk.rows("audit")) == before
        sim.holds()
    assert desk.is_sound()
