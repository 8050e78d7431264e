from pathlib import Path

import numpy as np
import polars as pl
import pytest

from orchestration.measurement.dawid_skene import dawid_skene
from orchestration.measurement.errors import MeasurementError

SAMPLE = Path(__file__).parents[3] / "samples" / "rater_labels.csv.gz"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "rater_labels"


def simulated(
    skills: tuple[float, ...], units: int, *, bad: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Labels of raters of these skills for every unit, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.random(units) < bad
    right = rng.random((len(skills), units)) < np.array(skills)[:, None]
    ids = [f"u{unit:05}" for unit in range(units)]
    raters = [f"r{rater}" for rater in range(len(skills)) for _ in ids]
    given = np.where(right == truth, "bad", "good").ravel()
    labels = pl.DataFrame({"rater": raters, "unit": ids * len(skills), "label": given})
    return labels, pl.DataFrame({"unit": ids, "gold": np.where(truth, "bad", "good")})


def right(units: pl.DataFrame, gold: pl.DataFrame) -> tuple[float, float]:
    """Shares of units that Dawid-Skene and the majority have right; a tie is half right."""
    both = units.join(gold, on="unit").select(
        (pl.col("label") == pl.col("gold")).mean().alias("own"),
        (pl.col("majority") == pl.col("gold")).cast(pl.Float64).fill_null(0.5).mean(),
    )
    return both.row(0)


def test_five_raters_of_unequal_skill_are_told_apart() -> None:
    labels, gold = simulated((0.95, 0.9, 0.6, 0.6, 0.55), 2_000, bad=0.25, seed=6)
    units, raters = dawid_skene(labels)
    own, majority = right(units, gold)
    assert own == pytest.approx(0.962, abs=0.01)
    assert majority == pytest.approx(0.882, abs=0.01)
    rates = raters.filter(truth="bad", label="bad").sort("rater")["rate"].to_list()
    assert rates == pytest.approx([0.95, 0.9, 0.6, 0.6, 0.55], abs=0.06)


def test_it_beats_the_majority_on_the_sample_with_gold() -> None:
    labels = pl.read_csv(SAMPLE, schema_overrides={"label": pl.String, "gold": pl.String})
    units, _ = dawid_skene(labels)
    gold = labels.select(pl.col("unit").cast(pl.String), "gold").unique()
    own, majority = right(units, gold)
    assert majority == pytest.approx(0.696, abs=0.0005)
    assert own > majority + 0.01


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not on this machine")
@pytest.mark.parametrize(
    ("folder", "gold_file", "ours", "theirs"),
    [
        ("barzan_mozafari", "evaluation.txt", 707, 696),
        ("barzan_mozafari", "gold-30items.txt", 21, 21),
        ("copyright_infringement", "gold.txt", 5, 3.5),
    ],
)
def test_it_never_loses_to_the_majority_where_there_is_gold(
    folder: str, gold_file: str, ours: float, theirs: float
) -> None:
    def rows(name: str, columns: list[str]) -> pl.DataFrame:
        text = (SHARED / folder / name).read_text(encoding="utf-8")
        parts = [line.split("\t")[: len(columns)] for line in text.splitlines() if line.strip()]
        return pl.DataFrame(parts, schema=columns, orient="row")

    labels = rows("labels.txt", ["rater", "unit", "label"])
    last = labels.unique(["rater", "unit"], keep="last", maintain_order=True)
    gold = rows(gold_file, ["unit", "gold"])
    own, majority = right(dawid_skene(last)[0], gold)
    assert (own * gold.height, majority * gold.height) == pytest.approx((ours, theirs))


def test_a_rater_at_random_and_one_who_says_the_contrary_are_found_out() -> None:
    labels, gold = simulated((0.9, 0.85, 0.9, 0.5, 0.1), 1_000, bad=0.4, seed=6)
    units, raters = dawid_skene(labels)
    own, majority = right(units, gold)
    assert own > majority + 0.05
    of_bad = dict(raters.filter(truth="bad", label="bad").select("rater", "rate").iter_rows())
    assert of_bad["r3"] == pytest.approx(0.5, abs=0.07)
    assert of_bad["r4"] == pytest.approx(0.1, abs=0.07)


@pytest.mark.parametrize("skills", [(0.95, 0.9, 0.85, 0.9, 0.8), (0.9, 0.8, 0.9, 0.7, 0.6)])
def test_95_percent_of_rates_cover_at_least_93_in_2000(skills: tuple[float, ...]) -> None:
    truth, covered = pl.Series(skills), []
    for seed in range(400):
        labels, _ = simulated(skills, 400, bad=0.5, seed=seed)
        on = dawid_skene(labels)[1].filter(truth="bad", label="bad").sort("rater")
        covered += ((on["lower"] <= truth) & (truth <= on["upper"])).to_list()
    assert len(covered) == 2_000
    assert sum(covered) / 2_000 >= 0.93


def test_the_worst_of_few_labels_is_a_close_race_with_the_majority() -> None:
    # 20 raters, three labels a unit, nobody is bad: here the majority is hard to beat.
    lost = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        truth = rng.random(500) < 0.3
        skill = rng.uniform(0.7, 0.95, 20)
        who = np.argsort(rng.random((500, 20)), axis=1)[:, :3]
        given = (rng.random((500, 3)) < skill[who]) == truth[:, None]
        ids = [f"u{unit}" for unit in range(500)]
        labels = pl.DataFrame(
            {"rater": who.ravel(), "unit": np.repeat(ids, 3), "label": given.ravel()}
        )
        gold = pl.DataFrame({"unit": ids, "gold": np.where(truth, "true", "false")})
        own, majority = right(dawid_skene(labels)[0], gold)
        lost.append(majority - own)
    assert max(lost) < 0.01


def test_one_class_is_certain_and_no_labels_are_no_rows() -> None:
    one = pl.DataFrame({"rater": ["a", "b"], "unit": ["u1", "u1"], "label": ["bad", "bad"]})
    units, raters = dawid_skene(one)
    assert units.row(0) == ("u1", "bad", 1.0, 2, "bad")
    assert raters["rate"].to_list() == [1.0, 1.0]
    units, raters = dawid_skene(one.clear())
    assert (units.height, raters.height) == (0, 0)
    assert units.columns == ["unit", "label", "probability", "n", "majority"]
    assert raters.columns == ["rater", "truth", "label", "rate", "lower", "upper", "n"]


def test_a_single_label_gets_a_truth_and_says_nothing_of_its_rater() -> None:
    labels, _ = simulated((0.9, 0.9, 0.9), 100, bad=0.5, seed=6)
    alone = pl.DataFrame(
        {"rater": ["z"] * 50, "unit": [f"z{n}" for n in range(50)], "label": ["bad"] * 50}
    )
    units, raters = dawid_skene(pl.concat([labels, alone]))
    assert units.filter(pl.col("unit").str.starts_with("z"))["label"].unique().to_list() == ["bad"]
    of_z = raters.filter(rater="z")
    assert of_z["n"].to_list() == [0.0] * 4
    assert of_z["rate"].null_count() == 4


def test_a_tie_is_no_majority_and_a_null_label_is_missing() -> None:
    labels = pl.DataFrame(
        {"rater": ["a", "b", "c"], "unit": ["u1"] * 3, "label": ["bad", "good", None]}
    )
    units, _ = dawid_skene(labels)
    assert units.select("n", "majority").row(0) == (2, None)


def test_the_order_of_labels_changes_nothing() -> None:
    labels, _ = simulated((0.9, 0.8, 0.7), 200, bad=0.3, seed=6)
    mixed = labels.sample(fraction=1, shuffle=True, seed=6)
    assert dawid_skene(mixed)[0].equals(dawid_skene(labels)[0])


def test_two_labels_by_one_rater_for_one_unit_are_refused() -> None:
    labels = pl.DataFrame({"rater": ["a", "a"], "unit": ["u1", "u1"], "label": ["bad", "bad"]})
    with pytest.raises(MeasurementError, match="1 units have two labels by one rater"):
        dawid_skene(labels)
    with pytest.raises(MeasurementError, match="rows without a rater"):
        dawid_skene(labels.with_columns(rater=pl.lit(None, pl.String)))
    with pytest.raises(MeasurementError, match="label missing"):
        dawid_skene(labels.drop("label"))
