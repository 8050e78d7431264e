import polars as pl
import pytest

from orchestration.measurement.comparison import compare, newcombe
from orchestration.measurement.errors import MeasurementError


def arm(name: str, n: int, **hits: int | None) -> pl.DataFrame:
    """An arm of n entities, of which so many have each outcome; of None nobody knows."""
    outcomes = {"violating": n, "appealed": 0, "overturned": 0, "repeated": 0, **hits}
    return pl.DataFrame(
        {
            "entity": [f"{name}-{at}" for at in range(n)],
            "arm": [name] * n,
            **{
                outcome: [None if k is None else at < k for at in range(n)]
                for outcome, k in outcomes.items()
            },
        },
        schema_overrides=dict.fromkeys(outcomes, pl.Boolean),
    )


def states(candidate: pl.DataFrame, control: pl.DataFrame) -> dict[str, str]:
    return {one.outcome: one.state for one in compare(pl.concat([candidate, control]))}


# Newcombe (1998), Statistics in Medicine 17, Table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_is_the_published_one(
    first: tuple[int, int], second: tuple[int, int], lower: float, upper: float
) -> None:
    found = newcombe(first, second)
    assert found.lower == pytest.approx(lower, abs=0.00005)
    assert found.upper == pytest.approx(upper, abs=0.00005)
    other = newcombe(second, first)
    assert other.lower == pytest.approx(-upper, abs=0.00005)
    assert other.upper == pytest.approx(-lower, abs=0.00005)


def test_of_nothing_there_is_no_difference() -> None:
    found = newcombe((0, 0), (3, 10))
    assert (found.value, found.lower, found.upper, found.n) == (None, None, None, 10)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(MeasurementError, match="4 of 3 were given"):
        newcombe((4, 3), (0, 0))
    with pytest.raises(MeasurementError, match="11 of 10 were given"):
        newcombe((11, 10), (3, 10))


def test_a_difference_is_of_the_candidate_to_the_control_with_each_n() -> None:
    found = compare(pl.concat([arm("candidate", 70, violating=56), arm("control", 80)]))[0]
    assert (found.candidate.value, found.candidate.n) == (0.8, 70)
    assert (found.control.value, found.control.n) == (1.0, 80)
    assert found.difference.value == pytest.approx(-0.2)
    assert found.difference.n == 150
    assert (found.outcome, found.state) == ("violating", "worse")


def test_fewer_right_or_more_overturned_is_worse_and_the_contrary_is_not() -> None:
    good = {"violating": 100, "appealed": 2, "overturned": 1, "repeated": 3}
    bad = {"violating": 70, "appealed": 30, "overturned": 25, "repeated": 40}
    assert states(arm("candidate", 100, **bad), arm("control", 100, **good)) == dict.fromkeys(
        good, "worse"
    )
    assert states(arm("candidate", 100, **good), arm("control", 100, **bad)) == dict.fromkeys(
        good, "alike"
    )


def test_under_14_in_an_arm_says_nothing_however_bad_it_looks() -> None:
    found = states(arm("candidate", 13, overturned=13), arm("control", 500))
    assert set(found.values()) == {"insufficient"}
    assert states(arm("candidate", 14, overturned=14), arm("control", 500))["overturned"] == "worse"


def test_what_nobody_knows_counts_in_neither_arm() -> None:
    every = pl.concat([arm("candidate", 40, repeated=None), arm("control", 40)])
    found = {one.outcome: one for one in compare(every)}
    assert found["repeated"].state == "insufficient"
    assert (found["repeated"].candidate.n, found["repeated"].control.n) == (0, 40)
    assert found["repeated"].difference.value is None
    assert not any(one.is_worse for one in found.values())


def test_an_entity_twice_and_an_arm_of_another_name_are_refused() -> None:
    one = arm("candidate", 2)
    with pytest.raises(MeasurementError, match="An entity is given twice"):
        compare(pl.concat([one, one]))
    with pytest.raises(MeasurementError, match="1 arms are neither candidate nor control"):
        compare(pl.concat([one, arm("placebo", 2)]))
    with pytest.raises(MeasurementError, match="repeated missing"):
        compare(one.drop("repeated"))
