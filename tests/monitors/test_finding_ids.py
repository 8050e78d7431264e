from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from monitors.finding_ids import finding_id, microseconds, with_draw

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
END = START + timedelta(hours=1)


def identity(
    monitor: str = "web/scraping",
    version: int = 1,
    entity_type: str = "ip",
    entity: str = "192.0.2.7",
    subkey: str | None = None,
) -> str:
    return finding_id(
        monitor, version, entity_type, entity, window_start=START, window_end=END, subkey=subkey
    )


def test_a_finding_has_this_id_for_ever() -> None:
    assert identity() == "4ec4b5db763937a1a8368c6ef9c4ba18fad78ab50217a96ed81d4179cd25d739"


def test_every_part_of_the_identity_counts() -> None:
    ids = {
        identity(),
        identity(monitor="web/scrapings"),
        identity(version=2),
        identity(entity_type="key_id"),
        identity(entity="192.0.2.8"),
        identity(subkey=""),
        identity(subkey="a"),
    }
    assert len(ids) == 7


def test_parts_cannot_run_into_one_another() -> None:
    assert identity(entity_type="ab", entity="c") != identity(entity_type="a", entity="bc")


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_microseconds_are_exact(naive: datetime) -> None:
    time = naive.replace(tzinfo=UTC)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(time)) == time


def draws(entities: list[str], end: datetime = END, seed: str = "a") -> list[float]:
    rows = pl.LazyFrame({"entity": entities, "window_end": [end] * len(entities)})
    return with_draw(rows, seed=seed).collect()["draw"].to_list()


def test_a_draw_is_that_of_seed_entity_and_window_end() -> None:
    [drawn] = draws(["account-7"])
    assert draws(["account-7"]) == [drawn]
    assert draws(["account-8"]) != [drawn]
    assert draws(["account-7"], END + timedelta(hours=1)) != [drawn]
    assert draws(["account-7"], seed="b") != [drawn]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_a_draw_lies_in_zero_to_one_whatever_the_entity_and_its_neighbours(
    texts: list[str],
) -> None:
    together = draws(texts)
    assert all(0 <= drawn < 1 for drawn in together)
    assert together == [draws([text])[0] for text in texts]


def test_draws_of_counted_up_names_are_uniform() -> None:
    drawn = pl.Series(draws([f"account-{i:05}" for i in range(20_000)]))
    tenths = (drawn * 10).cast(pl.Int64).value_counts()["count"]
    assert tenths.min() > 1850  # 2000 expected; 3.5 standard deviations of 42.4
    assert tenths.max() < 2150


def test_draws_of_one_entity_over_hours_are_uniform() -> None:
    ends = [START + timedelta(hours=i) for i in range(20_000)]
    rows = pl.LazyFrame({"entity": ["a"] * 20_000, "window_end": ends})
    drawn = with_draw(rows, seed="a").collect()["draw"]
    tenths = (drawn * 10).cast(pl.Int64).value_counts()["count"]
    assert tenths.len() == 10
    assert tenths.min() > 1850
    assert tenths.max() < 2150


def test_an_unsigned_integer_entity_is_drawn_too() -> None:
    entities = pl.Series([1, 2, 3], dtype=pl.UInt32)
    rows = pl.LazyFrame({"entity": entities, "window_end": [END] * 3})
    assert with_draw(rows, seed="a").collect()["draw"].n_unique() == 3
