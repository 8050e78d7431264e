import numpy as np
import pytest

from orchestration.classifiers.calibration import brier, ece, platt, probabilities
from orchestration.classifiers.evaluate import (
    best_cut,
    evaluate,
    measures,
    over_blocking,
    recall_at,
)
from orchestration.classifiers.golden import golden
from orchestration.classifiers.harms import TEXT_HARMS
from tests.support.texts import judged, trained

TRUTH = np.array([True, True, False, False])
P = np.array([0.9, 0.4, 0.6, 0.1])


def test_measures_of_four_texts_are_those_counted_by_hand() -> None:
    found = measures(TRUTH, P, 0.5)
    assert (found["n"], found["positives"]) == (4, 2)
    assert (found["precision"], found["recall"], found["f1"]) == (0.5, 0.5, 0.5)
    assert found["roc_auc"] == 0.75
    assert found["pr_auc"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found["brier"] == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)


def test_of_one_value_only_there_is_no_area_and_no_precision_of_nothing() -> None:
    found = measures(np.array([False, False]), np.array([0.1, 0.2]), 0.5)
    assert [found[name] for name in ("precision", "recall", "pr_auc", "roc_auc")] == [None] * 4


def test_calibration_error_is_the_gap_of_each_bin_by_its_size() -> None:
    truth = np.array([True] * 3 + [False] * 7)
    assert ece(truth, np.full(10, 0.3)) == pytest.approx(0)
    assert ece(truth, np.full(10, 0.7)) == pytest.approx(0.4)
    assert brier(truth, np.full(10, 0.3)) == pytest.approx(0.21)


def test_platts_curve_makes_probabilities_of_scores() -> None:
    draw = np.random.default_rng(7)
    scores = draw.normal(size=20_000)
    truth = draw.random(20_000) < 1 / (1 + np.exp(-(2 * scores - 1)))
    made = probabilities(platt(scores, truth), scores)
    assert ece(truth, made) < 0.02


def test_recall_is_at_no_more_than_the_false_alarms_allowed() -> None:
    benign = np.arange(100) / 100
    p = np.concatenate([benign, [0.945, 0.955, 0.2]])
    truth = np.array([False] * 100 + [True] * 3)
    assert recall_at(truth, p) == pytest.approx(2 / 3)


def test_the_best_threshold_flags_equal_scores_together() -> None:
    assert best_cut(np.array([True, False, True, False]), np.array([0.8, 0.8, 0.8, 0.1])) == 0.8


def test_a_slice_of_fewer_than_thirty_texts_is_left_out() -> None:
    found = evaluate(trained().model, judged(15))  # 60 texts: 28 of `one`, 32 of `two`
    slices = set(found["slice"])
    assert "source=two" in slices
    assert "source=one" not in slices


def test_over_blocking_counts_the_safe_and_the_unsafe_of_xstest() -> None:
    found = over_blocking(trained().model, golden(TEXT_HARMS))
    assert (found["safe"], found["unsafe"]) == (250, 200)
    assert 0 <= found["safe_flagged"] <= 1
    assert over_blocking(trained().model, judged(3)) == {}
