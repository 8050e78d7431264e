from itertools import count

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import Estimate, shown
from orchestration.measurement.precision import least
from orchestration.measurement.rates import (
    clopper_pearson,
    prevalence,
    rogan_gladen,
    share_ends,
    stratified_total,
    total_ends,
    weighted_share,
    weighted_total,
    wilson,
    zero_hits,
)

WORKED = pl.DataFrame(
    {
        "stratum": ["flagged", "high", "low"],
        "size": [1_000, 9_000, 990_000],
        "n": [200, 300, 700],
        "k": [180, 12, 1],
    }
)


def ends(found: Estimate) -> tuple[float, float]:
    assert found.lower is not None
    assert found.upper is not None
    return found.lower, found.upper


def units(*rows: tuple[bool | None, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"value": pl.Boolean, "inclusion_prob": pl.Float64}, orient="row"
    )


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"),
    [(45, 50, 0.7864, 0.9565), (190, 200, 0.9104, 0.9726), (50, 50, 0.9287, 1.0)],
)
def test_wilsons_interval_is_that_of_the_tables(k: int, n: int, lower: float, upper: float) -> None:
    found = wilson(k, n)
    assert ends(found) == pytest.approx((lower, upper), abs=0.00005)
    assert (found.value, found.n, found.method) == (k / n, n, "Wilson")


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"), [(45, 50, 0.7819, 0.9667), (0, 50, 0.0, 0.0711)]
)
def test_the_exact_interval_is_that_of_the_tables(
    k: int, n: int, lower: float, upper: float
) -> None:
    assert ends(clopper_pearson(k, n)) == pytest.approx((lower, upper), abs=0.00005)


@pytest.mark.parametrize(
    ("target", "two_wilson", "two_exact", "one_exact", "one_wilson"),
    [
        (0.80, 16, 17, 14, 11),
        (0.90, 35, 36, 29, 25),
        (0.95, 73, 72, 59, 52),
        (0.99, 381, 368, 299, 268),
    ],
)
def test_so_many_must_all_be_right(
    target: float, two_wilson: int, two_exact: int, one_exact: int, one_wilson: int
) -> None:
    def by_wilson(confidence: float) -> int:
        return next(n for n in count(1) if ends(wilson(n, n, confidence))[0] >= target)

    assert (by_wilson(0.95), by_wilson(0.90)) == (two_wilson, one_wilson)
    assert (least(target, 0.975), least(target)) == (two_exact, one_exact)


def test_no_hits_in_300_are_no_more_than_1_percent() -> None:
    found = zero_hits(300)
    assert found.upper == pytest.approx(0.00994, abs=0.000005)
    assert shown(found) == "no more than 0.99% (95%, n = 300, zero hits, one-sided)"


@given(n=st.integers(1, 500), data=st.data())
def test_the_intervals_are_those_of_scipy(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    exact = binomtest(k, n).proportion_ci(0.95, "exact")
    assert ends(clopper_pearson(k, n)) == pytest.approx((exact.low, exact.high), abs=1e-9)
    score = binomtest(k, n).proportion_ci(0.95, "wilson")
    lower, upper = ends(wilson(k, n))
    if not 1 <= k <= 3:
        assert lower == pytest.approx(score.low, abs=1e-9)
    else:
        assert lower < score.low
    if not 1 <= n - k <= 3:
        assert upper == pytest.approx(score.high, abs=1e-9)


def test_a_share_is_shown_with_its_n_and_interval_or_as_insufficient() -> None:
    assert shown(wilson(45, 50)) == "90.0% (78.6% to 95.7%, 95%, n = 50, Wilson)"
    assert shown(wilson(0, 0)) == "insufficient (n = 0, Wilson)"
    assert shown(wilson(0, 50)).startswith("no more than 7.13%")


@pytest.mark.parametrize("n", [20, 50, 100, 200, 500])
def test_the_intervals_cover_what_they_say_at_every_rate(n: int) -> None:
    seen = np.arange(n + 1)
    of_wilson = np.array([ends(wilson(k, n)) for k in range(n + 1)])
    of_exact = np.array([ends(clopper_pearson(k, n)) for k in range(n + 1)])
    for p in np.linspace(0.001, 0.999, 200):
        chance = binom.pmf(seen, n, p)
        covered = [
            chance[(each[:, 0] <= p) & (p <= each[:, 1])].sum() for each in (of_wilson, of_exact)
        ]
        assert covered[0] > 0.925  # summed exactly; Wilson's own is 0.84 at worst
        assert covered[1] > 0.95 - 1e-9


@pytest.mark.parametrize("p", [0.02, 0.1, 0.3, 0.5, 0.8, 0.95])
def test_wilsons_95_percent_are_93_to_97_in_2000_samples(p: float) -> None:
    intervals = np.array([ends(wilson(k, 200)) for k in range(201)])
    found = intervals[np.random.default_rng(6).binomial(200, p, 2_000)]
    assert 0.93 <= ((found[:, 0] <= p) & (p <= found[:, 1])).mean() <= 0.97


def test_a_unit_weighs_as_many_as_it_stands_for() -> None:
    found = weighted_share(units((True, 1.0), (True, 0.5), (False, 0.1), (False, 0.5)))
    assert found.value == pytest.approx(3 / 15)
    assert found.n == 4


def test_with_equal_chances_the_weighted_share_is_the_exact_one() -> None:
    found = weighted_share(units(*[(True, 0.2)] * 45, *[(False, 0.2)] * 5))
    assert ends(found) == pytest.approx((0.7819, 0.9667), abs=0.00005)


def test_a_unit_that_nobody_judged_is_missing_and_not_negative() -> None:
    judged = [(True, 0.5), (False, 0.5)]
    assert weighted_share(units(*judged, (None, 0.5))) == weighted_share(units(*judged))
    assert weighted_share(units((None, 0.5))).value is None
    with pytest.raises(MeasurementError, match="1 rows without a value"):
        weighted_total(units(*judged, (None, 0.5)))


@pytest.mark.parametrize("pi", [0.0, -0.1, 1.01, float("inf")])
def test_a_chance_that_cannot_be_is_refused(pi: float) -> None:
    for of in (weighted_share, weighted_total):
        with pytest.raises(MeasurementError, match="wanted more than 0 and at most 1"):
            of(units((True, 0.5), (False, pi)))


def test_hits_in_the_small_stratum_alone_do_not_make_the_interval_narrow() -> None:
    # 50 of 5,000 seen without a hit: up to 7 % of these may be positive.
    found = weighted_share(units(*[(True, 1.0)] * 10, *[(False, 0.01)] * 50))
    assert found.value == pytest.approx(10 / 5_010)
    assert ends(found)[1] > 0.07


# Sizes, chances of being drawn, and rates of three strata.
FRAMES = [
    ((300, 3_000, 30_000), (1.0, 0.1, 0.01), (0.9, 0.2, 0.02)),
    ((300, 3_000, 30_000), (1.0, 0.1, 0.01), (0.9, 0.05, 0.0)),
    ((300, 3_000, 30_000), (1.0, 0.1, 0.01), (0.5, 0.3, 0.1)),
    ((2_000, 2_000, 2_000), (0.5, 0.2, 0.1), (0.5, 0.5, 0.5)),
    ((2_000, 2_000, 2_000), (0.5, 0.2, 0.1), (0.01, 0.01, 0.01)),
]


@pytest.mark.parametrize(("size", "chance", "rate"), FRAMES)
def test_weighted_95_percent_are_at_least_93_in_2000_samples(
    size: tuple[int, ...], chance: tuple[float, ...], rate: tuple[float, ...]
) -> None:
    rng = np.random.default_rng(6)
    bad = np.round(np.array(size) * rate).astype(int)
    hits = rng.binomial(bad, chance, (2_000, 3))
    others = rng.binomial(np.array(size) - bad, chance, (2_000, 3))
    truth, share = bad.sum(), bad.sum() / sum(size)
    weight = 1 / np.array(chance)
    drawn = hits + others
    _, low, high, _ = share_ends(
        drawn @ weight, drawn @ weight**2, hits @ weight, hits @ weight**2, 0.05
    )
    assert ((low <= share) & (share <= high)).mean() >= 0.93
    variance = hits @ (weight * (weight - 1))
    most = np.full(2_000, weight.max())
    low, high = total_ends(hits @ weight, variance, hits.sum(axis=1), most, 0.05)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.93


def test_a_total_is_the_sum_of_what_positives_stand_for() -> None:
    found = weighted_total(units((True, 1.0), (True, 0.5), (True, 0.1), (False, 0.1)))
    assert found.value == pytest.approx(13.0)
    assert found.se == pytest.approx((2 + 90) ** 0.5)


def test_a_total_of_no_hits_has_an_upper_end_and_one_of_all_units_is_certain() -> None:
    found = weighted_total(units(*[(False, 0.01)] * 50))
    assert found.value == 0
    assert ends(found) == (0.0, pytest.approx(367, abs=1))  # 0.99 ** 367 is 0.025
    whole = weighted_total(units((True, 1.0), (False, 1.0)))
    assert (whole.value, whole.lower, whole.upper) == (1.0, 1.0, 1.0)


def test_the_worked_total_and_prevalence() -> None:
    total, share = stratified_total(WORKED, seed=6), prevalence(WORKED, seed=6)
    assert total.value == pytest.approx(900 + 360 + 1414.29, abs=0.01)
    assert share.value == pytest.approx(0.00267, abs=0.000005)
    assert share.se == pytest.approx(0.00142, abs=0.000005)
    assert share.n == 1_200
    assert ends(share)[0] < 0.00267 < ends(share)[1]
    assert stratified_total(WORKED, seed=6) == total


def test_the_worked_judge() -> None:
    found = rogan_gladen((120, 1_000), (85, 100), (97, 100), seed=6)
    assert found.value == pytest.approx(0.1098, abs=0.00005)
    assert found.n == 200
    assert ends(found)[0] < 0.1098 < ends(found)[1]


def test_a_judge_no_better_than_chance_or_judged_by_nobody_is_refused() -> None:
    with pytest.raises(MeasurementError, match="no better than chance"):
        rogan_gladen((120, 1_000), (50, 100), (50, 100), seed=6)
    with pytest.raises(MeasurementError, match="is of nothing"):
        rogan_gladen((120, 1_000), (0, 0), (97, 100), seed=6)


@pytest.mark.parametrize("truth", [0.01, 0.05, 0.2, 0.5])
def test_a_judges_95_percent_are_at_least_93_in_2000_samples(truth: float) -> None:
    rng = np.random.default_rng(6)
    of_bad, of_good = rng.binomial(100, 0.85, 2_000), rng.binomial(300, 0.97, 2_000)
    flags = rng.binomial(1_000, truth * 0.85 + (1 - truth) * 0.03, 2_000)
    covered = 0
    counted = zip(flags.tolist(), of_bad.tolist(), of_good.tolist(), strict=True)
    for k, bad, good in counted:
        lower, upper = ends(rogan_gladen((k, 1_000), (bad, 100), (good, 300), seed=k, draws=500))
        covered += lower <= truth <= upper
    assert covered >= 0.93 * 2_000


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_counts_that_cannot_be_are_refused(k: int, n: int) -> None:
    for of in (wilson, clopper_pearson):
        with pytest.raises(MeasurementError, match="wanted 0 <= part <= all"):
            of(k, n)
    with pytest.raises(MeasurementError, match="wanted a number between 0 and 1"):
        wilson(1, 1, 95.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": [0, 300, 700], "k": [0, 12, 1]}, "Nobody looked into the stratum flagged"),
        ({"k": [201, 12, 1]}, "wanted 0 <= k <= n <= size"),
        ({"n": [1_001, 300, 700]}, "wanted 0 <= k <= n <= size"),
        ({"stratum": ["low", "high", "low"]}, "The stratum low is given twice"),
        ({"k": [None, 12, 1]}, "1 rows without a k"),
        ({"n": [1.5, 300.0, 700.0]}, "wanted whole numbers"),
        ({"size": [0, 0, 0], "n": [0, 0, 0], "k": [0, 0, 0]}, "have no units"),
    ],
)
def test_strata_that_cannot_be_are_refused(changed: dict[str, list[int]], message: str) -> None:
    with pytest.raises(MeasurementError, match=message):
        prevalence(WORKED.with_columns(pl.Series(name, of) for name, of in changed.items()), seed=6)


def test_a_stratum_without_units_counts_nothing() -> None:
    empty = pl.DataFrame({"stratum": ["none"], "size": [0], "n": [0], "k": [0]})
    with_empty = stratified_total(pl.concat([WORKED, empty]), seed=6)
    assert with_empty.value == pytest.approx(2674.29, abs=0.01)


def test_a_frame_without_the_columns_is_refused_by_name() -> None:
    with pytest.raises(MeasurementError, match="inclusion_prob missing"):
        weighted_share(pl.DataFrame({"value": [True]}))
