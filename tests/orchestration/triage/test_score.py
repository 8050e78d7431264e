from dataclasses import replace
from math import fsum, nan

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.triage.errors import TriageError
from orchestration.triage.score import Features, score
from tests.orchestration.triage.builders import parse

WEIGHTS = parse().weights
ALL = Features(Severity.S1, 0.8, 0.4, 0.0, 1.0, 0.5)
SHARE = st.none() | st.floats(0, 1)
FEATURES = st.builds(
    Features, st.sampled_from(Severity), SHARE, SHARE, SHARE, SHARE, st.none() | st.floats(0, 9)
)


def test_the_shipped_weights_are_those_of_the_design() -> None:
    assert WEIGHTS == {
        "severity": 0.35,
        "violating": 0.25,
        "reach": 0.15,
        "vulnerability": 0.10,
        "repeat": 0.10,
        "age": 0.05,
    }


def test_the_score_is_the_weighted_sum_of_its_features() -> None:
    found = score(ALL, WEIGHTS)
    assert found.contributions == pytest.approx(
        {
            "severity": 26.25,
            "violating": 20.0,
            "reach": 6.0,
            "vulnerability": 0.0,
            "repeat": 10.0,
            "age": 2.5,
        }
    )
    assert found.value == pytest.approx(64.75)
    assert found.unknown == ()


def test_what_is_unknown_leaves_its_weight_to_the_rest() -> None:
    found = score(replace(ALL, violating=None, age=None), WEIGHTS)
    assert found.unknown == ("violating", "age")
    assert found.contributions == pytest.approx(
        {"severity": 37.5, "reach": 60 / 7, "vulnerability": 0.0, "repeat": 100 / 7}
    )
    assert found.value == pytest.approx(37.5 + 160 / 7)


@pytest.mark.parametrize(
    ("severity", "value"),
    [(Severity.S0, 100), (Severity.S1, 75), (Severity.S2, 50), (Severity.S3, 25)],
)
def test_with_nothing_else_known_severity_alone_decides(severity: Severity, value: float) -> None:
    assert score(Features(severity), WEIGHTS).value == pytest.approx(value)


def test_unknown_is_not_nothing() -> None:
    assert score(replace(ALL, violating=None), WEIGHTS).value > (
        score(replace(ALL, violating=0.0), WEIGHTS).value
    )


def test_overdue_counts_as_fully_aged() -> None:
    assert score(replace(ALL, age=7.5), WEIGHTS) == score(replace(ALL, age=1.0), WEIGHTS)


@given(FEATURES)
def test_contributions_sum_to_the_value_between_0_and_100(features: Features) -> None:
    found = score(features, WEIGHTS)
    assert fsum(found.contributions.values()) == found.value
    assert 0 <= found.value <= 100 + 1e-9
    assert {*found.contributions, *found.unknown} == set(WEIGHTS)


@given(FEATURES, st.floats(0, 1), st.floats(0, 1))
def test_more_of_a_feature_never_lowers_the_score(
    features: Features, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    lower, higher = (score(replace(features, reach=reach), WEIGHTS) for reach in (less, more))
    assert lower.value <= higher.value + 1e-9


@pytest.mark.parametrize("wrong", [-0.1, 1.1, nan])
def test_a_feature_outside_0_to_1_is_refused(wrong: float) -> None:
    with pytest.raises(TriageError, match="wanted 0 to 1, or None if"):
        score(replace(ALL, reach=wrong), WEIGHTS)
