from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.sequence import sequence
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {"event_id": pl.String, "who": pl.String, "occurred_at": TIME, "kind": pl.String}
DAY = datetime(2026, 3, 2, tzinfo=UTC)
TEN = timedelta(minutes=10)
STEPS = [pl.col("kind") == kind for kind in ("signup", "pay", "send")]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*rows: tuple[str, str | None]) -> pl.LazyFrame:
    given_rows = [(f"e{i}", "a", at(clock), kind) for i, (clock, kind) in enumerate(rows)]
    return pl.LazyFrame(given_rows, schema=SCHEMA, orient="row")


def found(rows: pl.LazyFrame, *, steps: Sequence[pl.Expr] = STEPS, repeat: int = 1) -> pl.DataFrame:
    scores = sequence(
        rows, entity="who", steps=steps, within=TEN, repeat=repeat, event_id="event_id"
    )
    return scores.sort("who", "window_end").collect(engine="streaming")


def scores(*rows: tuple[str, str | None], repeat: int = 1) -> list[float]:
    return found(events(*rows), repeat=repeat)["score"].to_list()


def test_counts_the_events_that_complete_the_steps() -> None:
    rows = events(
        ("10:00", "signup"),
        ("10:01", "pay"),
        ("10:02", "look"),
        ("10:03", "send"),
        ("10:04", "send"),
    )
    assert found(rows).rows() == [
        ("a", 2.0, at("09:50"), at("11:00"), at("10:00"), at("10:03"), "e3", "e0")
    ]
    assert found(rows).columns[4:] == ["started_at", "completed_at", "event_id", "started_id"]


def test_an_entity_that_never_starts_scores_nothing() -> None:
    assert scores(("10:00", "look"), ("11:00", "send"), ("12:00", None)) == [0.0, 0.0, 0.0]


def test_steps_in_another_order_complete_nothing() -> None:
    assert scores(("10:00", "pay"), ("10:01", "signup"), ("10:02", "send")) == [0.0]


def test_the_limit_from_first_to_last_step_is_inclusive() -> None:
    assert scores(("10:00", "signup"), ("10:05", "pay"), ("10:10", "send")) == [1.0]
    assert scores(("10:00", "signup"), ("10:05", "pay"), ("10:10:00.000001", "send")) == [0.0]


def test_the_latest_start_counts() -> None:
    rows = (("09:40", "signup"), ("10:00", "signup"), ("10:01", "pay"), ("10:09", "send"))
    assert scores(*rows) == [0.0, 1.0]
    assert found(events(*rows))["started_at"].to_list() == [None, at("10:00")]


def test_a_start_after_the_second_step_is_no_start() -> None:
    rows = (("10:00", "signup"), ("10:02", "pay"), ("10:03", "signup"), ("10:12", "send"))
    assert scores(*rows) == [0.0]


def test_events_at_the_same_time_follow_in_no_order() -> None:
    assert scores(("10:00", "signup"), ("10:00", "pay"), ("10:01", "send")) == [0.0]
    assert scores(("10:00", "signup"), ("10:01", "pay"), ("10:01", "send")) == [0.0]


def test_one_event_is_never_two_steps() -> None:
    either = [pl.col("kind").is_in(["signup", "pay"])] * 2
    assert found(events(("10:00", "pay")), steps=either)["score"].to_list() == [0.0]
    rows = events(("10:00", "pay"), ("10:01", "pay"), ("10:02", "pay"))
    assert found(rows, steps=either)["score"].to_list() == [2.0]


def test_a_completion_belongs_to_the_cell_of_its_last_step() -> None:
    rows = (("10:55", "signup"), ("10:56", "pay"), ("11:00", "send"))
    assert scores(*rows) == [0.0, 1.0]


def test_repeat_asks_for_so_many_last_steps_after_the_step_before() -> None:
    start = (("10:00", "signup"), ("10:03", "pay"))
    sent = (("10:02", "send"), ("10:04", "send"), ("10:05", "send"), ("10:05", "send"))
    assert scores(*start, *sent, repeat=3) == [1.0]
    assert scores(*start, *sent, repeat=4) == [0.0]


def test_an_event_given_twice_completes_twice() -> None:
    assert scores(("10:00", "signup"), ("10:01", "pay"), *[("10:02", "send")] * 2) == [2.0]


def test_entities_do_not_share_steps() -> None:
    rows = events(("10:00", "signup"), ("10:01", "pay"), ("10:02", "send"))
    who = pl.Series("who", ["a", "b", "a"])
    split = rows.collect().with_columns(who).lazy()
    assert found(split).select("who", "score").rows() == [("a", 0.0), ("b", 0.0)]


def test_no_rows_and_rows_without_entity_or_time_are_no_rows() -> None:
    assert found(events()).rows() == []
    nobody = pl.LazyFrame(
        [("e", None, DAY, "send"), ("e", "a", None, "send")], schema=SCHEMA, orient="row"
    )
    assert found(nobody).rows() == []


def test_one_step_or_seven_are_refused() -> None:
    with pytest.raises(MonitorError, match="'steps' has 1 conditions; give 2 to 6"):
        found(events(), steps=STEPS[:1])
    with pytest.raises(MonitorError, match="'steps' has 7 conditions"):
        found(events(), steps=STEPS[:1] * 7)


LOGS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 80), st.sampled_from(["signup", "pay", "send"])
    ),
    max_size=16,
)


def frame(log: list[tuple[str, int, str]]) -> pl.LazyFrame:
    rows = [
        (f"e{i}", who, DAY + minute * TEN / 5, kind) for i, (who, minute, kind) in enumerate(log)
    ]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


@given(log=LOGS)
@settings(max_examples=60, deadline=None)
def test_agrees_with_looking_at_every_choice_of_three_events(
    log: list[tuple[str, int, str]],
) -> None:
    complete = set()
    for chosen in combinations(sorted(enumerate(log), key=lambda row: row[1][1]), 3):
        kinds, minutes = [row[2] for _, row in chosen], [row[1] for _, row in chosen]
        apart = minutes[0] < minutes[1] < minutes[2] <= minutes[0] + 5
        if apart and kinds == ["signup", "pay", "send"] and len({row[0] for _, row in chosen}) == 1:
            complete.add(chosen[2][0])
    assert found(frame(log))["score"].sum() == len(complete)


@given(log=LOGS, cut=st.integers(0, 80))
@settings(max_examples=40, deadline=None)
def test_later_rows_change_no_earlier_score(log: list[tuple[str, int, str]], cut: int) -> None:
    edge = DAY + timedelta(hours=cut * 2 // 60)
    early = pl.col("window_end") <= edge
    before = found(frame(log).filter(pl.col("occurred_at") < edge))
    assert_frame_equal(found(frame(log)).filter(early), before)
