from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.review_tasks import ReviewTask, add_tasks
from orchestration.ledger.tables import golden
from orchestration.review.mixing import Mixed, mixed
from tests.orchestration.alerts.builders import at
from tests.support.review import golden_row, task_row

SEED, NOW = "a seed", at(2)
ACT = Act(Actor("sampling", "system"), NOW, "drawn")


def tasks(n: int, prefix: str = "t") -> list[ReviewTask]:
    return [task_row(f"{prefix}{i}") for i in range(n)]


def gold(connection: Connection, *names: str, **changed: object) -> None:
    for name in names:
        seq = append(connection, act=ACT, verb="add_gold", object_id=f"golden:{name}")
        row = {**golden_row(name, **changed), "audit_seq": seq}
        connection.execute(insert(golden), row)


def items(found: Mixed) -> list[str | None]:
    return [task.golden_id for task in found.tasks if task.kind == "golden"]


def mix(connection: Connection, given: Sequence[ReviewTask], seed: str = SEED) -> Mixed:
    return mixed(connection, given, seed=seed, now=NOW)


def test_about_a_tenth_of_all_tasks_are_gold(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, *(f"g{n:03}" for n in range(100)))
        found = mix(connection, tasks(600))
    assert len(items(found)) == found.golden
    # A ninth beside each task: 73 of 660, give or take four errors.
    assert 40 < found.golden < 106
    assert found.golden + found.seconds + 600 == len(found.tasks)
    assert len(set(items(found))) == found.golden


def test_gold_is_like_what_it_is_beside_in_all_that_does_not_say_what_it_is(
    ledger: Engine,
) -> None:
    with writing(ledger) as connection:
        gold(connection, *(f"g{n}" for n in range(5)))
        found = mix(connection, tasks(100))
    drawn = next(task for task in found.tasks if task.kind == "window")
    asked = next(task for task in found.tasks if task.kind == "golden")
    assert (asked.made_at, asked.due_at, asked.state) == (drawn.made_at, drawn.due_at, drawn.state)
    assert (asked.plan_id, asked.stratum, asked.inclusion_prob) == (None, None, None)
    assert asked.unit_id == (asked.golden_id or "").replace("gold-", "scored:")
    assert asked.task_id.startswith("task_")
    assert "gold" not in asked.task_id


def test_kinds_are_interleaved(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, *(f"g{n}" for n in range(60)))
        found = mix(connection, tasks(300))
    kinds = [task.kind for task in sorted(found.tasks, key=lambda task: task.rank)]
    for kind in ("second", "golden"):
        places = [place for place, one in enumerate(kinds) if one == kind]
        third = len(kinds) / 3
        assert all(any(a * third <= p < (a + 1) * third for p in places) for a in range(3))


def test_the_same_batch_is_mixed_in_the_same_way_whatever_its_order(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, *(f"g{n}" for n in range(60)))
        one, other = mix(connection, tasks(100)), mix(connection, tasks(100), "another")
        back = mix(connection, tasks(100)[::-1])
    assert {task.task_id: task.rank for task in one.tasks if task.kind != "golden"} == {
        task.task_id: task.rank for task in back.tasks if task.kind != "golden"
    }
    assert sorted(items(one), key=str) == sorted(items(back), key=str)
    assert {task.task_id for task in one.tasks} != {task.task_id for task in other.tasks}


def test_items_take_turns(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, "g0", "g1", "g2")
        asked: list[str | None] = []
        for batch in range(30):
            found = mix(connection, tasks(10, f"b{batch:02}-"))
            add_tasks(connection, found.tasks, ACT)
            asked += items(found)
    counted = [asked.count(f"gold-g{n}") for n in range(3)]
    assert sum(counted) >= 10
    assert max(counted) - min(counted) <= 1


def test_a_batch_asks_for_an_item_once_at_most(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, "g0", "g1")
        assert sorted(items(mix(connection, tasks(200))), key=str) == ["gold-g0", "gold-g1"]


@pytest.mark.parametrize(
    "changed",
    [
        {"product": "api"},
        {"expires_at": NOW},
        {"until_version": 2, "retired_at": at(1), "retired_why": "wrong"},
    ],
)
def test_what_is_of_another_product_over_its_time_or_retired_is_asked_for_by_nobody(
    ledger: Engine, changed: dict[str, object]
) -> None:
    with writing(ledger) as connection:
        gold(connection, "g0", **changed)
        assert mix(connection, tasks(200)).golden == 0
        gold(connection, "g1", since_version=3)
        assert items(mix(connection, tasks(200))) == ["gold-g1"]


def test_nothing_is_mixed_into_nothing(ledger: Engine) -> None:
    with writing(ledger) as connection:
        gold(connection, "g0")
        assert mix(connection, []) == Mixed((), 0, 0)


def test_a_second_review_repeats_the_draw(ledger: Engine) -> None:
    with writing(ledger) as connection:
        found = mix(connection, tasks(200))
    first = {task.task_id: task for task in found.tasks if task.kind == "window"}
    seconds = [task for task in found.tasks if task.kind == "second"]
    assert 3 < len(seconds) == found.seconds < 40
    for task in seconds:
        of = first[task.of_task or ""]
        assert replace(task, task_id=of.task_id, kind="window", of_task=None, rank=of.rank) == of
        assert task.due_at == NOW + timedelta(days=7)
