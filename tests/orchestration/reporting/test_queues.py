from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.reporting.queues import flow, promised, work
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import at
from tests.orchestration.reporting.frames import WEEK, facts, gathered, one
from tests.support.cases import TERMS, Office

NAMES = [f"account_{number:012d}" for number in range(40)]
SPANS = st.lists(
    st.tuples(
        st.sampled_from(["general", "fraud"]),
        st.integers(0, 300),
        st.one_of(st.none(), st.integers(0, 300)),
    ),
    max_size=30,
)


def opened(spans: list[tuple[str, int, int | None]]) -> list[tuple[object, ...]]:
    return [
        (f"c{number}", queue, at(hour), None if stay is None else at(hour + stay))
        for number, (queue, hour, stay) in enumerate(spans)
    ]


@settings(deadline=None)
@given(SPANS, st.integers(0, 300), st.integers(1, 300))
def test_open_before_and_what_came_less_what_went_is_open_after(
    spans: list[tuple[str, int, int | None]], start: int, length: int
) -> None:
    window = Window(at(start), at(start + length))
    rows = flow(facts(window, opens=opened(spans)), ["general", "fraud", "empty"])
    for row in rows.to_dicts():
        assert row["open_before"] + row["came"] - row["went"] == row["open_after"]
        assert min(row[name] for name in ("open_before", "came", "went", "open_after")) >= 0
    assert one(rows, queue="empty")["came"] == 0


@settings(deadline=None)
@given(SPANS, st.integers(1, 299))
def test_two_windows_in_a_row_are_one(
    spans: list[tuple[str, int, int | None]], middle: int
) -> None:
    rows = opened(spans)
    first, second, both = (
        one(flow(facts(Window(at(a), at(b)), opens=rows), ["general"]), queue="general")
        for a, b in ((0, middle), (middle, 300), (0, 300))
    )
    assert first["open_after"] == second["open_before"]
    for name in ("came", "went"):
        assert first[name] + second[name] == both[name]


def test_the_oldest_is_the_one_that_waits_longest() -> None:
    rows = [("a", "general", at(0), None), ("b", "general", at(100), None)]
    found = one(flow(facts(opens=rows), ["general"]), queue="general")
    assert (found["oldest_hours"], found["age_p50_hours"]) == (168.0, 118.0)


def test_littles_law_gives_the_stay_of_cases_that_come_and_go_evenly() -> None:
    rows = [(f"c{n}", "general", at(n), at(n + 2)) for n in range(-2, 170)]
    found = one(flow(facts(opens=rows), ["general"]), queue="general")
    assert (found["came"], found["went"], found["stay_hours"]) == (168, 168, 2.0)
    assert found["stable"] is True


def test_what_is_open_and_overdue_was_not_in_time(office: Office) -> None:
    office.found(0, *NAMES)
    office.open(2)  # the first action is due at six
    for name in NAMES[:10]:
        office.decided(office.case_of(name), 5)
    for name in NAMES[10:15]:
        office.decided(office.case_of(name), 7)

    found = gathered(office.engine, TERMS.desks, Window(at(0), at(48)))

    row = one(promised(found, ["general"]), queue="general")
    assert (row["due"], row["breached"], row["open_overdue"]) == (40, 30, 25)
    assert (row["breach"], row["first_p90_hours"]) == (0.75, None)
    assert row["first_p50_hours"] is None  # more than half were never begun
    assert row["reads"].startswith("75.0% (58.8% to 87.3%")
    early = gathered(office.engine, TERMS.desks, Window(at(0), at(5.5)))
    assert one(promised(early, ["general"]), queue="general")["due"] == 0


def test_under_twenty_due_no_share_is_given(office: Office) -> None:
    office.found(0, *NAMES[:19])
    office.open(2)
    found = gathered(office.engine, TERMS.desks, Window(at(0), at(48)))
    row = one(promised(found, ["general"]), queue="general")
    assert (row["due"], row["breached"], row["breach"]) == (19, 19, None)
    assert row["reads"] == "insufficient (n = 19, Clopper-Pearson)"


def test_waiting_and_work_are_told_apart() -> None:
    hour = timedelta(hours=1)
    rows = [
        (f"c{n}", "general", at(0), at(3), 30.0 if n else 60.0, 150.0 if n else 120.0)
        for n in range(20)
    ]
    late = ("late", "general", at(0), WEEK.end + hour, 9.0, 9.0)
    found = one(work(facts(rounds=[*rows, late]), ["general"]), queue="general")
    assert (found["decisions"], found["touch"], found["wait"]) == (20, 30.0, 150.0)
    assert found["waiting_share"] == (19 * 150 + 120) / (20 * 180)
    assert found["touch_reads"] == "30 min (30 to 30, 95%, n = 20)"
