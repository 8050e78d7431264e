"""Models on disk: a skops file of allowed types only, and its card beside it.

A file of Python objects can do anything when it is read. skops names what a file would build; what
is not in `ALLOWED` is refused by name before anything is built, whoever made the file.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.features import VERSION
from orchestration.classifiers.pipelines import Model
from orchestration.classifiers.tone import Lexicon

SHOWN = 16
ALLOWED = frozenset(
    {
        "builtins.bool",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "builtins.type",
        "numpy.bool",
        "numpy.dtype",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.ndarray",
        "sklearn.linear_model._logistic.LogisticRegression",
    }
)
FAULTS = (OSError, EOFError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class Stored:
    """A model's file. `id` is the start of the digest of its content, and names it."""

    id: str
    path: Path

    @property
    def card(self) -> dict[str, Any]:
        """What is known of the model: data, versions, measures. Raises ClassifierError."""
        path = self.path.with_suffix(".json")
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ClassifierError(
                f"The card of model {self.id} cannot be read; wanted '{path.name}' beside the "
                "model. Train it again."
            ) from error
        return told


def save(folder: Path, model: Model, card: dict[str, Any], now: datetime) -> Stored:
    """Write a model and its card under the folder of its classifier; the same model is one file."""
    import skops.io as sio  # noqa: PLC0415 - slow import

    home = folder / model.name
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f".{os.getpid()}.draft"
    sio.dump(_content(model), draft, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    found = digest_of(model)
    stored = Stored(found, home / f"{found}.skops")
    told = {
        **card,
        "model": found,
        "file_sha256": hashlib.sha256(draft.read_bytes()).hexdigest(),
        "trained_at": now.astimezone(UTC).isoformat(),
        "features": VERSION,
        "thresholds": dict(model.thresholds),
    }
    writing = stored.path.with_suffix(".json.draft")
    writing.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(stored.path)
    writing.replace(stored.path.with_suffix(".json"))
    return stored


def read(stored: Stored) -> Model:
    """The model of a file. Raises ClassifierError for one that is missing, torn, changed or unsafe.

    A file whose digest is not that of its card is refused: the card's measures are of another.
    """
    import skops.io as sio  # noqa: PLC0415 - slow import

    try:
        content = stored.path.read_bytes()
    except OSError as error:
        raise ClassifierError(
            f"There is no model {stored.id}; wanted one of `watchfloor classifier list`."
        ) from error
    check_types(stored.path)
    if hashlib.sha256(content).hexdigest() != stored.card["file_sha256"]:
        raise ClassifierError(
            f"The file of model {stored.id} is not the one of its card; it was changed since. "
            "Train again, or bring the file back."
        )
    try:
        told = sio.loads(content, trusted=[])
        return _model(told)
    except FAULTS as error:
        raise ClassifierError(
            f"Model {stored.id} cannot be read: {type(error).__name__}. Wanted a model that "
            f"`watchfloor classifier train` wrote with features of version {VERSION}; train again."
        ) from error


def models(folder: Path, name: str) -> list[Stored]:
    """Every model of a classifier, oldest first."""
    found = [Stored(path.stem, path) for path in (folder / name).glob("*.skops")]
    return sorted(found, key=lambda one: (str(one.card["trained_at"]), one.id))


def check_types(path: Path) -> None:
    """Raise ClassifierError, which names them, for types that a model has no need of."""
    try:
        with zipfile.ZipFile(path) as held:
            schema = json.loads(held.read("schema.json"))
    except FAULTS as error:
        raise ClassifierError(
            f"'{path.name}' is no skops file ({type(error).__name__}); wanted one that "
            "`watchfloor classifier train` wrote. Train again."
        ) from error
    strange = sorted(set(_types(schema)) - ALLOWED)
    if strange:
        raise ClassifierError(
            f"'{path.name}' holds {', '.join(strange)}; a model is made of numbers and logistic "
            "regressions only, so it was not read. Find out who wrote it; train again."
        )


def digest_of(model: Model) -> str:
    """Start of the SHA-256 of a model's numbers."""
    told = hashlib.sha256(f"{model.name} {VERSION}".encode())
    for head in sorted(model.heads):
        one, by = model.heads[head], model.calibrators[head]
        told.update(head.encode())
        for part in (one.coef_, one.intercept_, by.coef_, by.intercept_):
            told.update(np.ascontiguousarray(part).tobytes())
    told.update(model.lexicon.words.tobytes() + model.lexicon.obscene.tobytes())
    return told.hexdigest()[:SHOWN]


def _types(node: object) -> Iterator[str]:
    """Every type that a schema of skops names, and every function."""
    if isinstance(node, dict):
        if "__module__" in node and "__class__" in node:
            yield f"{node['__module__']}.{node['__class__']}"
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _types(value)


def _content(model: Model) -> dict[str, Any]:
    return {
        "features": VERSION,
        "name": model.name,
        "heads": dict(model.heads),
        "calibrators": dict(model.calibrators),
        "words": model.lexicon.words.view(np.int64),
        "values": model.lexicon.values,
        "obscene": model.lexicon.obscene.view(np.int64),
        "thresholds": dict(model.thresholds),
        "reference": dict(model.reference),
    }


def _model(told: dict[str, Any]) -> Model:
    if told["features"] != VERSION:
        raise ValueError(told["features"])
    lexicon = Lexicon(
        told["words"].view(np.uint64), told["values"], told["obscene"].view(np.uint64)
    )
    return Model(
        told["name"],
        told["heads"],
        told["calibrators"],
        lexicon,
        told["thresholds"],
        told["reference"],
    )
