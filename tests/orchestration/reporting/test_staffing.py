from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.oncall.hours import Hours
from orchestration.oncall.people import Person, Roster
from orchestration.oncall.roles import Role
from orchestration.reporting.staffing import arrivals, capacities, fewest, needed
from tests.orchestration.alerts.builders import SPAM, at
from tests.orchestration.reporting.frames import WEEK, facts, one
from tests.support.cases import DESKS, MIDNIGHT, TERMS, person

WORKDAYS = [8.0, 8.0, 8.0, 8.0, 8.0, 0.0, 0.0]
Rows = list[tuple[object, ...]]


def at_site(name: str, site: str, vendor: str = "") -> Person:
    return replace(person(name), site=site, vendor=vendor)


def made(n: int, decider: str = "ana", minutes: float = 20.0) -> dict[str, Rows]:
    rounds: Rows = []
    units: Rows = []
    for number in range(n):
        case, when = f"{decider}{number}", at(number / 10)
        rounds.append((case, "general", at(-1), when, minutes, 0.0))
        units.append((f"d-{case}", case, when, decider, "spam", SPAM, "benign"))
    return {"rounds": rounds, "units": units}


def came(per_day: int, days: int) -> Rows:
    """So many cases each day before the end of the week, all of which are gone."""
    return [
        (f"c{day}-{n}", "general", WEEK.end - timedelta(days=day, hours=-1), WEEK.end)
        for day in range(1, days + 1)
        for n in range(per_day)
    ]


def gone(rows: Rows) -> Rows:
    return [(*row[:3], row[2]) for row in rows]


def test_the_fewest_heads_work_off_all_but_what_came_since_the_last_open_day() -> None:
    # A head does 8 x 0.7 x 0.85 x 60 / 20 = 14.28 cases a day, 71.4 a week.
    assert fewest([14.0] * 5 + [0, 0], 0, WORKDAYS, 20.0) == 1
    assert fewest([28.0] * 5 + [0, 0], 0, WORKDAYS, 20.0) == 2
    assert fewest([14.0] * 5 + [0, 0], 100, WORKDAYS, 20.0) == 3


def test_what_a_week_brings_can_be_done_in_a_week() -> None:
    assert fewest([10.0] * 7, 0, WORKDAYS, 20.0) == 1  # the week-end's 20 wait for Monday
    assert fewest([14.0] * 7, 0, WORKDAYS, 20.0) == 2  # 98 come, of which one does 71


def test_where_nothing_comes_and_nothing_waits_nobody_is_needed() -> None:
    assert fewest([0.0] * 7, 0, WORKDAYS, 20.0) == 0


def test_a_queue_that_never_opens_needs_no_number_of_heads() -> None:
    assert fewest([1.0] * 7, 0, [0.0] * 7, 20.0) is None


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 200), min_size=7, max_size=7), st.integers(0, 500), st.integers(0, 9)
)
def test_more_work_never_needs_fewer_heads(coming: list[int], start: int, more: int) -> None:
    known = [float(one) for one in coming]
    before = fewest(known, start, WORKDAYS, 20.0)
    after = fewest(known, start + more, WORKDAYS, 20.0)
    assert before is not None
    assert after is not None
    assert after >= before


def test_days_without_a_case_count_as_nothing_from_the_first_case_on() -> None:
    rows: Rows = [("a", "general", at(-50), None), ("b", "general", at(1), None)]
    frame = facts(opens=rows).opens
    found = arrivals(frame, at(30))
    assert found.rows() == [
        (date(2026, 2, 27), 1),
        (date(2026, 2, 28), 0),
        (date(2026, 3, 1), 0),
        (date(2026, 3, 2), 1),
    ]
    assert arrivals(frame.head(0), at(30)).is_empty()


def test_what_comes_each_day_alike_is_forecast_and_staffed() -> None:
    known = facts(opens=gone(came(14, 35)), **made(20))
    rows = needed(known, DESKS, TERMS.roster, ["general"])
    row = one(rows, quantile=0.9)
    assert (row["arrivals"], row["errors"], row["open"], row["decisions"]) == (98.0, 28, 0, 20)
    # Always open: 40 hours over seven days, 10.2 cases a head and day; 14 come.
    assert (row["minutes"], row["heads"]) == (20.0, 2)
    assert row["reads"] == "2 heads for 98 cases"
    assert row["there"] == pytest.approx(4 + 1 / 3)  # cara has three queues


def test_without_twenty_decisions_or_a_history_there_are_no_heads() -> None:
    few = needed(facts(opens=gone(came(14, 35)), **made(19)), DESKS, TERMS.roster, ["general"])
    new = needed(facts(opens=gone(came(14, 6)), **made(20)), DESKS, TERMS.roster, ["general"])
    for rows in (few, new):
        assert rows["heads"].null_count() == 3
        assert set(rows["reads"]) == {"insufficient"}
    assert few["arrivals"].to_list() == [98.0] * 3
    assert new["arrivals"].null_count() == 3


def test_a_queue_of_office_hours_is_worked_on_then() -> None:
    office = Hours("o", ZoneInfo("UTC"), MIDNIGHT.replace(hour=9), MIDNIGHT.replace(hour=17),
                   frozenset(range(5)))  # fmt: skip
    queues = {**DESKS.queues, "general": replace(DESKS.queues["general"], hours=office)}
    known = facts(opens=gone(came(10, 35)), **made(20))
    rows = needed(known, replace(DESKS, queues=queues), TERMS.roster, ["general"])
    assert one(rows, quantile=0.5)["heads"] == 1


def test_capacity_is_by_vendor_and_site_and_hides_few_people() -> None:
    roster = Roster(
        (
            *(at_site(name, "manila", "acme") for name in ("ana", "ben", "cal")),
            at_site("dan", "dublin"),
            person("vic", Role.VIEWER),
        )
    )
    acme, ours = made(20), made(30, "dan")
    known = facts(**{name: acme[name] + ours[name] for name in acme}, answers=[("ben", 3.0, at(1))])
    rows = capacities(known, roster)
    assert rows.select("vendor", "site", "heads", "decisions", "answers").rows() == [
        ("(own)", "dublin", 1, 30, 0),
        ("acme", "manila", 3, 20, 1),
    ]
    few, many = rows.to_dicts()
    assert (few["minutes"], few["hours"], few["a_week"]) == (None, None, None)
    assert few["reads"] == "fewer than three heads"
    assert many["minutes"] == 20.0
    assert many["a_week"] == pytest.approx(3 * 40 * 0.7 * 0.85 * 3)
    assert many["hours"] == pytest.approx(20 * 20 / 60)
    assert isinstance(rows.schema["heads"], pl.Int64)
