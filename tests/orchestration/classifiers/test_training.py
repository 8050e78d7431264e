import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.harms import Harm
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.golden import golden, without_golden
from orchestration.classifiers.harms import ANY, LABELS, TEXT_HARMS
from orchestration.classifiers.normalise import text_ids
from orchestration.classifiers.pipelines import weights
from orchestration.classifiers.score import score
from orchestration.classifiers.store import digest_of
from orchestration.classifiers.training import train
from tests.support.texts import judged, lexicon, said, trained


def test_each_head_knows_its_own_harm_and_any_knows_all() -> None:
    texts = pl.Series([said("nice", 901), said("rude", 902), said("lure", 903), said("trick", 904)])

    found = score(trained().model, texts)

    assert found.columns == list(LABELS)
    highest = [max(LABELS[:3], key=row.__getitem__) for row in found.rows(named=True)]
    assert highest[1:] == [Harm.HATE_HARASSMENT, Harm.SPAM, Harm.JAILBREAK]
    assert found[ANY][0] < 0.5 < min(found[ANY][1:])


def test_probabilities_of_a_text_do_not_depend_on_its_neighbours() -> None:
    texts = pl.Series([said(kind, seed) for seed in range(4) for kind in ("nice", "rude", "lure")])
    together = score(trained().model, texts)
    alone = pl.concat([score(trained().model, texts[i : i + 1]) for i in range(len(texts))])
    assert np.allclose(together.to_numpy(), alone.to_numpy(), rtol=0, atol=1e-12)


@given(st.lists(st.text(max_size=30) | st.none(), max_size=8))
@settings(deadline=None, max_examples=40)
def test_whatever_the_texts_there_is_a_row_for_each_and_null_where_nothing_is_said(
    texts: list[str | None],
) -> None:
    found = score(trained().model, pl.Series(texts, dtype=pl.String))

    assert found.height == len(texts)
    for text, p in zip(texts, found[ANY].to_list(), strict=True):
        blank = text is None or pl.Series([text]).str.strip_chars()[0] == ""
        assert (p is None) == blank
        assert p is None or 0 <= p <= 1


def test_the_order_of_rows_changes_no_number_of_a_model() -> None:
    rows = judged(40)
    one = train(TEXT_HARMS, rows, lexicon())
    other = train(TEXT_HARMS, rows.sample(fraction=1, shuffle=True, seed=7), lexicon())
    assert digest_of(one.model) == digest_of(other.model)
    assert one.digest == other.digest


def test_yes_and_no_weigh_alike_and_a_row_of_a_larger_platform_less() -> None:
    labels = np.array([True, True, False, False, False, False])
    sources = np.array(["a", "b", "a", "b", "b", "b"], dtype=object)

    found = weights(labels, sources)

    assert np.isclose(found[labels].sum(), found[~labels].sum())
    assert np.isclose(found[0] / found[1], 2)  # 2 rows against 4
    assert np.isclose(found[2] / found[3], 2)
    assert np.isclose(found.mean(), 1)


def test_what_edos_does_not_call_sexist_counts_a_fifth() -> None:
    labels = np.array([True, False, True, False])
    sources = np.array(["edos", "edos", "b", "b"], dtype=object)
    found = weights(labels, sources)
    assert np.isclose(found[1] / found[0], 0.2)
    assert np.isclose(found[3] / found[2], 1)


def test_a_head_with_one_value_only_is_refused_with_its_counts() -> None:
    rows = judged(40).with_columns(pl.lit(value=False).alias(Harm.SPAM))
    with pytest.raises(ClassifierError, match=r"0 texts that are and \d+ that are not; wanted 10"):
        train(TEXT_HARMS, rows, lexicon())


def test_an_unknown_classifier_is_refused() -> None:
    with pytest.raises(ClassifierError, match="no classifier 'images'; wanted one of text_harms"):
        train("images", judged(2), lexicon())


def test_a_golden_text_in_another_spelling_is_kept_from_training() -> None:
    ids = golden(TEXT_HARMS).head(5)
    loud = ids.with_columns(pl.col("text").str.to_uppercase() + " !!")
    rows = judged(3)
    disguised = loud.with_columns(text_id=text_ids(loud["text"]))
    assert without_golden(pl.concat([rows, disguised]))["text_id"].to_list() == (
        rows["text_id"].to_list()
    )
