from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.reporting.health import labelling
from orchestration.reporting.staffing import capacities
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import at
from tests.orchestration.reporting.frames import gathered
from tests.support.cases import ANA, BEN, TERMS
from tests.support.review import BENIGN, VIOLATING, Desk, task_row
from tests.support.review import desk as made


@pytest.fixture
def desk(ledger: Engine, tmp_path: Path) -> Desk:
    return made(ledger, tmp_path)


def counts(desk: Desk, window: Window) -> dict[str, object]:
    (row,) = labelling(gathered(desk.engine, TERMS.desks, window)).to_dicts()
    return row


def test_blind_reviews_are_counted_as_made_answered_and_open(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"), task_row("c"))
    desk.judged(ANA, "a", VIOLATING)
    row = counts(desk, Window(at(0), at(26)))
    assert (row["made"], row["answers"], row["open"], row["oldest_days"]) == (3, 1, 2, 1.0)
    assert row["minutes_p50"] is None


def test_gold_is_no_throughput(desk: Desk) -> None:
    desk.add(task_row("b"))
    before = counts(desk, Window(at(0), at(26)))
    desk.gold("a")
    desk.judged(ANA, "a", VIOLATING)

    found = gathered(desk.engine, TERMS.desks, Window(at(0), at(26)))

    assert counts(desk, Window(at(0), at(26))) == before
    assert found.answers.is_empty()
    assert capacities(found, TERMS.roster)["answers"].sum() == 0


def test_what_two_people_judge_differently_is_disputed(desk: Desk) -> None:
    first = task_row("a")
    desk.disputed("a", raters=(ANA, BEN), first=first)
    row = counts(desk, Window(at(0), at(26)))
    assert (row["made"], row["answers"]) == (2, 2)
    assert row["disputed"] == row["open"]
    assert row["disputed"] in {1, 2}


def test_answers_of_another_time_are_none_of_the_window(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.judged(ANA, "a", BENIGN)
    row = counts(desk, Window(at(20), at(26)))
    assert (row["made"], row["answers"], row["open"]) == (0, 0, 1)
