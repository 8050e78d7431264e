import numpy as np
import polars as pl
import pytest

from orchestration.classifiers.drift import binned, indices, trigger
from orchestration.classifiers.harms import LABELS
from tests.support.texts import trained


def test_scores_spread_as_in_training_have_an_index_of_nothing() -> None:
    model = trained().model
    middle = {
        head: np.repeat((np.arange(20) + 0.5) / 20, counts * 10)
        for head, counts in model.reference.items()
    }
    longest = max(len(values) for values in middle.values())
    rows = pl.DataFrame(
        {head: pl.Series(v).extend_constant(None, longest - len(v)) for head, v in middle.items()}
    )
    found = indices(model, rows)
    assert set(found) == set(LABELS)
    assert max(found.values()) < 1e-9


def test_a_stream_that_drifts_triggers_once_it_has_moved() -> None:
    model = trained().model
    reference = model.reference["any"]
    values = np.repeat((np.arange(20) + 0.5) / 20, reference)
    steady = np.resize(values, 400)
    told = []
    for hour in range(6):
        moved = np.where(np.arange(400) < 80 * hour, 0.5, steady)
        rows = pl.DataFrame(dict.fromkeys(LABELS, moved))
        index = {"any": indices(model, rows)["any"]}
        told.append(trigger(index, learned=1000, decisions=1000).due)
    assert told[0] is False
    assert told[-1] is True
    assert told == sorted(told)


def test_few_scores_say_nothing() -> None:
    rows = pl.DataFrame(dict.fromkeys(LABELS, [0.99] * 199))
    assert indices(trained().model, rows) == {}


@pytest.mark.parametrize(
    ("learned", "decisions", "due"),
    [(0, 199, False), (0, 200, True), (1000, 1199, False), (1000, 1200, True), (1000, 900, False)],
)
def test_a_fifth_more_decisions_are_worth_a_training(
    learned: int, decisions: int, *, due: bool
) -> None:
    assert trigger({}, learned=learned, decisions=decisions).due is due


def test_the_highest_probability_is_in_the_last_bin() -> None:
    assert binned(np.array([0.0, 0.049, 0.05, 1.0]), 20).tolist() == [2, 1, *[0] * 17, 1]
