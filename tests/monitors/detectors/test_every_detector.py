"""What holds for every detector: the shape of its rows, and what must not change them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors import detectors
from monitors.detectors.distinct_values import distinct_values
from monitors.detectors.sliding_count import sliding_count
from tests.monitors.detectors.case import HOUR, SCHEMA, START, TIME, Case
from tests.monitors.detectors.cases_of_events import EVENTS
from tests.monitors.detectors.cases_of_history import HISTORIES

NOON, END = START + timedelta(hours=12), START + timedelta(hours=24)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHOLE_FRAME = {"reset_windows"}  # its matches depend on everything before them, by definition
CASES = {**EVENTS, **HISTORIES}

every_detector = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
quickly = settings(max_examples=25, deadline=None)


def minutes() -> st.SearchStrategy[int]:
    """Times that meet at the edges of cells and windows as often as elsewhere."""
    edges = st.sampled_from([-90, -60, -30, 0, 30, 60, 90, 120, 660, 690, 719, 720, 750, 780, 810])
    return edges | st.integers(-100, 200) | st.integers(600, 850)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "a", "b", "c", None]),
                minutes(),
                st.sampled_from(["x", "y", "z", None]),
                st.sampled_from([True, False, None]),
            ),
            max_size=40,
        )
    )
    return pl.DataFrame(
        [
            (f"e{i}", "chat", who, START + timedelta(minutes=minute), what, hit)
            for i, (who, minute, what, hit) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )


def run(case: Case, events: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of the cells that end in (start, end], from events as a partition is given them."""
    reach = pl.col("occurred_at") >= start - case.reach
    given_events = events.filter(reach, pl.col("occurred_at") < end).lazy()
    return ordered(case.score(given_events, start, end), start, end)


def ordered(scores: pl.LazyFrame, start: datetime, end: datetime) -> pl.DataFrame:
    cells = scores.filter(pl.col("window_end") > start, pl.col("window_end") <= end)
    return cells.collect(engine="streaming").sort("who", "window_end")


@every_detector
def test_scores_are_numbers_and_windows_are_utc_times(case: Case) -> None:
    empty = SCHEMA.to_frame(eager=False)
    schema = case.score(empty, START, END).collect_schema()
    assert schema["score"] == pl.Float64
    assert schema["window_start"] == schema["window_end"] == TIME
    assert schema["who"] == pl.String
    rows = case.score(empty, START, END).collect(engine="streaming")
    assert rows.schema == schema


@every_detector
def test_no_events_are_no_rows_but_for_silence(case: Case) -> None:
    rows = run(case, SCHEMA.to_frame(), START, END)
    assert rows.filter(pl.col("score") > 0).height == (3 if case is CASES["silence"] else 0)
    assert rows.height == (3 * 24 if case is CASES["silence"] else 0)


@every_detector
@given(events=frames())
@quickly
def test_the_order_of_rows_changes_nothing(case: Case, events: pl.DataFrame) -> None:
    whole = run(case, events, START, END)
    for other in (events.reverse(), events.sort("what", "occurred_at", "event_id")):
        assert_frame_equal(run(case, other, START, END), whole)


@every_detector
@given(events=frames(), size=st.integers(1, 9))
@quickly
def test_chunks_change_nothing(case: Case, events: pl.DataFrame, size: int) -> None:
    pieces = [events[i : i + size] for i in range(0, events.height, size)]
    chunked = pl.concat([SCHEMA.to_frame(), *pieces], rechunk=False)
    in_memory = case.score(chunked.lazy(), START, END).collect(engine="in-memory")
    whole = ordered(case.score(events.lazy(), START, END), START, END)
    assert_frame_equal(ordered(in_memory.lazy(), START, END), whole)


@every_detector
@given(events=frames())
@quickly
def test_two_halves_are_the_whole(case: Case, events: pl.DataFrame) -> None:
    halves = [run(case, events, START, NOON), run(case, events, NOON, END)]
    whole = run(case, events, START, END)
    assert_frame_equal(pl.concat(halves).sort("who", "window_end"), whole)


@every_detector
@given(events=frames())
@quickly
def test_one_row_per_entity_and_window(case: Case, events: pl.DataFrame) -> None:
    rows = run(case, events, START, END)
    assert not rows.select("who", "window_start", "window_end").is_duplicated().any()
    assert rows["who"].null_count() == 0
    assert rows["score"].is_finite().all()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.monotone])
@given(events=frames(), late=st.integers(0, 20))
@quickly
def test_late_rows_never_lower_a_monotone_score(name: str, events: pl.DataFrame, late: int) -> None:
    before = run(CASES[name], events[late:], START, END)
    after = run(CASES[name], events, START, END)
    both = before.join(after, on=["who", "window_end"], how="left", suffix="_after")
    assert (both["score"].fill_null(0) <= both["score_after"].fill_null(0)).all()
    assert both["score_after"].null_count() <= both["score"].null_count()


@given(events=frames(), window=st.sampled_from([1, 30, 60, 90]))
@quickly
def test_sliding_count_agrees_with_counting_by_hand(events: pl.DataFrame, window: int) -> None:
    span = timedelta(minutes=window)
    found = sliding_count(events.lazy(), entity="who", window=span)
    columns = ("who", "window_end", "score", "peak_at")
    assert sorted(found.select(columns).collect().rows()) == by_hand(events, span, len)


@given(events=frames(), window=st.sampled_from([1, 30, 60, 90]))
@quickly
def test_distinct_values_agree_with_counting_by_hand(events: pl.DataFrame, window: int) -> None:
    span = timedelta(minutes=window)
    found = distinct_values(events.lazy(), entity="who", value="what", window=span)
    columns = ("who", "window_end", "score", "peak_at")
    expected = by_hand(events, span, lambda values: len({v for v in values if v is not None}))
    assert sorted(found.select(columns).collect().rows()) == expected


def test_every_detector_has_a_case() -> None:
    files = {path.stem for path in Path(detectors.__path__[0]).glob("[!_]*.py")}
    assert files - WHOLE_FRAME == {name.split()[0] for name in CASES}


def by_hand(
    events: pl.DataFrame, window: timedelta, measure: Callable[[list[str | None]], int]
) -> list[tuple[str, datetime, float | None, datetime]]:
    """Entity, end of cell, largest measure of a window that ends in it, and when first reached."""
    rows = [r for r in events.select("who", "occurred_at", "what").rows() if r[0] is not None]
    best: dict[tuple[str, datetime], tuple[int, datetime]] = {}
    for who, time, _ in sorted(rows, key=lambda row: row[1]):
        inside = [w for e, t, w in rows if e == who and time - window < t <= time]
        end = time - (time - EPOCH) % HOUR + HOUR
        level = measure(inside)
        if (who, end) not in best or level > best[who, end][0]:
            best[who, end] = (level, time)
    return sorted((*key, float(n) if n else None, time) for key, (n, time) in best.items())
