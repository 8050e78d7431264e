import numpy as np
import polars as pl

from orchestration.world import texts
from orchestration.world.draws import generator

ENGLISH = np.zeros(2000, np.int64)


def test_the_same_draws_give_the_same_texts() -> None:
    first = texts.ordinary(generator(1, "a"), ENGLISH)

    assert first.equals(texts.ordinary(generator(1, "a"), ENGLISH))
    assert not first.equals(texts.ordinary(generator(2, "a"), ENGLISH))


def test_equal_texts_have_equal_hashes_and_others_do_not() -> None:
    written = texts.ordinary(generator(1, "a"), np.tile(np.arange(8), 500))

    both = written.group_by("text").agg(pl.col("text_hash").n_unique())
    assert both["text_hash"].to_list() == [1] * both.height
    assert written["text_hash"].n_unique() >= both.height


def test_most_ordinary_texts_are_of_their_own_and_some_are_everybodys() -> None:
    written = texts.ordinary(generator(1, "a"), np.zeros(10_000, np.int64))

    assert 0.90 < written["text"].n_unique() / written.height < 0.98
    assert "thanks" in written["text"].to_list()
    assert written.filter(text="thanks")["template_hash"].null_count() > 0


def test_who_asks_again_keeps_the_template_but_not_the_text() -> None:
    again = texts.ordinary(generator(3, "a"), ENGLISH, origin=np.repeat(np.arange(0, 2000, 2), 2))
    first, second = again.gather_every(2), again.gather_every(2, offset=1)

    assert first["template_hash"].equals(second["template_hash"])
    assert (
        first["text_hash"] != second["text_hash"]
    ).mean() > 0.7  # the others send the same again


def test_a_wording_departs_from_the_first_as_freely_as_told() -> None:
    template = "{Good|Fine|Kind} day, {name}"

    told = texts.spun(generator(1, "a"), template, 200, freedom=0)
    free = texts.spun(generator(1, "a"), template, 200)

    assert told.str.starts_with("Good day, ").all()
    assert told.n_unique() == 21
    assert set(free.str.slice(0, 4)) == {"Good", "Fine", "Kind"}


def test_a_hash_does_not_see_case_and_spaces_and_null_has_none() -> None:
    hashes = texts.hashed(pl.Series(["A  lamp ", "a lamp", "a lamb", None]))

    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]
    assert hashes[3] is None


def test_texts_of_one_template_are_many_in_as_many_families_as_told() -> None:
    lures = texts.templated(generator(1, "a"), "scam", 300, families=4, freedom=0.8)

    assert lures["template_hash"].n_unique() == 4
    assert lures["text_hash"].n_unique() > 250
    assert texts.templated(generator(1, "a"), "scam", 0, families=1, freedom=1).is_empty()
