from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors._centroids import centroids
from monitors.detectors.impossible_travel import impossible_travel
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {
    "who": pl.String,
    "occurred_at": TIME,
    "country": pl.String,
    "north": pl.Float64,
    "east": pl.Float64,
}
DEGREE = 111.19508023353  # km of a degree of a great circle, 2 pi 6371.0088 / 360
# Countries on the equator, at degrees 0, 10 and 40 east.
EQUATOR = pl.LazyFrame(
    {
        "country": ["AA", "BB", "CC"],
        "latitude": [0.0] * 3,
        "longitude": [0.0, 10.0, 40.0],
        "reach_km": [100.0, 200.0, 0.0],
    }
)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def trips(*rows: tuple[str, str | None], who: str | None = "a") -> pl.LazyFrame:
    located = [(who, at(clock), country, None, None) for clock, country in rows]
    return pl.LazyFrame(located, schema=SCHEMA, orient="row")


def spots(*rows: tuple[str, float | None, float | None]) -> pl.LazyFrame:
    located = [("a", at(clock), "DE", north, east) for clock, north, east in rows]
    return pl.LazyFrame(located, schema=SCHEMA, orient="row")


def found(
    rows: pl.LazyFrame, *, minimum_km: float = 500.0, window: timedelta = timedelta(days=1)
) -> pl.DataFrame:
    scores = impossible_travel(
        rows, entity="who", places=EQUATOR, minimum_km=minimum_km, window=window
    )
    return scores.sort("window_end").collect(engine="streaming")


def by_spot(rows: pl.LazyFrame) -> list[float | None]:
    scores = impossible_travel(rows, entity="who", coordinates=("north", "east"))
    return scores.sort("window_end").collect(engine="streaming")["score"].to_list()


def test_is_the_speed_between_two_countries_less_their_reach() -> None:
    (row,) = found(trips(("10:00", "AA"), ("10:30", "BB"))).rows(named=True)
    km = 10 * DEGREE - 300
    assert row["score"] == pytest.approx(2 * km)
    assert (row["km"], row["minutes"], row["compared"]) == (pytest.approx(km), 30.0, 1)
    assert (row["from_country"], row["to_country"]) == ("AA", "BB")
    assert (row["moved_at"], row["window_start"], row["window_end"]) == (
        at("10:30"),
        at("10:00") - timedelta(days=1),
        at("11:00"),
    )


def test_is_the_speed_between_coordinates() -> None:
    assert by_spot(spots(("10:00", 0, 0), ("10:30", 0, 90))) == [pytest.approx(180 * DEGREE)]
    assert by_spot(spots(("10:00", 0, 179), ("10:30", 0, -171))) == [pytest.approx(20 * DEGREE)]
    assert by_spot(spots(("10:00", 90, 12), ("11:00", -90, 5))) == [
        None,
        pytest.approx(180 * DEGREE),
    ]


def test_berlin_to_sydney_is_sixteen_thousand_kilometres() -> None:
    (speed,) = by_spot(spots(("10:00", 52.52, 13.405), ("10:59", -33.8688, 151.2093)))
    assert speed == pytest.approx(16_094 * 60 / 59, rel=0.005)


def test_the_fastest_move_of_the_cell_counts() -> None:
    rows = trips(("10:00", "AA"), ("10:30", "CC"), ("10:40", "AA"), ("10:59", "AA"))
    (row,) = found(rows).rows(named=True)
    assert row["score"] == pytest.approx(6 * (40 * DEGREE - 100))
    assert (row["moved_at"], row["compared"]) == (at("10:40"), 3)


def test_of_equally_fast_moves_the_earliest_is_shown() -> None:
    rows = trips(("10:00", "AA"), ("10:10", "CC"), ("10:20", "AA"))
    assert found(rows)["moved_at"].to_list() == [at("10:10")]


def test_short_moves_have_no_speed() -> None:
    rows = trips(("10:00", "AA"), ("10:30", "BB"))
    assert found(rows, minimum_km=900.0).row(0)[1] == 0.0
    assert found(rows, minimum_km=900.0)["km"].to_list() == [None]


def test_a_gap_under_the_minimum_counts_as_the_minimum() -> None:
    (row,) = found(trips(("10:00", "AA"), ("10:00", "CC"))).rows(named=True)
    assert row["score"] == pytest.approx(60 * (40 * DEGREE - 100))
    assert row["minutes"] == 0.0


def test_unknown_places_are_passed_over() -> None:
    rows = trips(("10:00", "AA"), ("10:10", None), ("10:20", "??"), ("10:30", "CC"))
    assert found(rows)["score"].to_list() == [pytest.approx(2 * (40 * DEGREE - 100))]
    assert by_spot(spots(("10:00", 0, 0), ("10:10", None, 5), ("10:30", 0, 9))) == [
        pytest.approx(18 * DEGREE)
    ]


def test_without_a_known_predecessor_there_is_no_score() -> None:
    assert found(trips(("10:00", None), ("10:30", "AA")))["score"].to_list() == [None]
    assert found(trips(("10:00", None)))["score"].to_list() == [None]


def test_the_window_is_inclusive_and_a_move_belongs_to_its_later_cell() -> None:
    rows = trips(("10:00", "AA"), ("12:00", "CC"))
    km = 40 * DEGREE - 100
    assert found(rows, window=timedelta(hours=2))["score"].to_list() == [
        None,
        pytest.approx(km / 2),
    ]
    assert found(rows, window=timedelta(minutes=119))["score"].to_list() == [None, None]


def test_an_event_given_twice_is_a_pair_that_did_not_move() -> None:
    rows = trips(("10:00", "AA"), ("10:00", "AA"))
    assert found(rows).select("score", "compared").rows() == [(0.0, 1)]


def test_no_rows_and_rows_without_entity_are_no_rows() -> None:
    assert found(trips()).rows() == []
    assert found(trips(("10:00", "AA"), who=None)).rows() == []


def test_neither_country_nor_coordinates_is_refused() -> None:
    with pytest.raises(MonitorError, match="Neither 'coordinates' nor 'country'"):
        impossible_travel(trips(), entity="who", country=None)


def test_without_a_country_column_the_evidence_names_none() -> None:
    rows = spots(("10:00", 0, 0), ("10:30", 0, 90)).drop("country")
    scores = impossible_travel(
        rows, entity="who", country=None, coordinates=("north", "east")
    ).collect()
    assert scores.select("from_country", "to_country").rows() == [(None, None)]


def test_the_shipped_table_has_every_country_once_and_in_its_bounds() -> None:
    table = centroids().collect()
    assert table.height == 250
    assert table["country"].is_unique().all()
    assert table["country"].str.contains("^[A-Z]{2}$").all()
    assert table["latitude"].is_between(-90, 90).all()
    assert table["longitude"].is_between(-180, 180).all()
    assert table["reach_km"].is_between(10, 4700).all()


@pytest.mark.parametrize("pair", ["DE FR", "US CA", "RU FI", "RU UA", "CN IN", "BR AR", "NO SE"])
def test_neighbours_do_not_fire(pair: str) -> None:
    here, there = pair.split()
    rows = trips(("10:00", here), ("10:01", there))
    assert impossible_travel(rows, entity="who").collect()["score"].to_list() == [0.0]


@pytest.mark.parametrize("pair", ["DE US", "BR DE", "NG US", "AU GB", "VN PL", "RU US", "CA FR"])
def test_ten_minutes_between_continents_are_impossible(pair: str) -> None:
    here, there = pair.split()
    rows = trips(("10:00", here), ("10:10", there))
    assert impossible_travel(rows, entity="who").collect()["score"][0] > 5_000


@given(
    log=st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["AA", "BB", "CC"])), max_size=20),
    hours=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_later_rows_change_no_earlier_score(log: list[tuple[int, str]], hours: int) -> None:
    start = at("10:00")
    rows = trips(*((f"{10 + minute // 60}:{minute % 60:02}", country) for minute, country in log))
    edge = start + timedelta(hours=hours)
    before = found(rows.filter(pl.col("occurred_at") < edge))
    assert_frame_equal(found(rows).filter(pl.col("window_end") <= edge), before)
