from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.rings import rings
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
DAY = timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
SCHEMA = {
    "who": pl.String,
    "occurred_at": TIME,
    "device": pl.String,
    "card": pl.Int64,
    "ip": pl.String,
}
WEIGHTS = {"device": 1.0, "card": 0.7, "ip": 0.3}
Row = tuple[str | None, float | None, str | None, int | None, str | None]


def used(*rows: Row) -> pl.LazyFrame:
    """Member, hours after midnight, device, card, address."""
    return pl.LazyFrame(
        [
            (who, None if hour is None else START + timedelta(hours=hour), *values)
            for who, hour, *values in rows
        ],
        schema=SCHEMA,
        orient="row",
    )


def tied(
    events: pl.LazyFrame,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    hub: int = 50,
    look_back: timedelta = DAY,
) -> pl.DataFrame:
    found = rings(events, member="who", attributes=weights, hub=hub, look_back=look_back)
    return found.collect(engine="streaming").sort("window_end", "ring")


def found(*rows: Row, hub: int = 50, look_back: timedelta = DAY) -> list[tuple[object, ...]]:
    day = pl.col("window_end").dt.day()
    columns = (day, "ring", "score", "members", "attributes", "density")
    return tied(used(*rows), hub=hub, look_back=look_back).select(columns).rows()


def test_counts_members_whom_shared_devices_connect() -> None:
    rows: tuple[Row, ...] = (
        ("b", 2, "d1", None, None),
        ("a", 3, "d1", None, None),
        ("a", 4, "d2", None, None),
        ("c", 5, "d2", None, None),
        ("z", 1, "d9", None, None),
    )
    assert tied(used(*rows)).to_dicts() == [
        {
            "ring": "b",
            "score": 3.0,
            "window_start": START - DAY,
            "window_end": START + DAY,
            "members": ["a", "b", "c"],
            "attributes": 2,
            "density": 2 / 3,
            "first_at": START + timedelta(hours=2),
            "last_at": START + timedelta(hours=5),
        }
    ]


def test_weights_add_up_over_columns_to_the_minimum() -> None:
    card, address = ("a", 1, None, 1, None), ("a", 2, None, None, "i1")
    assert found(card, ("b", 1, None, 1, None)) == []
    assert found(card, address, ("b", 1, None, 1, "i1")) == [(3, "a", 2.0, ["a", "b"], 2, 1.0)]


def test_a_column_counts_once_however_many_values_are_shared() -> None:
    several = [(who, hour, None, None, f"i{hour}") for who in "ab" for hour in range(9)]
    assert found(*several) == []


def test_a_value_of_another_column_is_another_value() -> None:
    events = pl.LazyFrame(
        {"who": ["a", "b"], "occurred_at": [START] * 2, "x": ["v", None], "y": [None, "v"]},
        schema_overrides={"occurred_at": TIME},
    )
    assert tied(events, weights={"x": 1.0, "y": 1.0}).is_empty()


def test_a_value_that_too_many_have_ties_nobody() -> None:
    office = [(who, 1.0, "office", None, None) for who in "abc"]
    assert found(*office, hub=2) == []
    assert found(*office, hub=3) == [(3, "a", 3.0, ["a", "b", "c"], 1, 1.0)]


def test_one_member_who_uses_a_value_often_makes_no_hub() -> None:
    rows: list[Row] = [("a", hour, "d1", None, None) for hour in range(9)]
    assert found(*rows, ("b", 1, "d1", None, None), hub=2) == [(3, "a", 2.0, ["a", "b"], 1, 1.0)]


def test_a_window_is_the_cell_and_the_look_back_and_is_half_open() -> None:
    rows: tuple[Row, ...] = (("a", 0, "d1", None, None), ("b", 24, "d1", None, None))
    late: Row = ("c", 48, "d1", None, None)
    assert found(*rows) == [(4, "a", 2.0, ["a", "b"], 1, 1.0)]
    assert found(*rows, late)[1:] == [(5, "b", 2.0, ["b", "c"], 1, 1.0)]
    assert found(*rows, look_back=timedelta(0)) == []


def test_a_ring_without_an_event_in_the_cell_has_no_row() -> None:
    rows: tuple[Row, ...] = (("a", 0, "d1", None, None), ("b", 1, "d1", None, None))
    assert found(*rows, ("z", 25, "d9", None, None)) == [(3, "a", 2.0, ["a", "b"], 1, 1.0)]


def test_an_event_of_a_member_with_other_values_keeps_the_ring() -> None:
    rows: tuple[Row, ...] = (("a", 0, "d1", None, None), ("b", 1, "d1", None, None))
    again = found(*rows, ("b", 25, "d9", None, None))
    assert again[1:] == [(4, "a", 2.0, ["a", "b"], 1, 1.0)]


def test_only_cells_of_the_period_are_worked_out() -> None:
    events = used(("a", 0, "d", None, None), ("b", 1, "d", None, None), ("a", 25, "d", None, None))
    period = pl.LazyFrame({"start": [START + DAY], "end": [START + 2 * DAY]}).cast(TIME)
    seen = rings(events, member="who", attributes=WEIGHTS, look_back=DAY, period=period)
    assert seen.select("ring", "window_end").collect().rows() == [("a", START + 2 * DAY)]


def test_the_smallest_id_is_the_oldest_among_equal_times() -> None:
    rows: tuple[Row, ...] = (("b", 1, "d1", None, None), ("a", 1, "d1", None, None))
    assert found(*rows)[0][1] == "a"


def test_a_members_age_counts_from_its_first_event_of_any_kind() -> None:
    rows: tuple[Row, ...] = (
        ("a", 2, "d1", None, None),
        ("b", 3, "d1", None, None),
        ("b", 1, None, None, "i7"),
    )
    assert found(*rows)[0][1] == "b"


def test_members_are_numbers_where_ids_are() -> None:
    numbers = used(("1", 1, "d", None, None), ("2", 2, "d", None, None)).cast({"who": pl.UInt32})
    assert tied(numbers).select("ring", "members").rows() == [(1, [1, 2])]


def test_members_are_the_first_hundred_in_order() -> None:
    rows: list[Row] = [(f"u{i:03}", 1, f"d{i // 2}", i - i // 2, None) for i in range(150)]
    everybody = [(f"u{i:03}", 2, f"e{i // 2}-{i % 2 + i // 2}", None, None) for i in range(150)]
    chain: list[Row] = [
        (f"u{i:03}", 2, f"c{j}", None, None) for i in range(150) for j in (i, i + 1)
    ]
    seen = tied(used(*rows, *everybody, *chain))
    assert seen["score"].to_list() == [150.0]
    assert seen["members"].to_list() == [[f"u{i:03}" for i in range(100)]]


def test_nothing_gives_no_rows_and_the_same_columns() -> None:
    full = tied(used(("a", 1, "d", None, None), ("b", 1, "d", None, None)))
    for rows in ((), ((None,) * 5,), (("a", 1, "d", 1, "i"),), (("a", None, "d", 1, "i"),) * 2):
        assert tied(used(*rows)).schema == full.schema
        assert tied(used(*rows)).is_empty()


def test_weights_that_cannot_tie_are_refused() -> None:
    with pytest.raises(MonitorError, match=r"add up to 0.5, under 'minimum' 1.0"):
        rings(used(), member="who", attributes={"ip": 0.5})
    with pytest.raises(MonitorError, match="'ip' is 0"):
        rings(used(), member="who", attributes={"ip": 0, "device": 1})


RANDOM = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", None]),
        st.sampled_from([0, 1, 23, 24, 25, 47, 48, 60]),
        st.sampled_from(["d1", "d2", "d3", None]),
        st.sampled_from([1, 2, None]),
        st.sampled_from(["i1", "i2", None]),
    ),
    max_size=20,
)


@given(rows=RANDOM, later=RANDOM)
@settings(max_examples=25, deadline=None)
def test_later_rows_change_no_earlier_window(rows: Sequence[Row], later: Sequence[Row]) -> None:
    ahead = used(*later).with_columns(pl.col("occurred_at") + 3 * DAY)
    after = tied(pl.concat([ahead, used(*rows)]), hub=3)
    assert_frame_equal(
        after.filter(pl.col("window_end") <= START + 3 * DAY), tied(used(*rows), hub=3)
    )


@given(rows=RANDOM)
@settings(max_examples=50, deadline=None)
def test_agrees_with_joining_members_by_hand(rows: Sequence[Row]) -> None:
    seen = tied(used(*rows), hub=3, look_back=timedelta(0))
    of_day = lambda row, day: row[1] // 24 == day  # noqa: E731
    expected = [
        (day + 3, len(ring))
        for day in range(3)
        for ring in by_hand([row for row in rows if row[0] and of_day(row, day)], hub=3)
    ]
    got = seen.select(pl.col("window_end").dt.day(), pl.col("score").cast(int)).rows()
    assert sorted(got) == sorted(expected)


def by_hand(rows: Sequence[Row], hub: int) -> list[set[str]]:
    """Members of each ring among rows of one window."""
    shared: dict[frozenset[str], dict[int, float]] = {}
    for kind, weight in zip((2, 3, 4), WEIGHTS.values(), strict=True):
        for value in {row[kind] for row in rows} - {None}:
            members = {str(row[0]) for row in rows if row[kind] == value}
            for pair in (frozenset((a, b)) for a in members for b in members if a < b):
                if len(members) <= hub:
                    shared.setdefault(pair, {})[kind] = weight
    found: list[set[str]] = []
    for pair, kinds in shared.items():
        if sum(kinds.values()) >= 1.0:
            touching = [ring for ring in found if ring & pair]
            found = [ring for ring in found if not ring & pair]
            found.append(set(pair).union(*touching))
    return found
