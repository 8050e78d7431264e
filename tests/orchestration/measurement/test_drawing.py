import random
from collections import Counter
from collections.abc import Iterator
from math import ceil, floor
from statistics import fmean, stdev

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.measurement.drawing import BUDGET, FLOOR, chances, draw_units
from orchestration.measurement.errors import MeasurementError

SIZES = {"flagged": 12, "near": 40, "bulk": 400, "null": 60}
KEPT = {"flagged": 1.0, "near": 1.0, "bulk": 0.25, "null": 0.25}
RATES = {"flagged": 0.7, "near": 0.3, "bulk": 0.05, "null": 0.05}
# Of 2,000 draws a share differs from its probability by more than four standard errors in one of
# 16,000, by more than five in one of 1.7 million: that is for each of the 512 units by itself.
SEEDS, ERRORS, EACH = 2000, 4, 5


def strata(sizes: dict[str, int] = SIZES, **changed: float) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, n, RATES[name], changed.get(name, KEPT[name])) for name, n in sizes.items()],
        schema={
            "stratum": pl.String,
            "size": pl.Int64,
            "rate": pl.Float64,
            "kept_prob": pl.Float64,
        },
        orient="row",
    )


def population(sizes: dict[str, int] = SIZES) -> pl.DataFrame:
    rows = [(f"{name}-{i}", name, KEPT[name]) for name, n in sizes.items() for i in range(n)]
    schema = {"unit": pl.String, "stratum": pl.String, "kept_prob": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def probabilities(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.select("stratum", "inclusion_prob").iter_rows())


def draws(budget: int) -> Iterator[tuple[pl.DataFrame, dict[str, float]]]:
    """Draws of the population after each unit was kept or not, both by chance."""
    whole, found = population(), chances(strata(), budget)
    rng = random.Random(7)  # noqa: S311 - a simulation
    for seed in range(SEEDS):
        kept = whole.filter(
            pl.Series([rng.random() < prob for prob in whole["kept_prob"]], dtype=pl.Boolean)
        )
        yield draw_units(kept, found, seed=f"seed {seed}"), probabilities(found)


def test_units_are_drawn_as_often_as_their_recorded_probability_says() -> None:
    counted: Counter[str] = Counter()
    for drawn, recorded in draws(budget=40):
        found = dict(drawn.select("stratum", "inclusion_prob").iter_rows())
        assert found.items() <= recorded.items()
        counted.update(drawn["unit"])
    for unit, name, _ in population().iter_rows():
        chance = recorded[name]
        error = (chance * (1 - chance) / SEEDS) ** 0.5
        assert counted[unit] / SEEDS == pytest.approx(chance, abs=EACH * error)
    for name, size in SIZES.items():
        chance, n = recorded[name], SEEDS * size
        error = (chance * (1 - chance) / n) ** 0.5
        of_all = sum(counted[f"{name}-{i}"] for i in range(size)) / n
        assert of_all == pytest.approx(chance, abs=ERRORS * error)


def test_the_weighted_mean_of_the_drawn_is_unbiased() -> None:
    # Every fourth unit of the rare strata is bad, and most of the flagged.
    bad = {
        f"{name}-{i}": (i % 4 != 0) if name == "flagged" else i % 4 == 0
        for name, n in SIZES.items()
        for i in range(n)
    }
    truth = sum(bad.values()) / len(bad)
    means: list[float] = []
    for drawn, _ in draws(budget=40):
        weights = [1 / chance for chance in drawn["inclusion_prob"]]
        hits = sum(w for w, unit in zip(weights, drawn["unit"], strict=True) if bad[unit])
        means.append(hits / sum(weights))
    error = stdev(means) / len(means) ** 0.5
    # A ratio of sums is biased by the order of 1 / n, which is less than its error here.
    assert fmean(means) == pytest.approx(truth, abs=ERRORS * error)


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(range(60)), again=st.lists(st.integers(0, 59), max_size=20))
def test_neither_order_nor_repetition_matters(order: list[int], again: list[int]) -> None:
    units = population({"flagged": 20, "near": 40})
    found = chances(strata({"flagged": 20, "near": 40}), 20)
    moved = units[[*order, *again]]
    assert draw_units(moved, found, seed="s").equals(draw_units(units, found, seed="s"))


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    found = chances(strata(), 40)
    one, same, other = (draw_units(population(), found, seed=s) for s in ("a", "a", "b"))
    assert one.equals(same)
    assert set(one["unit"]) != set(other["unit"])


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.fixed_dictionaries({name: st.integers(0, 60) for name in SIZES}),
    budget=st.integers(BUDGET, 60),
    seed=st.text(min_size=1, max_size=5),
)
def test_as_many_are_drawn_as_the_probability_says_and_no_floor_is_missed(
    sizes: dict[str, int], budget: int, seed: str
) -> None:
    found = chances(strata(sizes, bulk=1.0, null=1.0), budget)
    units = population(sizes).with_columns(kept_prob=pl.lit(1.0))
    drawn = dict(draw_units(units, found, seed=seed).group_by("stratum").len().iter_rows())
    for name, size in sizes.items():
        exact = size * (probabilities(found)[name] or 0)
        assert floor(exact + 1e-6) <= drawn.get(name, 0) <= ceil(exact + 1e-6)
        assert drawn.get(name, 0) >= min(size, FLOOR)


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.fixed_dictionaries({name: st.integers(0, 10_000) for name in SIZES}),
    budget=st.integers(BUDGET, 500),
    rate=st.floats(0.001, 1),
)
def test_every_unit_can_be_drawn_and_none_more_often_than_it_is_kept(
    sizes: dict[str, int], budget: int, rate: float
) -> None:
    found = chances(strata(sizes, bulk=rate, null=rate), budget)
    whole = sum(sizes.values())
    even = min(1.0, max(1, round(budget * 0.1)) / whole) if whole else 0.0
    for name, size, _, kept, chance in found.iter_rows():
        assert (chance is None) == (size == 0), name
        if chance is not None:
            assert min(kept, even) <= chance + 1e-12
            assert 0 < chance <= kept
    asked = sum(size * (chance or 0) for _, size, _, _, chance in found.iter_rows())
    assert asked <= budget + 1e-6


def test_a_small_day_is_drawn_wholly_as_far_as_it_was_kept() -> None:
    few = {"flagged": 3, "near": 0, "bulk": 5, "null": 0}
    found = chances(strata(few, bulk=1.0), 12)
    assert probabilities(found) == {"flagged": 1.0, "near": None, "bulk": 1.0, "null": None}
    units = population(few).with_columns(kept_prob=pl.lit(1.0))
    assert draw_units(units, found, seed="s").height == 8


def test_a_day_without_units_has_no_chances() -> None:
    found = chances(strata(dict.fromkeys(SIZES, 0)), 12)
    assert set(probabilities(found).values()) == {None}
    assert draw_units(population().clear(), found, seed="s").height == 0


def test_a_part_that_was_kept_more_often_is_drawn_from_less_often() -> None:
    size = 4000
    found = chances(strata({"flagged": 0, "near": 0, "bulk": size, "null": 0}, bulk=0.5), 400)
    rows = [(f"u{i}", "bulk", 1.0 if i % 2 else 0.5) for i in range(size)]
    schema = {"unit": pl.String, "stratum": pl.String, "kept_prob": pl.Float64}
    drawn = draw_units(pl.DataFrame(rows, schema=schema, orient="row"), found, seed="s")
    odd = drawn.filter(pl.col("unit").str.contains("[13579]$")).height
    assert 150 < odd < 250  # 200: of 2,000 with a chance of 0.1
    assert 330 < drawn.height - odd < 470  # 400: these were kept in half of all cases only


@pytest.mark.parametrize("kept", [0.0, 1.5, -0.1])
def test_what_is_never_kept_is_refused(kept: float) -> None:
    with pytest.raises(MeasurementError, match=r"stratum bulk is kept with probability .*\(0, 1\]"):
        chances(strata(bulk=kept), 12)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([("u", "near", 1.0), ("u", "flagged", 1.0)], "A unit is in two strata"),
        ([("u", "bulk", 0.25), ("u", "bulk", 0.5)], "or kept with two probabilities"),
        ([("u", "odd", 1.0)], "1 units of the stratum odd were kept of 0"),
        ([(f"u{i}", "flagged", 1.0) for i in range(13)], "13 units of .* were kept of 12"),
        ([("u", "near", 0.5)], "of the stratum near was kept with 0.5, and the stratum says 1.0"),
    ],
)
def test_units_that_cannot_be_are_refused(rows: list[tuple[str, str, float]], wanted: str) -> None:
    units = pl.DataFrame(rows, schema=["unit", "stratum", "kept_prob"], orient="row")
    with pytest.raises(MeasurementError, match=wanted):
        draw_units(units, chances(strata(), 12), seed="s")


def test_a_budget_under_the_floors_and_an_empty_seed_are_refused() -> None:
    with pytest.raises(MeasurementError, match="The floors need 8 judgements"):
        chances(strata(), 8)
    with pytest.raises(MeasurementError, match="seed of the draw is empty"):
        draw_units(population(), chances(strata(), 12), seed="")
