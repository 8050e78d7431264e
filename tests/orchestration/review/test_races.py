"""Two at once: nobody gets a task that somebody has, and nothing is answered or settled twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from orchestration.review.errors import ReviewError
from tests.support.cases import ANA, BEN, LEAD, person
from tests.support.review import BENIGN, VIOLATING, Desk, task_row

WORKERS = 4
NAMES = [f"n{number}" for number in range(8)]


def together(work: Callable[[int], object]) -> list[object]:
    """What the work of several threads gives that begin at one moment, errors as texts."""
    start = Barrier(WORKERS)

    def one(number: int) -> object:
        start.wait()
        try:
            return work(number)
        except ReviewError as error:
            return str(error)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def test_threads_that_take_tasks_never_get_the_same(desk: Desk) -> None:
    desk.add(*(task_row(name) for name in NAMES))

    def take_all(number: int) -> list[str]:
        who, taken = person(f"p{number}"), []
        while task_id := desk.take(who):
            taken.append(task_id)
            desk.answer(who, task_id.removeprefix("task-"), VIOLATING)
        return taken

    found = together(take_all)
    every = [task_id for taken in found if isinstance(taken, list) for task_id in taken]
    assert sorted(every) == sorted(f"task-{name}" for name in NAMES)
    assert len(desk.rows("answers")) == len(desk.rows("labels")) == len(NAMES)
    assert desk.is_sound()


def test_of_threads_that_take_the_only_task_one_gets_it(desk: Desk) -> None:
    desk.add(task_row("a"))
    found = together(lambda number: desk.take(person(f"p{number}")))
    assert sorted(map(str, found)) == ["None", "None", "None", "task-a"]


def test_one_person_in_many_threads_gets_one_task(desk: Desk) -> None:
    desk.add(*(task_row(name) for name in NAMES))
    assert together(lambda _: desk.take(ANA)) == ["task-n0"] * WORKERS


def test_the_same_answer_at_once_is_one_answer(desk: Desk) -> None:
    desk.add(task_row("a"))
    desk.taken(ANA, "a")
    found = together(lambda _: desk.answer(ANA, "a", BENIGN).new)
    assert sorted(map(str, found)) == ["False", "False", "False", "True"]
    assert len(desk.rows("answers")) == len(desk.rows("labels")) == 1


def test_the_same_settlement_at_once_is_one_label(desk: Desk) -> None:
    desk.disputed("a", raters=(ANA, BEN), first=task_row("a"))
    found = together(lambda _: desk.settle("a", VIOLATING, who=LEAD).new)
    assert sorted(map(str, found)) == ["False", "False", "False", "True"]
    assert len(desk.rows("labels")) == 3
