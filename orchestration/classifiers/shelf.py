"""The models of one installation: trained, kept under the home, and the one that scores."""

import importlib.metadata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.classifiers import store
from orchestration.classifiers.data import Loaded
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.pipelines import Model
from orchestration.classifiers.store import Stored
from orchestration.classifiers.training import SAMPLES, Trained, train_from

PACKAGES = ("numpy", "polars", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Models under `home`/models, a folder a classifier."""

    home: Path

    @property
    def folder(self) -> Path:
        """Where models lie."""
        return self.home / "models"

    def models(self, name: str) -> list[Stored]:
        """Every model of a classifier, oldest first. Raises ClassifierError for an unknown name."""
        return store.models(self.folder, checked(name))

    def find(self, name: str, model: str) -> Stored:
        """The model whose id begins so. Raises ClassifierError for none and for several."""
        found = [one for one in self.models(name) if one.id.startswith(model)]
        if len(found) != 1:
            known = ", ".join(one.id for one in self.models(name)) or "none"
            raise ClassifierError(
                f"{len(found)} models of '{name}' have an id that begins so; wanted one of: "
                f"{known}. Copy it from `watchfloor classifier list`."
            )
        return found[0]

    def train(
        self,
        name: str,
        *,
        now: datetime,
        data: Path = SAMPLES,
        more: pl.DataFrame | None = None,
        provenance: dict[str, Any] | None = None,
    ) -> tuple[Stored, Trained, Loaded]:
        """Train on the sets of a folder, and on `more`; keep the model with its card."""
        trained, loaded = train_from(checked(name), data, more)
        card = {
            "classifier": name,
            "data": card_of(trained, loaded) | (provenance or {}),
            "held_out": trained.held_out,
            "packages": {one: importlib.metadata.version(one) for one in PACKAGES},
        }
        return store.save(self.folder, trained.model, card, now), trained, loaded

    def read(self, stored: Stored) -> Model:
        """The model itself."""
        return store.read(stored)


def card_of(trained: Trained, loaded: Loaded) -> dict[str, Any]:
    """Where the training data is from: digest, and counts by source; no text."""
    frame = trained.frame
    return {
        "digest": trained.digest,
        "texts": frame.height,
        "sources": dict(sorted(frame["source"].value_counts().iter_rows())),
        "splits": dict(sorted(frame["split"].fill_null("none").value_counts().iter_rows())),
        "quarantined": dict(loaded.quarantined),
        "duplicates": dict(loaded.duplicates),
    }


def checked(name: str) -> str:
    """The name, if there is such a classifier; ClassifierError otherwise."""
    if name not in CLASSIFIERS:
        raise ClassifierError(
            f"There is no classifier '{name}'; wanted one of {', '.join(CLASSIFIERS)}."
        )
    return name
