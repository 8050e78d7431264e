import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from orchestration.cases.errors import CaseError
from orchestration.cases.queue import claim
from orchestration.cases.reveal import Revealed
from orchestration.cases.reveal import reveal as reveal_case
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.review.errors import ReviewError
from orchestration.review.exposure import reveal
from tests.orchestration.alerts.builders import MINUTE, at
from tests.support.cases import ANA, BEN, DESKS, person
from tests.support.houses import logged, message
from tests.support.review import REGISTRY, Desk, task_row

CANARY = "canary text: meet me at noon"
ANN = "ann-4711"


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A desk with two tasks of one who wrote two texts in the window, and one after it."""
    desk.house.put(
        "messages",
        message(ANN, at(0) + 5 * MINUTE, CANARY),
        message(ANN, at(0) + 6 * MINUTE, "second"),
        message(ANN, at(1), "after the window"),
        message("bob", at(0) + 7 * MINUTE, "somebody else's"),
    )
    name = desk.house.name(ANN)
    desk.add(task_row("a", entity=name), task_row("b", entity=name))
    return desk


def look(desk: Desk, who: Person = ANA, name: str = "a", hour: float = 3.1) -> Revealed:
    house = desk.house
    return reveal(
        house.engine,
        house.lake,
        house.names,
        who=who,
        task_id=f"task-{name}",
        terms=desk.terms,
        now=at(hour),
        registry=REGISTRY,
    )


def limited(desk: Desk, most: int) -> None:
    general = replace(DESKS.queues["general"], exposure_limit=most)
    desk.house.office.set(queues={**DESKS.queues, "general": general})


def test_who_has_the_task_sees_the_texts_of_its_window_newest_first(told: Desk) -> None:
    told.taken(ANA, "a")
    found = look(told)
    assert [text.text for text in found.texts] == ["second", CANARY]
    assert (found.left_out, found.remaining) == (0, 18)


def test_each_view_is_a_row_and_an_act_with_counts(told: Desk) -> None:
    told.taken(ANA, "a")
    look(told)
    look(told)
    rows = told.rows("task_views")
    assert [(row["person"], row["task_id"], row["items"]) for row in rows] == [
        ("ana", "task-a", 2),
        ("ana", "task-a", 2),
    ]
    acts = told.house.office.desk.audit("reveal")
    assert [(act.actor, act.reason) for act in acts] == [
        ("ana", "2 texts of the unit of task-a"),
        ("ana", "2 texts of the unit of task-a"),
    ]
    assert told.is_sound()


def test_what_was_revealed_is_in_no_row_no_log_and_no_repr(
    told: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told.taken(ANA, "a")
    found = look(told)
    told.answer(ANA, "a")
    logging.getLogger("test").info("%s %s", found, told.view("b"))
    assert found.texts[1].text == CANARY
    for secret in (CANARY, ANN):
        assert secret not in told.house.everything()
        assert secret not in logged(caplog.records)
        assert secret not in repr(found)
        assert secret not in repr(told.view("b"))


def test_nobody_sees_anything_of_a_task_they_do_not_have(told: Desk) -> None:
    with pytest.raises(ReviewError, match="ana does not have the task"):
        look(told)
    told.taken(ANA, "a")
    with pytest.raises(ReviewError, match="ben does not have the task"):
        look(told, BEN)
    with pytest.raises(ReviewError, match="had the task task-a until"):
        look(told, hour=3.6)
    assert told.rows("task_views") == []


def test_a_lead_sees_the_texts_of_a_dispute_and_of_nothing_else(told: Desk) -> None:
    first = replace(told.task("a"), task_id="task-c", rank=0.0, unit_id="scored:c", audit_seq=0)
    told.disputed("c", raters=(ANA, BEN), first=first)
    lead = person("lou", Role.LEAD, Role.REVIEWER)
    assert [text.text for text in look(told, lead, "c").texts] == ["second", CANARY]
    with pytest.raises(ReviewError, match="lou does not have the task"):
        look(told, lead, "b")
    with pytest.raises(ReviewError, match="ana does not have the task"):
        look(told, ANA, "c")


def test_a_queue_reveals_to_its_roles_alone(told: Desk) -> None:
    general = replace(DESKS.queues["general"], reveal=frozenset({Role.LEAD}))
    told.house.office.set(queues={**DESKS.queues, "general": general})
    told.taken(ANA, "a")
    with pytest.raises(PeopleError, match="reveals content to lead; ana has the roles reviewer"):
        look(told)


def test_views_of_tasks_and_of_cases_count_to_one_limit(told: Desk) -> None:
    limited(told, 3)
    house = told.house
    house.found(0, ANN)
    house.office.open(1.2)
    case = house.office.case()
    claim(house.engine, ANA, case.case_id, terms=told.terms, now=at(2.9))

    def of_case() -> Revealed:
        return reveal_case(
            house.engine,
            house.lake,
            house.names,
            who=ANA,
            case_id=case.case_id,
            unit=house.office.alert(house.name(ANN)).alert_id,
            now=at(3.1),
            terms=told.terms,
        )

    assert of_case().remaining == 1
    told.taken(ANA, "a")
    found = look(told)
    assert ([text.text for text in found.texts], found.left_out) == (["second"], 1)
    limit = r"which is its limit. It begins anew at 2026-03-03T00:00:00\+00:00"
    with pytest.raises(CaseError, match=limit):
        look(told)
    with pytest.raises(CaseError, match=limit):
        of_case()


def test_who_was_forgotten_is_said_to_be_unknown(told: Desk) -> None:
    told.taken(ANA, "a")
    told.house.names.forget("account_id", ANN)
    with pytest.raises(ReviewError, match="whose pseudonym this is"):
        look(told)
    assert told.rows("task_views") == []


def test_many_looks_at_once_go_no_further_than_the_limit(told: Desk) -> None:
    limited(told, 5)
    told.taken(ANA, "a")

    def tried(_: int) -> int:
        try:
            return len(look(told).texts)
        except CaseError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(tried, range(6)))
    assert sum(seen) == 5
    assert sum(int(str(row["items"])) for row in told.rows("task_views")) == 5
