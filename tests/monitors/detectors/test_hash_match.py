from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors._hamming import close_pairs
from monitors.detectors.hash_match import hash_match
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
SCHEMA = {"who": pl.String, "hash": pl.String, "occurred_at": TIME, "event_id": pl.String}
KNOWN = [
    ("00ff00ff00ff00ff", "bank"),
    ("00FF00FF00FF00FF", "archive"),
    ("00ff00ff00ff0000", "shop"),
    ("d41d8cd98f00b204e9800998ecf8427e", "bank"),
]
Row = tuple[str | None, float | None, str | None]


def seen(*rows: Row) -> pl.LazyFrame:
    """Entity, minutes after ten, hash."""
    return pl.LazyFrame(
        [
            (who, value, None if minute is None else START + timedelta(minutes=minute), f"e{i}")
            for i, (who, minute, value) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )


def matched(
    events: pl.LazyFrame, distance: int = 0, known: Sequence[tuple[str | None, str | None]] = KNOWN
) -> pl.DataFrame:
    listed = pl.LazyFrame(known, schema={"hash": pl.String, "list": pl.String}, orient="row")
    found = hash_match(
        events,
        entity="who",
        value="hash",
        known=listed,
        distance=distance,
        event_id="event_id",
    )
    return found.collect(engine="streaming").sort("window_end", "who")


def nearest(value: str, distance: int) -> tuple[object, ...]:
    return matched(seen(("a", 1, value)), distance).select("score", "list", "distance").row(0)


def test_counts_distinct_hashes_that_are_listed() -> None:
    rows = (
        ("a", 1, "00ff00ff00ff0000"),
        ("a", 2, "00FF00FF00FF00FF"),
        ("a", 3, "00ff00ff00ff00ff"),
        ("a", 4, "1234"),
        ("a", 5, None),
    )
    assert matched(seen(*rows)).to_dicts() == [
        {
            "who": "a",
            "score": 2.0,
            "window_start": START,
            "window_end": START + timedelta(hours=1),
            "hashes": 3,
            "events": 3,
            "first_match_at": START + timedelta(minutes=1),
            "event_id": "e0",
            "list": "archive",
            "distance": 0,
        }
    ]


def test_hashes_within_the_distance_match() -> None:
    assert nearest("00ff00ff00ff00fe", 0) == (0.0, None, None)
    assert nearest("00ff00ff00ff00fe", 1) == (1.0, "archive", 1)
    assert nearest("00ff00ff00ff0001", 7) == (1.0, "shop", 1)
    assert nearest("ffff00ff00ff00ff", 7) == (0.0, None, None)
    assert nearest("feff00ff00ff00ff", 7) == (1.0, "archive", 7)


def test_hashes_of_other_lengths_match_only_whole() -> None:
    assert nearest("D41D8CD98F00B204E9800998ECF8427E", 7) == (1.0, "bank", 0)
    assert nearest("d41d8cd98f00b204e9800998ecf8427f", 7) == (0.0, None, None)
    assert nearest("not a hash", 7) == (0.0, None, None)


def test_a_bucket_is_half_open() -> None:
    rows = (("a", 0, "1234"), ("a", 59.99, "00ff00ff00ff0000"), ("a", 60, "1234"))
    ends = [START + timedelta(hours=1), START + timedelta(hours=2)]
    assert matched(seen(*rows)).select("score", "window_end").rows() == [
        (1.0, ends[0]),
        (0.0, ends[1]),
    ]


def test_without_a_hash_there_is_no_score() -> None:
    rows = (("a", 1, None), (None, 2, "00ff00ff00ff0000"), ("b", None, "00ff00ff00ff0000"))
    assert matched(seen(*rows)).select("who", "score", "hashes").rows() == [("a", None, 0)]


@pytest.mark.parametrize("distance", [0, 7])
def test_nothing_gives_no_rows_and_the_same_columns(distance: int) -> None:
    schema = matched(seen(("a", 1, "00ff00ff00ff0000")), distance).schema
    for rows in ((), ((None, None, None),)):
        assert matched(seen(*rows), distance).schema == schema
        assert matched(seen(*rows), distance).is_empty()


@pytest.mark.parametrize("distance", [0, 7])
def test_an_empty_list_matches_nothing(distance: int) -> None:
    events = seen(("a", 1, "00ff00ff00ff0000"))
    for known in ((), ((None, "bank"), ("00ff00ff00ff0000", None))):
        assert matched(events, distance, known)["score"].to_list() == [0.0]


def test_a_distance_that_could_miss_matches_is_refused() -> None:
    for distance in (-1, 8):
        with pytest.raises(MonitorError, match=f"'distance' is {distance}; give a number"):
            matched(seen(), distance)


BITS = st.sets(st.integers(0, 63), max_size=9).map(lambda bits: sum(1 << bit for bit in bits))
NUMBERS = st.lists(BITS | st.integers(0, 2**64 - 1), max_size=12)


@given(ours=NUMBERS, theirs=NUMBERS, distance=st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_finds_every_pair_within_the_distance(
    ours: list[int], theirs: list[int], distance: int
) -> None:
    found = close_pairs(np.array(ours, np.uint64), np.array(theirs, np.uint64), distance)
    expected = {
        (i, j, (a ^ b).bit_count())
        for i, a in enumerate(ours)
        for j, b in enumerate(theirs)
        if (a ^ b).bit_count() <= distance
    }
    assert set(zip(*(part.tolist() for part in found), strict=True)) == expected


RANDOM = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.sampled_from([0, 59, 60, 61]),
        st.sampled_from(["00ff00ff00ff0000", "00FF00FF00FF00FE", "1234", None]),
    ),
    max_size=12,
)


@given(rows=RANDOM, distance=st.integers(0, 7))
@settings(max_examples=25, deadline=None)
def test_order_and_later_rows_change_nothing_before(rows: Sequence[Row], distance: int) -> None:
    events = seen(*rows)
    later = events.with_columns(pl.col("occurred_at") + timedelta(hours=3))
    after = matched(pl.concat([later, events.reverse()]), distance)
    before = after.filter(pl.col("window_end") <= START + timedelta(hours=3))
    assert_frame_equal(before, matched(events, distance))
