from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.reviewers import calibrate, drift

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOLD = pl.DataFrame({"unit": [f"g{n:03}" for n in range(200)], "label": ["bad", "good"] * 100})


def labels_of(rater: str, wrong: list[bool], start: int = 0) -> pl.DataFrame:
    """A rater's labels for gold units in order, one a minute."""
    truth = GOLD["label"].to_list()[start : start + len(wrong)]
    other = {"bad": "good", "good": "bad"}
    return pl.DataFrame(
        {
            "rater": rater,
            "unit": GOLD["unit"].to_list()[start : start + len(wrong)],
            "label": [other[is_] if err else is_ for is_, err in zip(truth, wrong, strict=True)],
            "at": [NOON + timedelta(minutes=n) for n in range(len(wrong))],
        }
    )


def test_each_rater_has_both_measures_with_n_and_interval() -> None:
    # Of 50 bad items five wrong, of 50 good ones none.
    wrong = [n in (0, 2, 4, 6, 8) for n in range(100)]
    found = calibrate(labels_of("ana", wrong), GOLD, positive="bad").rows(named=True)
    sensitivity, specificity = found
    assert (sensitivity["k"], sensitivity["n"], sensitivity["value"]) == (45, 50, 0.9)
    assert sensitivity["lower"] == pytest.approx(0.7819, abs=0.00005)
    assert sensitivity["upper"] == pytest.approx(0.9667, abs=0.00005)
    assert (specificity["value"], specificity["upper"]) == (1.0, 1.0)
    assert specificity["lower"] == pytest.approx(0.9289, abs=0.00005)
    assert {row["state"] for row in found} == {"measured"}


def test_of_few_items_nothing_is_said_of_a_person() -> None:
    few = labels_of("ben", [True] * 39)  # 20 bad ones, 19 good ones
    none = few.with_columns(rater=pl.lit("cy"), unit=pl.lit("x") + pl.col("unit"))
    found = calibrate(pl.concat([few, none]), GOLD, positive="bad")
    assert found.select("rater", "measure", "state", "n", "value").rows() == [
        ("ben", "sensitivity", "measured", 20, 0.0),
        ("ben", "specificity", "insufficient", 19, None),
        ("cy", "sensitivity", "insufficient", 0, None),
        ("cy", "specificity", "insufficient", 0, None),
    ]


@pytest.mark.parametrize("skill", [0.6, 0.8, 0.9, 0.98])
def test_known_skills_lie_in_95_percent_of_2000_intervals(skill: float) -> None:
    rng = np.random.default_rng(6)
    right = rng.random((1_000, 200)) < skill
    labels = pl.DataFrame(
        {
            "rater": np.repeat(np.arange(1_000), 200),
            "unit": GOLD["unit"].to_list() * 1_000,
            "label": np.where(right == (GOLD["label"] == "bad").to_numpy(), "bad", "good").ravel(),
        }
    )
    found = calibrate(labels, GOLD, positive="bad")
    assert found.height == 2_000
    covered = ((found["lower"] <= skill) & (skill <= found["upper"])).mean()
    assert isinstance(covered, float)
    assert 0.94 <= covered <= 0.99  # the exact interval, of 100 items


def test_who_comes_to_err_is_alarmed_for_and_who_errs_as_always_is_not() -> None:
    steady = [n % 10 == 0 for n in range(120)]
    drifted = steady[:60] + [n % 3 == 0 for n in range(60)]
    both = pl.concat([labels_of("ana", steady), labels_of("ben", drifted)])
    found = drift(both, GOLD, positive="bad").rows(named=True)
    assert [(row["rater"], row["alarm"], row["n"], row["errors"]) for row in found] == [
        ("ana", False, 120, 12),
        ("ben", True, 120, 26),
    ]
    assert NOON + timedelta(minutes=60) < found[1]["at"] < NOON + timedelta(minutes=120)


def test_no_alarm_before_the_twentieth_item() -> None:
    def alarm(n: int) -> tuple[object, ...]:
        return (
            drift(labels_of("ana", [True] * n), GOLD, positive="bad").select("alarm", "at").row(0)
        )

    assert alarm(19) == (False, None)
    assert alarm(20) == (True, NOON + timedelta(minutes=19))


def test_false_alarms_are_rare_and_drift_is_found_soon() -> None:
    rng = np.random.default_rng(6)

    def alarmed(error: float) -> float:
        every = [labels_of(f"r{n:03}", list(rng.random(100) < error)) for n in range(300)]
        share = drift(pl.concat(every), GOLD, positive="bad")["alarm"].mean()
        assert isinstance(share, float)
        return share

    assert alarmed(0.1) < 0.05
    assert alarmed(0.3) > 0.95


def test_the_order_of_rows_changes_nothing() -> None:
    labels = labels_of("ana", [n > 60 and n % 2 == 0 for n in range(120)])
    mixed = labels.sample(fraction=1, shuffle=True, seed=6)
    assert drift(mixed, GOLD, positive="bad").equals(drift(labels, GOLD, positive="bad"))


def test_gold_and_labels_that_cannot_be_are_refused() -> None:
    labels = labels_of("ana", [False] * 40)
    with pytest.raises(MeasurementError, match="100 of 100 gold units are bad"):
        calibrate(labels, GOLD.filter(label="bad"), positive="bad")
    with pytest.raises(MeasurementError, match="A gold unit is given twice"):
        calibrate(labels, pl.concat([GOLD, GOLD.head(1)]), positive="bad")
    with pytest.raises(MeasurementError, match="two labels by one rater"):
        drift(pl.concat([labels, labels.head(1)]), GOLD, positive="bad")
    with pytest.raises(MeasurementError, match="at missing"):
        drift(labels.drop("at"), GOLD, positive="bad")
    with pytest.raises(MeasurementError, match="a ratio over 1"):
        drift(labels, GOLD, positive="bad", ratio=1)
