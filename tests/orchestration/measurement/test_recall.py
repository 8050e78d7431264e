import numpy as np
import polars as pl
import pytest

from orchestration.measurement import simulation
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.recall import interval, recall

WORKED = pl.DataFrame(
    {
        "stratum": ["flagged", "high", "low"],
        "flagged": [True, False, False],
        "size": [1_000, 9_000, 990_000],
        "n": [200, 300, 700],
        "k": [180, 12, 1],
    }
)
FLAGGED = np.array([True, False, False])


def test_the_worked_recall() -> None:
    found = recall(WORKED, seed=6, draws=1_000_000)
    assert found.strata["total"].to_list() == pytest.approx([900, 360, 1414.29], abs=0.01)
    assert found.recall.value == pytest.approx(0.3365, abs=0.00005)
    assert found.recall.se == pytest.approx(0.178, abs=0.0005)
    assert found.recall.lower == pytest.approx(0.114, abs=0.0005)
    assert found.recall.upper == pytest.approx(0.639, abs=0.0005)
    assert found.recall.n == 1_200
    assert found.recall.method == "stratified, Jeffreys-Beta simulation"


def test_one_hit_in_the_large_stratum_is_nearly_all_of_the_uncertainty() -> None:
    shares = recall(WORKED, seed=6).strata["variance_share"]
    assert shares.sum() == pytest.approx(1)
    assert shares[2] > 0.99


def test_a_large_stratum_without_a_hit_is_not_certain() -> None:
    found = recall(WORKED.with_columns(k=pl.Series([180, 12, 0])), seed=6)
    assert found.strata["variance_share"][2] > 0.9
    assert found.recall.value == pytest.approx(900 / 1260)
    assert found.recall.lower is not None
    assert found.recall.lower < 0.2  # 0 of 700 may be 3,600 of 990,000


def test_the_same_seed_gives_the_same_and_another_nearly_so() -> None:
    one, other = recall(WORKED, seed=6).recall, recall(WORKED, seed=7).recall
    assert recall(WORKED, seed=6).recall == one
    assert other != one
    assert other.lower == pytest.approx(one.lower, abs=0.01)


def test_strata_judged_wholly_leave_nothing_open() -> None:
    whole = WORKED.with_columns(n=pl.col("size"))
    found = recall(whole, seed=6).recall
    assert found.lower == found.value == found.upper == pytest.approx(180 / 193)


def test_without_a_positive_recall_is_not_known() -> None:
    found = recall(WORKED.with_columns(k=pl.lit(0)), seed=6).recall
    assert (found.value, found.lower, found.upper, found.n) == (None, None, None, 1_200)


@pytest.mark.parametrize(("flagged", "which"), [(True, "All"), (False, "None")])
def test_one_side_alone_is_refused(flagged: bool, which: str) -> None:  # noqa: FBT001
    with pytest.raises(MeasurementError, match=f"{which} of the strata are flagged"):
        recall(WORKED.with_columns(flagged=pl.lit(flagged)), seed=6)


def test_a_stratum_nobody_looked_into_is_refused() -> None:
    with pytest.raises(MeasurementError, match="Nobody looked into the stratum high"):
        recall(WORKED.with_columns(n=pl.Series([200, 0, 700]), k=pl.Series([180, 0, 1])), seed=6)


LARGE = ((1_000, 9_000, 990_000), (200, 300, 700))
SMALL = ((1_000, 9_000, 90_000), (200, 300, 300))


@pytest.mark.parametrize(
    ("frame", "rates"),
    [
        (LARGE, (0.9, 0.04, 2e-5)),
        (LARGE, (0.9, 0.04, 2e-4)),
        (LARGE, (0.9, 0.04, 2e-3)),
        (LARGE, (0.9, 0.04, 4e-3)),
        (LARGE, (0.9, 0.04, 2e-2)),
        (SMALL, (0.7, 0.005, 0.0)),
        (SMALL, (0.7, 0.005, 1e-3)),
        (SMALL, (0.7, 0.005, 1e-2)),
        (SMALL, (0.95, 0.02, 3e-2)),
    ],
)
def test_95_percent_cover_93_to_97_in_2000_samples(
    frame: tuple[tuple[int, ...], tuple[int, ...]], rates: tuple[float, ...]
) -> None:
    size, n = (np.array(part) for part in frame)
    bad = np.round(size * rates).astype(np.int64)
    truth = bad[0] / bad.sum()
    rng = np.random.default_rng(6)
    k, times = np.unique(
        rng.hypergeometric(bad, size - bad, n, (2_000, 3)), axis=0, return_counts=True
    )
    low, high = simulation.totals(size, n, k, 500, rng)
    lower, upper = interval(low, high, FLAGGED, 0.05)
    covered = times[(lower <= truth) & (truth <= upper)].sum() / 2_000
    assert 0.93 <= covered <= 0.98


def test_intervals_of_the_delta_method_would_miss_a_third() -> None:
    size, n = (np.array(part) for part in LARGE)
    bad = np.array([900, 360, 198])  # recall 0.617
    k = np.random.default_rng(6).hypergeometric(bad, size - bad, n, (2_000, 3))
    assert (k[:, 2] == 0).mean() == pytest.approx(0.86, abs=0.02)
    each = size * k / n
    caught, missed, whole = each[:, 0], each[:, 1:].sum(axis=1), each.sum(axis=1)
    spread = np.stack([simulation.variances(size, n, row) for row in k])
    se = np.sqrt((missed**2 * spread[:, 0] + caught**2 * spread[:, 1:].sum(axis=1)) / whole**4)
    assert (np.abs(caught / whole - 0.617) <= 1.96 * se).mean() < 0.70
