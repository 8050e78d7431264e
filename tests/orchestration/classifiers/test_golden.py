from pathlib import Path

import polars as pl
import pytest

from orchestration.classifiers.data import load
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.golden import FOLDER, golden, judge
from orchestration.classifiers.harms import TEXT_HARMS
from orchestration.classifiers.sources import SOURCES, XSTEST
from orchestration.classifiers.training import SAMPLES
from tests.support.texts import judged, trained


def test_the_golden_set_is_the_frozen_one_with_all_of_xstest() -> None:
    found = golden(TEXT_HARMS)
    assert found.height == 1980
    assert found.filter(pl.col("source") == "xstest")["any"].value_counts().height == 2
    assert found["text_id"].n_unique() == 1980


def test_a_golden_set_with_one_label_changed_is_refused(tmp_path: Path) -> None:
    content = bytearray((FOLDER / "text_harms.csv.gz").read_bytes())
    content[-1] ^= 1
    (tmp_path / "text_harms.csv.gz").write_bytes(content)
    with pytest.raises(ClassifierError, match="is not the frozen one"):
        golden(TEXT_HARMS, tmp_path)


def test_a_model_of_wrong_labels_is_refused_and_as_good_a_one_is_not() -> None:
    frame = judged(60)
    good, bad = trained().model, trained(80, 0.45).model

    worse = judge(bad, good, frame)

    assert not worse.passed
    assert any(why.startswith("any: PR-AUC") for why in worse.refused)
    assert judge(good, good, frame).passed
    assert judge(good, bad, frame).passed


def test_the_samples_load_whole_with_each_text_once_and_nothing_set_aside() -> None:
    found = load(SAMPLES, (*SOURCES, XSTEST))
    assert sum(found.quarantined.values()) == 0
    assert found.frame["text_id"].n_unique() == found.frame.height
    counts = dict(found.frame["source"].value_counts().iter_rows())
    assert counts["edos"] == 15993
    assert counts["xstest"] == 450
    sexist = found.frame.filter(pl.col("source") == "edos")["hate_harassment"]
    assert sexist.sum() == 3883
    spam = found.frame.filter(pl.col("source") == "sms")["spam"]
    assert (spam.null_count(), int(spam.sum())) == (
        0,
        599,
    )  # of 747, 148 say again what another says, but for numbers


def test_rows_without_text_or_label_are_set_aside_and_counted(tmp_path: Path) -> None:
    lines = ["text,is_toxic", "one,Toxic", "two,Not Toxic", ",Toxic", "three,Maybe"]
    (tmp_path / "toxicity_en.csv.gz").write_text("\n".join(lines), encoding="utf-8")
    found = load(tmp_path)
    assert found.quarantined == {"toxicity": 2}
    assert found.frame["text"].to_list() == ["one", "two"]


def test_a_text_judged_both_ways_is_one_row_that_was_not_judged(tmp_path: Path) -> None:
    lines = ["text,is_toxic", "Hello there,Toxic", "hello THERE!,Not Toxic", "bye,Toxic"]
    (tmp_path / "toxicity_en.csv.gz").write_text("\n".join(lines), encoding="utf-8")
    found = load(tmp_path)
    assert found.frame["any"].to_list() == [None, True]
    assert found.duplicates == {"toxicity": 1}


def test_a_folder_without_any_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="holds none of the data sets convabuse"):
        load(tmp_path)
