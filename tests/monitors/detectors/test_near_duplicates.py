import csv
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.near_duplicates import near_duplicates, repetition
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
SCHEMA = {"who": pl.String, "text": pl.String, "occurred_at": TIME, "event_id": pl.String}
OFFER = "Dear Ann, your parcel waits, pay 3.50 at https://a.example/x within 12 hours please"
AGAIN = "Dear Bob, your parcel waits, pay 7 at http://b.example/yy  within 9 hours PLEASE"
OTHER = "Shall we meet at the station at noon, or is the harbour better for you?"
Row = tuple[str | None, float | None, str | None]


def sent(*rows: Row) -> pl.LazyFrame:
    """Author, minutes after ten, text."""
    return pl.LazyFrame(
        [
            (who, text, None if minute is None else START + timedelta(minutes=minute), f"e{i}")
            for i, (who, minute, text) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )


def spread(events: pl.LazyFrame, look_back: timedelta = HOUR) -> pl.DataFrame:
    found = near_duplicates(
        events, author="who", text="text", look_back=look_back, event_id="event_id"
    )
    return found.collect(engine="streaming").sort("window_end", "template")


def counts(*rows: Row, look_back: timedelta = HOUR) -> list[tuple[object, ...]]:
    end = pl.col("window_end").dt.strftime("%H:%M")
    columns = (end, "score", "texts", "variants", "event_id")
    return spread(sent(*rows), look_back).select(columns).rows()


def test_counts_the_authors_of_texts_that_differ_in_names_numbers_and_addresses() -> None:
    rows = (("a", 1, OFFER), ("b", 2, AGAIN), ("b", 3, AGAIN), ("c", 4, OTHER))
    found = spread(sent(*rows))
    plain = "dear ann, your parcel waits, pay 0 at url within 0 hours please"
    assert found.to_dicts() == [
        {
            "template": hashlib.sha256(plain.encode()).hexdigest()[:16],
            "score": 2.0,
            "window_start": START - HOUR,
            "window_end": START + HOUR,
            "authors": 2,
            "texts": 3,
            "variants": 2,
            "members": ["a", "b"],
            "first_at": START + timedelta(minutes=1),
            "last_at": START + timedelta(minutes=3),
            "event_id": "e0",
        }
    ]


def test_similarity_is_jaccard_of_five_byte_shingles() -> None:
    rows = (("a", 1, "abcdefghij"), ("b", 2, "abcdefghiX"))  # 5 shared of 7
    events = sent(*rows)
    for similarity, height in ((0.71, 1), (0.72, 0)):
        found = near_duplicates(
            events, author="who", text="text", minimum=1, similarity=similarity
        ).collect()
        assert found.height == height


def test_links_connect_texts_that_are_not_alike_themselves() -> None:
    words = [f"word{'abcdefghijklmnop'[i]}" for i in range(16)]
    first, second, third = (" ".join(words[i : i + 12]) for i in (0, 2, 4))
    assert counts(("a", 1, first), ("b", 2, third)) == []
    assert counts(("a", 1, first), ("b", 2, third), ("c", 3, second)) == [
        ("11:00", 3.0, 3, 3, "e0")
    ]


def test_a_window_is_the_cell_and_the_look_back_and_is_half_open() -> None:
    rows = (("a", 0, OFFER), ("b", 60, OFFER), ("c", 120, OFFER))
    assert counts(*rows) == [("12:00", 2.0, 2, 1, "e0"), ("13:00", 2.0, 2, 1, "e1")]
    assert counts(*rows, look_back=2 * HOUR)[1:] == [("13:00", 3.0, 3, 1, "e0")]
    assert counts(*rows, look_back=timedelta(0)) == []


def test_a_template_that_is_not_sent_again_has_no_row() -> None:
    rows = (("a", 0, OFFER), ("b", 1, OFFER), ("c", 61, OTHER))
    assert counts(*rows) == [("11:00", 2.0, 2, 1, "e0")]


def test_only_cells_of_the_period_are_worked_out() -> None:
    events = sent(("a", 0, OFFER), ("b", 1, OFFER), ("c", 61, OFFER))
    period = pl.LazyFrame({"start": [START + HOUR], "end": [START + 2 * HOUR]}).cast(TIME)
    found = near_duplicates(events, author="who", text="text", look_back=HOUR, period=period)
    assert found.select("score", "window_end").collect().rows() == [(3.0, START + 2 * HOUR)]


def test_the_oldest_text_is_of_the_smallest_id_among_equal_times() -> None:
    events = sent(("a", 1, AGAIN), ("b", 1, OFFER), ("c", 5, OFFER))
    assert spread(events)["event_id"].to_list() == ["e0"]
    assert spread(events.reverse())["template"].equals(spread(events)["template"])


def test_copies_of_one_row_add_texts_but_no_authors() -> None:
    assert counts(("a", 1, OFFER), ("a", 1, OFFER)) == [("11:00", 1.0, 2, 1, "e0")]


def test_short_texts_and_rows_without_author_time_or_text_are_left_out() -> None:
    whole, none = ("a", 1, OFFER), (None, 2, OFFER)
    assert (
        counts(whole, none, ("b", None, OFFER), ("b", 3, None), ("b", 3, "ok"), ("c", 4, "ok"))
        == []
    )


def test_nothing_gives_no_rows_and_the_same_columns() -> None:
    full = spread(sent(("a", 1, OFFER), ("b", 2, OFFER)))
    for rows in ((), ((None, None, None),), (("a", 1, OFFER),)):
        assert spread(sent(*rows)).schema == full.schema
        assert spread(sent(*rows)).is_empty()


def test_members_are_the_first_hundred_in_order() -> None:
    found = spread(sent(*((f"u{i:03}", 1, OFFER) for i in reversed(range(120)))))
    assert found["score"].to_list() == [120.0]
    assert found["members"].to_list() == [[f"u{i:03}" for i in range(100)]]


def test_a_hot_band_is_one_template() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [f"{OFFER} {a}{b}" for a in letters for b in letters]
    assert counts(*((f"u{i}", 1, text) for i, text in enumerate(texts))) == [
        ("11:00", 676.0, 676, 676, "e0")
    ]


def test_unusable_arguments_are_refused() -> None:
    with pytest.raises(MonitorError, match=r"'similarity' is 0.2; give one from 0.5 to 1"):
        near_duplicates(sent(), author="who", text="text", similarity=0.2)
    with pytest.raises(MonitorError, match="'look_back' is 0:30:00; give a multiple"):
        spread(sent(), timedelta(minutes=30))


def shares(*rows: Row, minimum_texts: int = 2) -> list[tuple[object, ...]]:
    found = repetition(sent(*rows), entity="who", text="text", minimum_texts=minimum_texts)
    return found.sort("who", "window_end").drop("window_start", "window_end").collect().rows()


def test_repetition_is_the_share_of_texts_in_an_authors_own_templates() -> None:
    rows = (("a", 1, OFFER), ("a", 2, AGAIN), ("a", 3, OTHER), ("a", 4, OFFER), ("b", 5, OFFER))
    assert shares(*rows) == [("a", 0.75, 4, 3, 3), ("b", None, 1, 0, 1)]


def test_repetition_of_others_or_of_another_hour_is_none() -> None:
    rows = (("a", 1, OFFER), ("a", 61, OFFER), ("b", 1, OFFER))
    assert shares(*rows, minimum_texts=1) == [
        ("a", 0.0, 1, 0, 1),
        ("a", 0.0, 1, 0, 1),
        ("b", 0.0, 1, 0, 1),
    ]


RANDOM = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from([0, 1, 59, 60, 61, 119, 120, 150]),
        st.sampled_from([OFFER, AGAIN, OTHER, None]),
    ),
    max_size=15,
)


@given(rows=RANDOM, later=RANDOM)
@settings(max_examples=25, deadline=None)
def test_later_rows_change_no_earlier_window(rows: Sequence[Row], later: Sequence[Row]) -> None:
    known = sent(*rows)
    ahead = sent(*later).with_columns(
        pl.col("occurred_at") + 3 * HOUR, event_id="later" + pl.col("event_id")
    )
    after = spread(pl.concat([ahead, known])).filter(pl.col("window_end") <= START + 3 * HOUR)
    assert_frame_equal(after, spread(known))


REAL = Path(__file__).parents[4] / "shared/data"


def messages() -> list[str]:
    with (REAL / "sms_spam/sms.tsv").open(encoding="utf-8", newline="") as file:
        return [row[1] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def prompts() -> list[str]:
    path = REAL / "jailbreak_prompts/jailbreak_prompts_2023_05_07.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row["prompt"] for row in csv.DictReader(file)]


@pytest.mark.skipif(not REAL.exists(), reason="needs the real texts, which are no part of this")
@pytest.mark.parametrize(
    ("texts", "templates", "sent_in_them"), [(messages, 347, 922), (prompts, 75, 234)]
)
def test_finds_in_real_texts_what_comparing_all_pairs_finds(
    texts: Callable[[], list[str]], templates: int, sent_in_them: int
) -> None:
    events = pl.LazyFrame({"text": texts()}).with_columns(
        who=pl.int_range(pl.len()).cast(pl.String), occurred_at=pl.lit(START, TIME)
    )
    found = near_duplicates(events, author="who", text="text").collect()
    assert (found.height, found["score"].sum()) == (templates, sent_in_them)
