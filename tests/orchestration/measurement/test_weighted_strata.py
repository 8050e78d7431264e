import numpy as np
import polars as pl
import pytest

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.weighted_strata import counted, joined, thin, whole

STRATA = pl.DataFrame(
    {
        "stratum": ["flagged", "near", "bulk"],
        "flagged": [True, False, False],
        "size": [1_000, 9_000, 990_000],
    }
)


def units(stratum: str, k: int, n: int, pi: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"stratum": [stratum] * n, "value": [True] * k + [False] * (n - k), "inclusion_prob": pi}
    )


WORKED = pl.concat(
    [
        units("flagged", 180, 200, 0.2),
        units("near", 12, 300, 1 / 30),
        units("bulk", 1, 700, 7 / 9900),
    ]
)


def test_equal_chances_give_the_worked_example_of_the_specification() -> None:
    found = counted(STRATA, WORKED)
    assert found.select("judged", "positive", "n", "k").rows() == [
        (200, 180, 200.0, 180.0),
        (300, 12, 300.0, 12.0),
        (700, 1, 700.0, 1.0),
    ]
    made = whole(found, seed=6)
    assert made.recall.value == pytest.approx(0.3365, abs=0.0001)
    assert made.recall.lower == pytest.approx(0.114, abs=0.01)
    assert made.recall.upper == pytest.approx(0.639, abs=0.01)
    assert made.total.value == pytest.approx(2674.29, abs=0.01)
    assert made.prevalence.value == pytest.approx(0.00267, abs=0.00001)
    assert made.recall.n == made.total.n == 1200
    assert made.strata["variance_share"].to_list()[2] > 0.9


def test_unequal_chances_weigh_and_count_for_fewer_units() -> None:
    mixed = pl.concat([units("bulk", 10, 20, 1.0), units("bulk", 0, 20, 0.1)])
    found = counted(STRATA.filter(stratum="bulk"), mixed).row(0, named=True)
    assert (found["judged"], found["positive"]) == (40, 10)
    assert found["k"] / found["n"] == pytest.approx(10 / 220)
    assert found["n"] <= 220**2 / (20 + 20 * 100)


def test_who_nobody_judged_is_missing_and_not_negative() -> None:
    silent = units("near", 0, 50, 1 / 30).with_columns(value=pl.lit(None, pl.Boolean))
    assert counted(STRATA, pl.concat([WORKED, silent])).equals(counted(STRATA, WORKED))
    nobody = counted(STRATA.filter(stratum="near"), silent)
    assert nobody.select("judged", "n", "k").row(0) == (0, 0.0, 0.0)


def test_a_stratum_is_thin_unless_so_many_or_all_of_it_were_judged() -> None:
    small = pl.DataFrame({"stratum": ["flagged"], "flagged": [True], "size": [3]})
    assert thin(counted(small, units("flagged", 1, 3, 1.0)), 14) == []
    assert thin(counted(small, units("flagged", 1, 2, 1.0)), 14) == [("flagged", 2, 3)]
    assert thin(counted(STRATA, WORKED), 701) == [
        ("flagged", 200, 701),
        ("near", 300, 701),
        ("bulk", 700, 701),
    ]


def test_strata_of_several_plans_add_up() -> None:
    day = pl.DataFrame({"stratum": ["near", "bulk"], "size": [5, 100], "drawn": [2, 3]})
    assert joined([day, day]).rows() == [("bulk", 200, 6), ("near", 10, 4)]
    assert joined([day.clear()]).rows() == []


def test_a_probability_of_nothing_is_refused() -> None:
    with pytest.raises(MeasurementError, match="inclusion probability"):
        counted(STRATA, units("near", 1, 2, 0.0))


def test_intervals_of_unequal_days_cover_at_least_93_percent() -> None:
    sizes, shares = {"flagged": 800, "near": 4_000}, {"flagged": 0.8, "near": 0.06}
    true = 800 * 0.8 / (800 * 0.8 + 4_000 * 0.06)
    strata = STRATA.filter(pl.col("stratum").is_in(list(sizes)))
    strata = strata.with_columns(size=pl.Series([800, 4_000]))
    rng, covered = np.random.default_rng(6), 0
    for _ in range(300):
        drawn = []
        for name in sizes:
            for pi, n in ((0.1, 40), (0.02, 30)):
                k = int(rng.binomial(n, shares[name]))
                drawn.append(units(name, k, n, pi))
        found = whole(counted(strata, pl.concat(drawn)), seed=6).recall
        assert found.lower is not None
        assert found.upper is not None
        covered += found.lower <= true <= found.upper
    assert covered / 300 >= 0.93
