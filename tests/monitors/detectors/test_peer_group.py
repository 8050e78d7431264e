from datetime import UTC, datetime, timedelta
from math import log
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.peer_group import peer_group
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {"who": pl.String, "hour": TIME, "plan": pl.String, "events": pl.Int64}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
Row = tuple[str | None, int, str | None, int | None]


def activity(*rows: Row) -> pl.LazyFrame:
    given_rows = [(who, MONDAY + hour * HOUR, plan, n) for who, hour, plan, n in rows]
    return pl.LazyFrame(given_rows, schema=SCHEMA, orient="row")


def found(rows: pl.LazyFrame, *, minimum: int = 3, floor: float = 0.1) -> pl.DataFrame:
    scores = peer_group(rows, entity="who", group="plan", minimum_peers=minimum, floor=floor)
    return scores.sort("who", "window_end").collect(engine="streaming")


def peers(*counts: int, hour: int = 0, plan: str = "free") -> list[Row]:
    return [(f"p{i}", hour, plan, n) for i, n in enumerate(counts)]


def test_is_the_distance_of_logs_from_the_median_of_the_peers() -> None:
    row = found(activity(*peers(1, 3, 7), ("a", 0, "free", 31))).row(0, named=True)
    # in logs of 2, the peers are 1, 2, 3 and the entity 5: median 2, MAD 1
    assert row["score"] == pytest.approx(3 / 1.4826)
    assert (row["group"], row["value"], row["peers"]) == ("free", 31, 3)
    assert row["peer_median"] == pytest.approx(3.0)
    assert row["spread"] == pytest.approx(1.4826 * log(2))
    assert (row["window_start"], row["window_end"]) == (MONDAY, MONDAY + HOUR)


def test_an_entity_is_no_part_of_its_own_yardstick() -> None:
    scores = found(activity(*peers(1, 1, 1), ("a", 0, "free", 999)), floor=0.5)
    assert scores["peer_median"].to_list() == pytest.approx([1.0] * 4)
    assert scores["score"].to_list() == pytest.approx([log(500) / 0.5, 0.0, 0.0, 0.0])


def test_peers_who_all_do_the_same_are_measured_by_the_floor() -> None:
    rows = activity(*peers(1, 1, 1), ("a", 0, "free", 7))
    assert found(rows, floor=0.5)["score"][0] == pytest.approx(log(4) / 0.5)


def test_less_than_the_peers_is_negative() -> None:
    rows = activity(*peers(7, 7, 7), ("a", 0, "free", 1))
    assert found(rows, floor=1.0)["score"][0] == pytest.approx(-log(4))


def test_too_few_peers_have_no_score() -> None:
    assert found(activity(*peers(1, 1, 1)))["score"].to_list() == [None] * 3
    assert found(activity(*peers(1, 1, 1, 1)))["score"].to_list() == [0.0] * 4


def test_peers_are_those_of_the_same_group_and_bucket() -> None:
    rows = activity(
        *peers(1, 1, 1), *peers(50, 50, 50, 50, plan="paid", hour=1), ("a", 0, "free", 1)
    )
    assert found(rows)["peer_median"].round(6).to_list() == [1.0, *[1.0, 50.0] * 3, 50.0]


def test_without_a_group_or_a_value_there_is_no_score_and_no_peer() -> None:
    rows = activity(
        *peers(1, 1, 1), ("a", 0, None, 9), ("b", 0, "free", None), ("c", 0, "free", -1)
    )
    assert found(rows)["score"].to_list() == [None] * 6
    assert found(rows)["value"].to_list() == [9, None, -1, 1, 1, 1]


def test_rows_of_one_bucket_add_up_in_the_smallest_of_their_groups() -> None:
    rows = activity(*peers(1, 1, 1), ("a", 0, "free", 3), ("a", 0, "paid", 4))
    assert found(rows).select("group", "value").row(0) == ("free", 7)


def test_no_rows_and_rows_without_entity_are_no_rows() -> None:
    assert found(activity()).rows() == []
    assert found(activity((None, 0, "free", 1))).rows() == []


def test_a_floor_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match=r"'floor' is 0\.0"):
        found(activity(), floor=0.0)


LOGS = st.lists(
    st.tuples(
        st.sampled_from("abcdefghi"),
        st.integers(0, 1),
        st.sampled_from(["free", "free", "paid"]),
        st.integers(0, 20),
    ),
    max_size=30,
    unique_by=lambda row: row[:2],
)


@given(rows=LOGS, minimum=st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_agrees_with_leaving_out_each_one_by_hand(
    rows: list[tuple[str, int, str, int]], minimum: int
) -> None:
    expected = []
    for who, hour, plan, n in sorted(rows):
        others = [log(1 + m) for w, h, p, m in rows if w != who and (h, p) == (hour, plan)]
        if len(others) < minimum:
            expected.append(None)
            continue
        centre = median(others)
        spread = 1.4826 * median(abs(y - centre) for y in others)
        expected.append(pytest.approx((log(1 + n) - centre) / max(spread, 0.1), abs=1e-9))
    assert found(activity(*rows), minimum=minimum)["score"].to_list() == expected


@given(rows=LOGS)
@settings(max_examples=30, deadline=None)
def test_later_rows_change_no_earlier_score(rows: list[tuple[str, int, str, int]]) -> None:
    before = found(activity(*(row for row in rows if row[1] == 0)), minimum=1)
    whole = found(activity(*rows), minimum=1)
    assert_frame_equal(whole.filter(pl.col("window_end") == MONDAY + HOUR), before)
