import numpy as np
import polars as pl
import pytest

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.proposal import Proposal, propose


def ladder(n: int, *, weight: float = 1.0, stratum: str = "flagged", base: int = 0) -> pl.DataFrame:
    """n units at each score 1 to 5; of a score s so many in five are bad as s says."""
    rows = [
        (float(base + score), place < n * score / 5, weight, stratum)
        for score in range(1, 6)
        for place in range(n)
    ]
    return pl.DataFrame(rows, schema=["score", "value", "weight", "stratum"], orient="row")


def row(found: Proposal, threshold: float) -> dict[str, object]:
    return found.curve.row(by_predicate=pl.col("threshold") == threshold, named=True)


def test_the_least_threshold_whose_lower_bound_is_over_the_line_is_proposed() -> None:
    found = propose(ladder(100), wanted=0.85, days=10)
    assert found.threshold == 4.0
    assert found.why == "from 4 on the precision is at least 85%, 95 % one-sided"
    at = row(found, 4.0)
    assert at["precision"] == pytest.approx(0.9)
    assert at["precision_lower"] == pytest.approx(0.8579, abs=0.0005)  # of 180 in 200
    assert at["recall"] == pytest.approx(180 / 300)
    assert at["flagged_a_day"] == pytest.approx(20)
    assert (at["n"], at["state"]) == (200, "measured")


def test_recall_falls_and_its_interval_holds_it_as_the_threshold_rises() -> None:
    curve = propose(ladder(40), wanted=0.5, days=1).curve.drop_nulls("recall")
    assert curve["recall"].is_sorted(descending=True)
    assert curve["flagged_a_day"].is_sorted(descending=True)
    assert (curve["recall_lower"] <= curve["recall"]).all()
    assert (curve["recall"] <= curve["recall_upper"]).all()


def test_units_weigh_by_their_chance_and_strata_by_their_size() -> None:
    units = pl.concat([ladder(40, base=5), ladder(40, weight=10.0, stratum="near")])
    at = row(propose(units, wanted=0.5, days=1), 5.0)
    # At 5 and over: 200 flagged, 120 bad; and 40 near of weight 10, all bad.
    assert at["precision"] == pytest.approx((120 + 400) / (200 + 400))
    assert at["recall"] == pytest.approx((120 + 400) / (120 + 1200))
    sized = propose(units, wanted=0.5, days=1, sizes={"flagged": 200, "near": 4000})
    assert row(sized, 5.0)["flagged_a_day"] == pytest.approx(200 + 4000 / 5)


def test_too_few_labels_say_how_many_more_and_where() -> None:
    units = ladder(20).filter(pl.col("score") == 5)
    found = propose(units, wanted=0.9, days=1)
    assert (found.threshold, found.labels_needed, found.stratum) == (None, 9, "flagged")
    assert found.why == "insufficient: 9 labels more in stratum flagged, all right, would do at 5"
    nothing = propose(ladder(1).clear(), wanted=0.9, days=1)
    assert (nothing.threshold, nothing.labels_needed, nothing.curve.height) == (None, 14, 0)


def test_where_no_number_of_labels_does_it_says_so() -> None:
    found = propose(ladder(100).filter(pl.col("score") < 4), wanted=0.9, days=1)
    assert (found.threshold, found.labels_needed) == (None, None)
    assert found.why == "no threshold has more than 90%: the nearest, 3, has 60% (n = 100)"


def test_what_nobody_judged_or_scored_is_left_out() -> None:
    silent = ladder(50).with_columns(value=pl.lit(None, pl.Boolean))
    blank = ladder(50).with_columns(score=pl.lit(None, pl.Float64))
    both = pl.concat([ladder(40), silent, blank])
    kept, alone = propose(both, wanted=0.8, days=1), propose(ladder(40), wanted=0.8, days=1)
    assert kept.curve.equals(alone.curve)
    assert kept.threshold == alone.threshold


def test_a_grid_of_one_s_own_and_of_many_scores() -> None:
    assert propose(ladder(40), wanted=0.8, days=1, grid=[3, 2.5]).curve["threshold"].to_list() == [
        2.5,
        3.0,
    ]
    many = pl.DataFrame({"score": np.arange(500.0), "value": [True] * 500, "stratum": "flagged"})
    curve = propose(many.with_columns(weight=1.0), wanted=0.8, days=1).curve
    assert (curve.height, curve["threshold"][0], curve["threshold"][-1]) == (40, 0.0, 499.0)
    assert curve["state"][-1] == "insufficient"


def test_the_lower_bound_is_over_the_truth_at_most_once_in_twenty() -> None:
    rng, over = np.random.default_rng(6), 0
    for _ in range(300):
        parts = [
            pl.DataFrame({"score": 1.0, "value": rng.random(n) < 0.85, "weight": w, "stratum": s})
            for n, w, s in ((60, 2.0, "flagged"), (30, 5.0, "near"))
        ]
        curve = propose(pl.concat(parts), wanted=0.9, days=1).curve
        over += curve["precision_lower"][0] > 0.85
    assert over / 300 <= 0.05 + 0.02


@pytest.mark.parametrize(
    ("changed", "asked", "said"),
    [
        (pl.col("weight") * 0, {}, "weigh less than 1"),
        (pl.col("weight"), {"wanted": 1.0}, "within 0 and 1"),
        (pl.col("weight"), {"days": 0}, "some days"),
        (pl.col("weight"), {"sizes": {"near": 5}}, "has units and no size"),
    ],
)
def test_what_cannot_be_is_refused(changed: pl.Expr, asked: dict[str, object], said: str) -> None:
    given: dict[str, object] = {"wanted": 0.9, "days": 1.0, **asked}
    with pytest.raises(MeasurementError, match=said):
        propose(ladder(5).with_columns(changed.alias("weight")), **given)  # type: ignore[arg-type]
