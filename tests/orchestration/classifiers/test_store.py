import json
import zipfile
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import skops.io as sio

from orchestration.classifiers import store
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.score import score
from orchestration.classifiers.store import Stored
from tests.support.texts import said, trained

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return store.save(tmp_path, trained().model, {"data": {"texts": 320}}, NOW)


def test_a_model_that_was_kept_says_what_it_said(stored: Stored) -> None:
    texts = pl.Series([said("rude", 5), said("nice", 6)])
    assert score(store.read(stored), texts).equals(score(trained().model, texts))
    assert stored.card["data"] == {"texts": 320}
    assert stored.card["trained_at"] == "2026-09-01T00:00:00+00:00"


def test_a_model_kept_twice_is_one_file(stored: Stored, tmp_path: Path) -> None:
    again = store.save(tmp_path, trained().model, {}, NOW)
    assert again.id == stored.id
    assert [one.id for one in store.models(tmp_path, "text_harms")] == [stored.id]


def test_a_file_that_would_build_another_type_is_refused_by_its_name(stored: Stored) -> None:
    sio.dump({"heads": OrderedDict(a=1)}, stored.path)
    with pytest.raises(ClassifierError, match=r"holds collections\.OrderedDict"):
        store.read(stored)


def test_a_file_that_names_a_function_to_call_is_refused(stored: Stored) -> None:
    with zipfile.ZipFile(stored.path) as held:
        parts = {name: held.read(name) for name in held.namelist()}
    schema = json.loads(parts["schema.json"])
    schema["content"]["content"] = {"__module__": "os", "__class__": "system", "__loader__": "x"}
    parts["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(stored.path, "w") as held:
        for name, content in parts.items():
            held.writestr(name, content)

    with pytest.raises(ClassifierError, match=r"holds os\.system; .*was not read"):
        store.read(stored)


def test_numbers_changed_since_the_card_was_written_are_refused(
    stored: Stored, tmp_path: Path
) -> None:
    other = store.save(tmp_path / "other", trained(60).model, {}, NOW)
    stored.path.write_bytes(other.path.read_bytes())
    with pytest.raises(ClassifierError, match="is not the one of its card"):
        store.read(stored)


@pytest.mark.parametrize("left", [0, 100])
def test_a_torn_file_is_refused(stored: Stored, left: int) -> None:
    stored.path.write_bytes(stored.path.read_bytes()[:left])
    with pytest.raises(ClassifierError, match="is no skops file"):
        store.read(stored)


def test_a_model_without_a_card_is_refused(stored: Stored) -> None:
    stored.path.with_suffix(".json").unlink()
    with pytest.raises(ClassifierError, match=r"card of model .* cannot be read"):
        store.read(stored)
