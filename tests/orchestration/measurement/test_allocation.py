import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.measurement.allocation import allocate
from orchestration.measurement.errors import MeasurementError


def strata(*rows: tuple[int, float | None]) -> pl.DataFrame:
    named = [(f"s{n}", size, rate) for n, (size, rate) in enumerate(rows)]
    return pl.DataFrame(named, schema=["stratum", "size", "rate"], orient="row")


def test_a_stratum_gets_in_proportion_to_its_size_and_spread() -> None:
    # 1,000 x 0.5 and 3,000 x 0.3 pull as 5 to 9.
    found = allocate(strata((1_000, 0.5), (3_000, 0.1)), 500, floor=10, uniform=0.44)
    assert found["targeted"].to_list() == [100, 180]
    assert found["uniform_prob"].to_list() == [220 / 4_000] * 2
    assert found["inclusion_prob"].to_list() == pytest.approx([1 - 0.945 * 0.9, 1 - 0.945 * 0.94])


def test_a_small_or_sure_stratum_still_gets_the_floor_or_all_it_has() -> None:
    found = allocate(strata((10, 0.5), (1_000, 0.0), (90_000, 0.01)), 1_000)
    assert found["targeted"].to_list() == [10, 30, 860]


def test_an_unknown_rate_asks_for_most() -> None:
    found = allocate(strata((1_000, None), (1_000, 0.5), (1_000, 0.1)), 867)
    assert found["targeted"].to_list() == [300, 300, 180]


def test_with_as_many_judgements_as_units_all_are_drawn() -> None:
    found = allocate(strata((40, 0.1), (60, 0.5), (0, None)), 200)
    assert found["targeted"].to_list() == [40, 60, 0]
    assert found["inclusion_prob"].to_list() == [1.0, 1.0, None]


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 100_000), st.none() | st.floats(0, 1)), min_size=1, max_size=6
    ),
    total=st.integers(200, 5_000),
)
def test_all_is_spent_and_nothing_goes_unseen(
    rows: list[tuple[int, float | None]], total: int
) -> None:
    found = allocate(strata(*rows), total, floor=25)
    size = [size for size, _ in rows]
    assert all(min(25, n) <= k <= n for n, k in zip(size, found["targeted"], strict=True))
    assert all(0 < chance <= 1 for chance in found["inclusion_prob"])
    assert all(chance > 0 for chance in found["uniform_prob"])
    spent = found["targeted"].sum()
    assert spent == (
        sum(size) if total >= sum(size) else min(total - round(total * 0.1), sum(size))
    )


@pytest.mark.parametrize(
    ("rows", "total", "message"),
    [
        ([(1_000, 0.5)] * 4, 100, "Plan for 130"),
        ([(0, 0.5)], 100, "have no units"),
        ([(1_000, 1.5)], 100, "not in 0 to 1"),
        ([(1_000, 0.5)], 0, "at least one judgement"),
    ],
)
def test_plans_that_cannot_be_are_refused(
    rows: list[tuple[int, float | None]], total: int, message: str
) -> None:
    with pytest.raises(MeasurementError, match=message):
        allocate(strata(*rows), total)
    with pytest.raises(MeasurementError, match="uniform 0 were given"):
        allocate(strata((1_000, 0.5)), 100, uniform=0)
