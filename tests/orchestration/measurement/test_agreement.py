from functools import partial

import numpy as np
import polars as pl
import pytest

from orchestration.measurement.agreement import (
    PairAgreement,
    fleiss_kappa,
    krippendorff_alpha,
    pair_agreement,
)
from orchestration.measurement.chance import (
    ac1,
    alpha,
    coincidences_like,
    fleiss,
    kappa,
    positive_agreement,
    tables_like,
)
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import Estimate

# The example of the `krippendorff` library's documentation; * is missing.
EXAMPLE = [
    "* * * * * 3 4 1 2 1 1 3 3 * 3",
    "1 * 2 1 3 3 4 3 * * * * * * *",
    "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
]


def frame(rows: list[tuple[str, str, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("rater", "unit", "label"), pl.String), orient="row"
    )


def of_table(a: int, b: int, c: int, d: int) -> pl.DataFrame:
    """Labels of two raters: both bad, only the first, only the second, both good."""
    cells = (
        [("bad", "bad")] * a
        + [("bad", "good")] * b
        + [("good", "bad")] * c
        + [("good", "good")] * d
    )
    return frame(
        [("r1", f"u{n}", one) for n, (one, _) in enumerate(cells)]
        + [("r2", f"u{n}", two) for n, (_, two) in enumerate(cells)]
    )


def pair(labels: pl.DataFrame) -> PairAgreement:
    return pair_agreement(labels, "r1", "r2", positive="bad", seed=6)


def ends(found: Estimate) -> tuple[float, float]:
    assert found.lower is not None
    assert found.upper is not None
    return found.lower, found.upper


def test_the_worked_kappas() -> None:
    even = pair(of_table(45, 5, 5, 45))
    assert even.kappa.value == pytest.approx(0.80)
    assert even.kappa.n == 100
    rare = pair(of_table(1, 4, 5, 90))
    assert rare.observed.value == pytest.approx(0.91)
    assert rare.kappa.value == pytest.approx(0.135, abs=0.0005)
    assert rare.ac1.value == pytest.approx(0.900, abs=0.0005)
    assert rare.positive.value == pytest.approx(2 / 11)
    assert rare.table.rows() == [
        ("bad", "bad", 1),
        ("bad", "good", 4),
        ("good", "bad", 5),
        ("good", "good", 90),
    ]


def test_the_documented_alpha() -> None:
    rows = [
        (f"r{rater}", f"u{unit:02}", None if label == "*" else label)
        for rater, line in enumerate(EXAMPLE)
        for unit, label in enumerate(line.split())
    ]
    found = krippendorff_alpha(frame(rows), seed=6)
    assert found.value == pytest.approx(0.691358, abs=0.0000005)
    assert found.n == 12  # units with two labels or more
    low, high = ends(found)
    assert low < 0.5
    assert 0.85 < high < 1
    assert krippendorff_alpha(frame(rows), seed=6) == found


def test_fleiss_own_example() -> None:
    # 10 units, 14 raters, 5 classes: Fleiss 1971 as tabled in Wikipedia, kappa 0.210.
    table = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    rows: list[tuple[str, str, str | None]] = []
    for unit, counts in enumerate(table):
        given = [str(label) for label, times in enumerate(counts) for _ in range(times)]
        rows += [(f"r{rater}", f"u{unit}", label) for rater, label in enumerate(given)]
    found = fleiss_kappa(frame(rows), seed=6)
    assert found.value == pytest.approx(0.210, abs=0.0005)
    assert (found.n, ends(found)[0] < 0.21 < ends(found)[1]) == (10, True)


def test_raters_who_all_agree_are_not_certain_to() -> None:
    labels = of_table(10, 0, 0, 10)
    both = pair(labels)
    for found in (
        both.kappa,
        both.ac1,
        krippendorff_alpha(labels, seed=6),
        fleiss_kappa(labels, seed=6),
    ):
        assert found.value == pytest.approx(1.0)
        assert ends(found)[0] < 0.95
    assert ends(both.kappa)[1] == 1.0


def test_of_one_class_chance_explains_all_and_kappa_is_not_known() -> None:
    labels = of_table(0, 0, 0, 20)
    both = pair(labels)
    assert (both.kappa.value, both.positive.value, both.kappa.n) == (None, None, 20)
    assert both.ac1.value == 1.0
    assert krippendorff_alpha(labels, seed=6).value is None
    assert fleiss_kappa(labels, seed=6).value is None


def test_without_shared_units_nothing_is_known() -> None:
    apart = frame([("r1", "u1", "bad"), ("r2", "u2", "bad")])
    both = pair(apart)
    assert [each.value for each in (both.observed, both.kappa, both.ac1, both.positive)] == [
        None
    ] * 4
    assert both.kappa.n == 0
    assert krippendorff_alpha(apart, seed=6).value is None
    assert krippendorff_alpha(apart.clear(), seed=6).value is None


def test_bad_labels_are_refused() -> None:
    labels = of_table(2, 1, 1, 2)
    with pytest.raises(MeasurementError, match="two labels by one rater"):
        pair(pl.concat([labels, labels.head(1)]))
    with pytest.raises(MeasurementError, match="no label here"):
        pair_agreement(labels, "r1", "r9", positive="bad", seed=6)
    with pytest.raises(MeasurementError, match="paired with themselves"):
        pair_agreement(labels, "r1", "r1", positive="bad", seed=6)
    with pytest.raises(MeasurementError, match="Units have 1 to 2 labels"):
        fleiss_kappa(labels.slice(1), seed=6)


# Chances of both bad, only the first, only the second, both good; and units.
TABLES = [
    ((0.45, 0.05, 0.05, 0.45), 100),
    ((0.25, 0.10, 0.15, 0.50), 60),
    ((0.08, 0.04, 0.04, 0.84), 200),
    ((0.25, 0.25, 0.25, 0.25), 100),
    ((0.01, 0.04, 0.05, 0.90), 100),
    ((0.45, 0.05, 0.05, 0.45), 20),
]


KINDS = np.array([[[2.0, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 2]]])  # of two labels


@pytest.mark.parametrize(("chances", "n"), TABLES)
def test_95_percent_cover_at_least_93_in_2000_samples(chances: tuple[float, ...], n: int) -> None:
    rng = np.random.default_rng(6)
    tables = rng.multinomial(n, chances, 2_000).reshape(-1, 2, 2).astype(float)
    true = np.array(chances).reshape(2, 2)
    drawn = tables_like(tables, 500, rng)
    agreed = partial(positive_agreement, at=0)
    for of in (kappa, ac1, agreed):
        low, high = np.quantile(of(drawn), [0.025, 0.975], axis=0)
        assert ((low <= of(true)) & (of(true) <= high)).mean() >= 0.93
    times = np.stack([tables[:, 0, 0], tables[:, 0, 1] + tables[:, 1, 0], tables[:, 1, 1]], axis=1)
    value = fleiss(true + true.T)  # alpha's, of endless units
    of_units = coincidences_like(times, KINDS, 500, rng)
    for of in (fleiss, alpha):
        low, high = np.quantile(of(of_units), [0.025, 0.975], axis=0)
        assert ((low <= value) & (value <= high)).mean() >= 0.93
