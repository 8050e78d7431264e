import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors import packed
from monitors.packed import high, hour_number, hour_start, low, pack, repeated, tally

PAIR = pl.Schema({"a": pl.UInt32, "b": pl.UInt32})
numbers = st.integers(0, 2**32 - 1)


def pairs(rows: list[tuple[int | None, int | None]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=PAIR, orient="row")


def counted(rows: pl.LazyFrame) -> list[tuple[int, int, int]]:
    found = tally(rows, pack(pl.col("a"), pl.col("b")))
    return found.select(high(), low().alias("low"), "n").collect().rows()


def test_counts_pairs_in_order() -> None:
    rows = [(2, 1), (1, 9), (2, 1), (1, 3)]
    assert counted(pairs(rows)) == [(1, 3, 1), (1, 9, 1), (2, 1, 2)]


def test_no_rows_give_no_keys() -> None:
    assert counted(pairs([])) == []


def test_a_pair_with_a_missing_part_is_left_out() -> None:
    assert counted(pairs([(None, 1), (1, None), (1, 1)])) == [(1, 1, 1)]


def test_the_largest_codes_come_back_as_they_went_in() -> None:
    top = 2**32 - 1
    assert counted(pairs([(top, top), (top, 0), (0, top)])) == [
        (0, top, 1),
        (top, 0, 1),
        (top, top, 1),
    ]


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_counting_in_chunks_changes_nothing(rows: list[tuple[int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "CHUNK", 3)
        found = counted(pairs(rows))
    assert found == sorted((*pair, rows.count(pair)) for pair in set(rows))


@given(values=st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=30))
def test_repeated_values_are_those_of_more_than_one_row(values: list[int | None]) -> None:
    found = repeated(pl.LazyFrame({"a": values}, schema={"a": pl.UInt64}), "a")
    assert found.to_list() == sorted({v for v in values if v is not None and values.count(v) > 1})


@given(code=numbers, hours=st.integers(0, 10**6))
def test_an_hour_survives_being_packed(code: int, hours: int) -> None:
    rows = pl.LazyFrame({"a": [code]}, schema={"a": pl.UInt32}).with_columns(
        at=hour_start(pl.lit(hours)) + pl.duration(minutes=59)
    )
    found = tally(rows, pack(pl.col("a"), hour_number("at")))
    kept = found.select(high(), start=hour_start(low())).collect()
    assert kept.rows() == [(code, pl.select(hour_start(pl.lit(hours))).item())]
