from datetime import datetime, timedelta
from random import Random

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from orchestration.triage.reports import DECIDED, REPORTS, report_key, reputations, weighed
from tests.orchestration.triage.builders import DAY, HOUR, MINUTE, UNHURRIED, utc

NOON = utc("2026-03-02T12:00")
OLD = timedelta(days=400)
ADDED = ["reputation", "repeats", "doubtful", "campaign", "shared_by", "weight"]


def report(
    reporter: str,
    at: datetime = NOON,
    *,
    target: str = "t1",
    reason: str = "spam",
    age: timedelta | None = OLD,
    ring: str | None = None,
) -> tuple[str, str, str, datetime, datetime | None, str | None]:
    return reporter, target, reason, at, None if age is None else at - age, ring


def frame(*rows: tuple[object, ...]) -> pl.DataFrame:
    numbered = [(f"r{number}", *row) for number, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=REPORTS, orient="row")


def known(**decided: tuple[int, int]) -> pl.DataFrame:
    """Reporters with so many valid and invalid reports."""
    rows = [
        (reporter, valid)
        for reporter, (good, bad) in decided.items()
        for valid in [True] * good + [False] * bad
    ]
    return reputations(pl.DataFrame(rows, schema=DECIDED, orient="row"))


def test_a_reputation_is_smoothed_and_counts_what_was_decided() -> None:
    rows = [("ann", True)] * 8 + [("bob", False)] * 2 + [("bob", None)] * 5 + [("cat", None)]
    found = reputations(pl.DataFrame(rows, schema=DECIDED, orient="row"))
    assert found.rows() == [("ann", 8, pytest.approx(10 / 12)), ("bob", 2, pytest.approx(2 / 6))]


def test_reports_of_one_by_one_of_one_thing_share_a_key_for_a_day() -> None:
    key = report_key("u1", "t1", "spam", NOON)
    assert key == report_key("u1", "t1", "spam", NOON + 11 * HOUR)
    others = [
        report_key("u1", "t1", "spam", NOON + 12 * HOUR),
        report_key("u2", "t1", "spam", NOON),
        report_key("u1", "t2", "spam", NOON),
        report_key("u1", "t1", "hate", NOON),
    ]
    assert len({key, *others}) == 5
    assert report_key("u1", "t1", "spam", NOON + 12 * HOUR, 7 * DAY) == (
        report_key("u1", "t1", "spam", NOON, 7 * DAY)
    )


def test_repeats_share_the_weight_of_one() -> None:
    rows = [report("ann"), report("ann", NOON + HOUR), report("bob"), report("ann", NOON + DAY)]
    found = weighed(frame(*rows), known())
    assert found["repeats"].to_list() == [2, 2, 1, 1]
    assert found["weight"].to_list() == [0.25, 0.25, 0.5, 0.5]


def test_a_crowd_of_new_accounts_weighs_as_one_and_honest_reporters_keep_their_weight() -> None:
    brigade = [report(f"new{at}", NOON + at * MINUTE, age=DAY) for at in range(20)]
    honest = report("ann", NOON + 3 * MINUTE)
    found = weighed(frame(honest, *brigade), known(ann=(8, 0)))
    assert found["campaign"].all()
    assert found["weight"][0] == pytest.approx(10 / 12)
    assert found["weight"][1:].to_list() == pytest.approx([0.5 / 20] * 20)


@pytest.mark.parametrize("how", ["low", "linked"])
def test_bad_records_and_linked_accounts_are_a_campaign_too(how: str) -> None:
    ring = "ring_1" if how == "linked" else None
    rows = [report(f"u{at}", NOON + at * MINUTE, ring=ring) for at in range(10)]
    record = known(**{f"u{at}": (0, 2) for at in range(10)}) if how == "low" else known()
    found = weighed(frame(*rows), record)
    assert found["campaign"].all()
    assert found["shared_by"].to_list() == [10] * 10


def test_an_honest_crowd_is_no_campaign() -> None:
    rows = [report(f"u{at}", NOON + at * timedelta(seconds=5)) for at in range(200)]
    found = weighed(frame(*rows), known(**{f"u{at}": (3, 1) for at in range(200)}))
    assert not found["campaign"].any()
    assert found["weight"].to_list() == pytest.approx([5 / 8] * 200)


def test_a_crowd_nobody_knows_anything_of_is_no_campaign() -> None:
    rows = [report(f"u{at}", NOON + at * MINUTE, age=None) for at in range(50)]
    assert not weighed(frame(*rows), known())["campaign"].any()


def test_a_few_doubtful_ones_in_an_honest_crowd_are_no_campaign() -> None:
    honest = [report(f"u{at}", NOON + at * MINUTE) for at in range(20)]
    new = [report(f"new{at}", NOON + at * MINUTE, age=DAY) for at in range(10)]
    assert not weighed(frame(*honest, *new), known())["campaign"].any()


def test_the_bounds_of_a_campaign_belong_to_it() -> None:
    new = [report(f"new{at}", NOON + at * 12 * MINUTE, age=DAY) for at in range(6)]  # an hour
    honest = [report(f"u{at}", NOON) for at in range(4)]  # so 60 % are new
    assert weighed(frame(*new, *honest), known())["campaign"].all()


def test_a_week_old_account_and_a_ring_of_one_are_not_doubtful() -> None:
    rows = [report("ann", age=7 * DAY), report("bob", ring="ring_1")]
    assert not weighed(frame(*rows, report("cat", target="t2", ring="ring_1")), known())[
        "doubtful"
    ].any()


def test_new_accounts_one_by_one_are_no_campaign() -> None:
    rows = [report(f"new{at}", NOON + at * HOUR, age=DAY) for at in range(20)]
    assert not weighed(frame(*rows), known())["campaign"].any()


def test_one_who_reports_often_is_no_crowd() -> None:
    rows = [report("new", NOON + at * MINUTE, age=DAY, reason=f"why{at}") for at in range(20)]
    assert not weighed(frame(*rows), known())["campaign"].any()


def test_two_campaigns_on_one_target_are_two_also_with_others_in_between() -> None:
    first = [report(f"a{at}", NOON + at * MINUTE, age=DAY) for at in range(8)]
    between = [report(f"u{at}", NOON + HOUR + at * 30 * MINUTE) for at in range(10)]
    second = [report(f"b{at}", NOON + 6 * HOUR + at * MINUTE, age=DAY) for at in range(10)]
    found = weighed(frame(*first, *between, *second), known())
    doubted = found.filter("doubtful")
    assert doubted["shared_by"].to_list() == [8] * 8 + [10] * 10


def test_campaigns_of_targets_are_apart() -> None:
    rows = [
        report(f"u{at}", NOON + at * MINUTE, target=target, age=DAY)
        for target in ("t1", "t2")
        for at in range(8)
    ]
    calm = [report(f"u{at}", NOON + at * MINUTE, target="t3") for at in range(3)]
    found = weighed(frame(*rows, *calm), known())
    assert found["shared_by"].to_list() == [8] * 16 + [1] * 3


def test_who_gives_many_reasons_weighs_no_more_in_a_campaign() -> None:
    rows = [
        report(f"new{at}", NOON + at * MINUTE, age=DAY, reason=reason)
        for at in range(8)
        for reason in ("spam", "hate", "scam")
    ]
    assert weighed(frame(*rows), known())["weight"].sum() == pytest.approx(0.5)


def test_no_reports_are_no_reports() -> None:
    found = weighed(frame(), known())
    assert (found.height, found.columns) == (0, [*REPORTS.names(), *ADDED])


ROWS = st.lists(
    st.builds(
        lambda reporter, at, target, age, ring: report(
            f"u{reporter}", NOON + at * MINUTE, target=f"t{target}", age=age * DAY, ring=ring
        ),
        st.integers(0, 15),
        st.integers(0, 300),
        st.integers(0, 1),
        st.integers(0, 14),
        st.none() | st.sampled_from(("x", "y")),
    ),
    max_size=60,
)


@UNHURRIED
@given(ROWS)
def test_no_report_is_discarded_or_made_heavier(rows: list[tuple[object, ...]]) -> None:
    reports = frame(*rows)
    found = weighed(reports, known(u1=(5, 0), u2=(0, 5)))
    assert found.select(REPORTS.names()).equals(reports)
    assert found.filter(
        (pl.col("weight") <= 0) | (pl.col("weight") > pl.col("reputation"))
    ).is_empty()


@UNHURRIED
@given(ROWS, st.randoms())
def test_the_order_of_reports_changes_no_weight(
    rows: list[tuple[object, ...]], random: Random
) -> None:
    reports = frame(*rows)
    mixed = reports[random.sample(range(reports.height), reports.height)]
    one, other = (weighed(given_rows, known()).sort("report") for given_rows in (reports, mixed))
    assert one.equals(other)


@UNHURRIED
@given(ROWS)
def test_a_campaign_is_what_its_definition_says(rows: list[tuple[object, ...]]) -> None:
    found = weighed(frame(*rows), known())
    told = found.select("target", "reported_at", "reporter", "doubtful", "campaign").rows()

    def crowd(target: str, end: datetime) -> bool:
        inside = [row for row in told if row[0] == target and end - HOUR <= row[1] <= end]
        people = {row[2] for row in inside}
        return len(people) >= 8 and len({row[2] for row in inside if row[3]}) >= 0.6 * len(people)

    ends = {(row[0], row[1]) for row in told if crowd(row[0], row[1])}
    for target, at, _, _, campaign in told:
        assert campaign == any(of == target and at <= end <= at + HOUR for of, end in ends)
