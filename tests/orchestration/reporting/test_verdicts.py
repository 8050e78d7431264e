from collections.abc import Sequence
from typing import Any

import polars as pl

from orchestration.reporting.health import House, health
from orchestration.reporting.verdicts import Verdict, verdicts
from tests.orchestration.alerts.builders import at
from tests.orchestration.reporting.frames import facts, rota
from tests.support.cases import TERMS

HOUSE = House(TERMS.desks, TERMS.roster, rota())


def tables(**rows: Sequence[tuple[Any, ...]]) -> dict[str, pl.DataFrame]:
    return dict(health(facts(**rows), HOUSE))


def cases(n: int, late: int, queue: str = "general") -> Sequence[tuple[Any, ...]]:
    """Cases whose first action was due at ten, some of which were begun at eleven."""
    return [
        (f"{queue}{number}", queue, 2, at(2), at(10), at(11 if number < late else 9), False)
        for number in range(n)
    ]


def named(found: list[Verdict]) -> dict[str, Verdict]:
    return {one.name: one for one in found}


def test_too_little_data_is_neither_good_nor_bad() -> None:
    found = named(verdicts(tables()))
    assert (found["sla"].state, found["backlog"].state) == ("insufficient", "insufficient")
    assert list(found["sla"].unknown) == ["general", "fraud"]
    assert found["noise"].state == "good"  # fourteen shifts, and nobody was paged


def test_late_is_what_is_late_by_more_than_chance() -> None:
    for late, state in ((0, "good"), (10, "good"), (11, "bad")):
        (found,) = [one for one in verdicts(tables(cases=cases(100, late))) if one.name == "sla"]
        assert (late, found.state) == (late, state)
        assert list(found.unknown) == ["fraud"]
    assert list(found.bad) == ["general"]


def test_noise_is_bad_from_four_loud_shifts_of_fourteen_on() -> None:
    pages = [
        (f"p{shift}-{n}", at(1 + 12 * shift), 1, f"a{shift}-{n}", "m", "chat-team")
        for shift in range(4)
        for n in range(3)
    ]
    assert named(verdicts(tables(pages=pages[:9])))["noise"].state == "good"
    assert named(verdicts(tables(pages=pages)))["noise"].bad == ["chat-team"]


def test_a_backlog_that_grows_is_bad_and_one_that_stands_is_not() -> None:
    went = [(f"c{n}", "general", at(n), at(n + 1)) for n in range(60)]
    stay = [(f"s{n}", "general", at(n), None) for n in range(60)]
    assert named(verdicts(tables(opens=went)))["backlog"].state == "good"
    assert named(verdicts(tables(opens=stay)))["backlog"].bad == ["general"]
    assert named(verdicts(tables(opens=stay[:19])))["backlog"].state == "insufficient"
