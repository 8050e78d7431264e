from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors._edits import edits
from monitors.detectors.lookalike import lookalike
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
SCHEMA = {"who": pl.String, "name": pl.String, "occurred_at": TIME, "event_id": pl.String}
BRANDS = ("Northwind", "Acme")
Row = tuple[str | None, float | None, str | None]


def named(*rows: Row) -> pl.LazyFrame:
    """Entity, minutes after ten, name."""
    return pl.LazyFrame(
        [
            (who, name, None if minute is None else START + timedelta(minutes=minute), f"e{i}")
            for i, (who, minute, name) in enumerate(rows)
        ],
        schema=SCHEMA,
        orient="row",
    )


def scored(events: pl.LazyFrame, brands: Sequence[str] = BRANDS) -> pl.DataFrame:
    found = lookalike(events, entity="who", name="name", brands=brands, event_id="event_id")
    return found.collect(engine="streaming").sort("window_end", "who")


def score(name: str, brand: str = "Northwind") -> float:
    return float(scored(named(("a", 1, name)), [brand])["score"].item())


@pytest.mark.parametrize(
    "name",
    [
        "Northwind",
        "NORTHWIND",
        "n0rthw1nd",
        "Nórthwïnd",
        "N\u043erthw\u0456nd",  # Cyrillic
        "N\u03bfrthw\u03b9nd",  # Greek
        "\uff2e\uff4f\uff52\uff54\uff48\uff57\uff49\uff4e\uff44",  # fullwidth
        "North\u200bwind",
        "north-wind",
        "Northwlnd",
        "Northvvind",
        "Northwind Support",
        "official.northwind",
        "helpnorthwind",
        "nor7hwind_t3am",
        "@Northwind!",
    ],
)
def test_a_name_that_looks_the_same_scores_one(name: str) -> None:
    assert score(name) == 1.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Northwnd", 8 / 9),
        ("Northwindd", 0.9),
        ("Nortwhind", 8 / 9),
        ("Northwend support", 8 / 9),
        ("Southwind", 7 / 9),
        ("The Northwind help line", 0.95),
        ("The Northwind line", 0.0),
        ("Southbound", 0.0),
        ("", 0.0),
    ],
)
def test_similarity_falls_with_each_edit(name: str, expected: float) -> None:
    assert score(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("acme", 1.0), ("acm3!", 1.0), ("acne", 0.0), ("acmes", 0.0), ("acme help", 1.0)],
)
def test_a_short_brand_must_be_met_exactly(name: str, expected: float) -> None:
    assert score(name, "Acme") == expected


def test_a_brand_within_another_word_is_not_held() -> None:
    assert score("pineapple support", "Apple") == 0.0


def test_gives_the_closest_of_names_and_brands() -> None:
    rows = (("a", 1, "Northwend"), ("a", 2, "acme support"), ("a", 3, "Bob"), ("b", 4, "Bob"))
    assert scored(named(*rows)).drop("window_start", "window_end").rows() == [
        ("a", 1.0, 3, "Acme", 0, START + timedelta(minutes=1), "e0"),
        ("b", 0.0, 1, None, None, None, None),
    ]


def test_equally_close_brands_are_told_by_name() -> None:
    assert scored(named(("a", 1, "northwin")), ["northwine", "northwind"])["brand"].item() == (
        "northwind"
    )


def test_a_genuine_holder_imitates_nobody_but_others() -> None:
    events = named(("a", 1, "Northwind"), ("b", 2, "Northwind"), ("a", 61, "Acme"))
    found = lookalike(
        events, entity="who", name="name", brands=BRANDS, genuine={"Northwind": ["a"]}
    )
    assert found.sort("window_end", "who").select("who", "score").collect().rows() == [
        ("a", 0.0),
        ("b", 1.0),
        ("a", 1.0),
    ]


def test_allowed_names_are_exactly_as_written() -> None:
    events = named(("a", 1, "Acme Brass Band"), ("b", 1, "acme help"), ("c", 1, "Acme Help"))
    found = lookalike(events, entity="who", name="name", brands=["Acme"], allowed=["Acme Help"])
    assert found.sort("who").select("score").collect().to_series().to_list() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("northwind.example", 1.0),
        ("https://user@n0rthwind.co.uk:8080/login?next=1", 1.0),
        ("northwind.com.evil.test", 1.0),
        ("login-northwind.test.", 1.0),
        ("xn--nrthwind-nbh.test", 1.0),
        ("northwinds.test", 0.9),
        ("xn--\udcff.test".encode("utf-8", "replace").decode(), 0.0),
        ("northwind.com", 0.0),
        ("WWW.northwind.com", 0.0),
        ("evilnorthwind.com", 0.0),
        ("northwind", 1.0),
        ("test.northwind", 0.0),
    ],
)
def test_domains_are_compared_by_label_before_the_suffix(host: str, expected: float) -> None:
    events = named(("a", 1, host))
    found = lookalike(
        events,
        entity="who",
        name="name",
        brands=["Northwind"],
        allowed=["Northwind.com"],
        domain=True,
    )
    assert found.collect()["score"].to_list() == [expected]


def test_a_bucket_is_half_open() -> None:
    rows = (("a", 0, "acme"), ("a", 59.99, "Bob"), ("a", 60, "Bob"))
    ends = [START + timedelta(hours=1), START + timedelta(hours=2)]
    assert scored(named(*rows)).select("score", "window_end").rows() == [
        (1.0, ends[0]),
        (0.0, ends[1]),
    ]


def test_without_a_name_there_is_no_score() -> None:
    rows = (("a", 1, None), (None, 2, "acme"), ("b", None, "acme"))
    assert scored(named(*rows)).select("who", "score", "names").rows() == [("a", None, 0)]


def test_nothing_gives_no_rows_and_the_same_columns() -> None:
    schema = scored(named(("a", 1, "acme"))).schema
    for rows in ((), ((None, None, None),)):
        assert scored(named(*rows)).schema == schema
        assert scored(named(*rows)).is_empty()


def test_brands_without_letters_are_refused() -> None:
    for brands in (["Acme", "?"], []):
        with pytest.raises(MonitorError, match="'brands' has"):
            scored(named(), brands)


WORDS = st.text("abc", max_size=6)


@given(names=st.lists(WORDS.filter(bool), min_size=1, max_size=8), word=WORDS)
@settings(max_examples=100, deadline=None)
def test_edits_agree_with_the_recurrence(names: list[str], word: str) -> None:
    expected = [recurrence(name, word) for name in names]
    assert edits(pl.Series(names), word).tolist() == expected


def recurrence(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    least = min(
        recurrence(a[:-1], b) + 1,
        recurrence(a, b[:-1]) + 1,
        recurrence(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    )
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        least = min(least, recurrence(a[:-2], b[:-2]) + 1)
    return least


RANDOM = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]),
        st.sampled_from([0, 59, 60, 61]),
        st.sampled_from(["acme", "Northwend", "Acme help", "Bob", None]),
    ),
    max_size=12,
)


@given(rows=RANDOM, copies=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_copies_of_rows_and_their_order_change_nothing(rows: Sequence[Row], copies: int) -> None:
    events = named(*rows)
    assert_frame_equal(scored(pl.concat([events] * copies).reverse()), scored(events))
