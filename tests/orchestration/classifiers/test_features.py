import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.classifiers.features import WIDTH, features
from orchestration.classifiers.languages import languages
from orchestration.classifiers.normalise import normalised, text_ids
from tests.support.texts import lexicon


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("HELLO there", "hello there"),
        ("he\u200bllo", "hello"),
        ("\u0440\u0435ace", "peace"),
        ("g4rd3n", "garden"),
        ("\uff48\uff45\uff4c\uff4c\uff4f", "hello"),
        ("see https://a.example/x?y=1 now", "see  xxlink  now"),
        ("[USER] said", " xxuser  said"),
        ("write to a.b@c.example", "write to  xxmail "),
        ("5 apples", " xxnum  apples"),
    ],
)
def test_disguises_are_taken_off_and_signs_put(written: str, plain: str) -> None:
    assert normalised(pl.Series([written])).to_list() == [plain]


def test_of_a_long_text_the_ends_are_looked_at() -> None:
    (found,) = normalised(pl.Series(["a" * 1000 + "b" * 5000 + "c" * 500]))
    assert found == "a" * 1000 + " " + "c" * 500


def test_one_id_for_a_text_in_two_spellings_and_two_for_two_texts() -> None:
    one, same, other, none = text_ids(pl.Series(["Hello, there!", "hello  THERE", "hello", None]))
    assert one == same
    assert len({one, other, none}) == 3
    assert none is None


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_a_row_of_features_depends_on_its_text_alone(texts: list[str]) -> None:
    together = features(pl.Series(texts), lexicon())
    alone = [features(pl.Series([text]), lexicon()) for text in texts]
    assert together.shape == (len(texts), WIDTH)
    for i, row in enumerate(alone):
        assert (together[i] != row).nnz == 0


def test_no_text_has_no_features() -> None:
    found = features(pl.Series(["", None], dtype=pl.String), lexicon())
    assert found.shape == (2, WIDTH)
    assert found.nnz == 0


def test_tone_hears_hostility_and_whom_it_is_said_to() -> None:
    found = features(pl.Series(["you are an awful person", "a lovely garden"]), lexicon())
    tone = np.asarray(found[:, -14:].todense())
    assert tone[0, 0] > tone[1, 0] == 0
    assert tone[1, 1] > tone[0, 1]
    assert tone[:, 8].tolist() == [1, 0]
    assert tone[:, 10].tolist() == [1, 0]


def test_a_language_is_known_by_common_words_or_not_at_all() -> None:
    texts = ["what is this and that", "das ist nicht der Weg", "que es lo que no se", "hm", None]
    assert languages(pl.Series(texts)).to_list() == ["en", "de", "es", None, None]
