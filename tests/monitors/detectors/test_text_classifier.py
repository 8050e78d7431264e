from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitors.detectors.text_classifier import TextModel, linear_text_model, text_classifier
from monitors.errors import MonitorError

SMS = Path(__file__).parents[4] / "shared/data/sms_spam/sms.tsv"
SPAM = ["win a free prize now", "free money, click now", "claim your free prize"]
HAM = ["see you at lunch", "the meeting is at noon", "thanks for the notes"]


class Words:
    """A model that can be checked by hand: a tenth for every word, and what it was asked."""

    classes_ = np.array(["ham", "spam"])

    def __init__(self) -> None:
        self.asked: list[str] = []

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        self.asked.extend(texts)
        spam = np.array([len(text.split()) / 10 if text != "?" else np.nan for text in texts])
        return np.column_stack([1 - spam, spam])


def judged(texts: Sequence[str | None], model: TextModel) -> list[float | None]:
    frame = pl.LazyFrame({"body": texts}, schema={"body": pl.String})
    rows = text_classifier(frame, model, text="body", positive="spam").collect(engine="streaming")
    assert rows.schema == {"body": pl.String, "probability": pl.Float64}
    assert rows["body"].to_list() == list(texts)
    return rows["probability"].to_list()


@pytest.fixture(scope="module")
def fitted() -> TextModel:
    return linear_text_model([*SPAM, *HAM], ["spam"] * 3 + ["ham"] * 3)


def test_adds_the_probability_of_the_label_to_each_text() -> None:
    assert judged(["one two", "one", ""], Words()) == [0.2, 0.1, 0.0]


def test_an_absent_text_has_no_probability() -> None:
    assert judged([None, "one", None], Words()) == [None, 0.1, None]
    assert judged(["?"], Words()) == [None]


def test_the_model_is_not_called_without_texts() -> None:
    model = Words()
    assert judged([], model) == []
    assert judged([None, None], model) == [None, None]
    assert model.asked == []


def test_equal_texts_are_judged_once() -> None:
    model = Words()
    frame = pl.LazyFrame({"body": ["a b", "a b", "c", "a b"]})
    rows = text_classifier(frame, model, text="body", positive="spam").collect(engine="in-memory")
    assert rows["probability"].to_list() == [0.2, 0.2, 0.1, 0.2]
    assert sorted(model.asked) == ["a b", "c"]


def test_nothing_is_judged_before_rows_are_collected() -> None:
    model = Words()
    frame = pl.LazyFrame({"body": ["one", "two words"], "kept": [True, False]})
    lazily = text_classifier(frame, model, text="body", positive="ham", probability="p_ham")
    assert model.asked == []
    assert lazily.filter("kept").select("p_ham").collect().rows() == [(0.9,)]


@given(
    texts=st.lists(st.sampled_from([*SPAM, *HAM, "", None]), max_size=12), size=st.integers(1, 5)
)
@settings(max_examples=25, deadline=None)
def test_order_and_chunks_change_nothing(
    fitted: TextModel, texts: list[str | None], size: int
) -> None:
    whole = judged(texts, fitted)
    assert judged(texts[::-1], fitted) == whole[::-1]
    pieces = [texts[i : i + size] for i in range(0, len(texts), size)]
    assert [p for piece in pieces for p in judged(piece, fitted)] == whole


def test_a_linear_model_tells_literal_texts_apart(fitted: TextModel) -> None:
    spam, ham = judged(["a free prize", "lunch at noon"], fitted)
    assert spam is not None
    assert ham is not None
    assert spam > 0.8
    assert ham < 0.2


def test_the_same_texts_give_the_same_model(fitted: TextModel) -> None:
    again = linear_text_model([*SPAM, *HAM], ["spam"] * 3 + ["ham"] * 3)
    assert judged(SPAM + HAM, again) == judged(SPAM + HAM, fitted)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(MonitorError, match=r"labels \['ham', 'spam'\] and not 1"):
        text_classifier(pl.LazyFrame({"body": ["x"]}), Words(), text="body")


def test_a_model_needs_two_kinds_and_a_label_for_each_text() -> None:
    with pytest.raises(MonitorError, match="2 texts and 2 labels of 1 kinds"):
        linear_text_model(["a", "b"], [1, 1])
    with pytest.raises(MonitorError, match="1 texts and 2 labels"):
        linear_text_model(["a"], [0, 1])


@pytest.mark.skipif(not SMS.exists(), reason="the SMS Spam Collection is not kept in this project")
def test_finds_real_spam_in_messages_it_has_not_seen() -> None:
    lines = (line.split("\t", 1) for line in SMS.read_text(encoding="utf-8").split("\n") if line)
    rows = list({text: label for label, text in lines}.items())
    learned, unseen = rows[:3000], rows[3000:]
    model = linear_text_model([text for text, _ in learned], [label for _, label in learned])
    spam = np.array([label == "spam" for _, label in unseen])
    hit = np.array(judged([text for text, _ in unseen], model)) >= 0.5
    assert 2 * (spam & hit).sum() / (spam.sum() + hit.sum()) > 0.85
