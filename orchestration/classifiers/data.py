"""Training data: every source as one frame, each text once, and what had to be set aside."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.harms import LABELS
from orchestration.classifiers.languages import languages
from orchestration.classifiers.normalise import text_ids
from orchestration.classifiers.sources import SOURCES, Source, read

OWN = {  # what each set was judged for, where every row was
    "edos": "hate_harassment",
    "injections": "jailbreak",
    "jailbreaks": "jailbreak",
    "sms": "spam",
    "toxicity": "hate_harassment",
    "xstest": "any",
}
SCHEMA = pl.Schema(
    {
        "text_id": pl.String(),
        "text": pl.String(),
        "source": pl.String(),
        "split": pl.String(),
        "language": pl.String(),
        **{name: pl.Boolean() for name in LABELS},
    }
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What sources gave: the frame of `SCHEMA`, and counts by source of what was left out.

    `quarantined` rows have no text or no known label; `duplicates` say again what another row says.
    """

    frame: pl.DataFrame
    quarantined: Mapping[str, int]
    duplicates: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 of texts' ids, sources and labels, whatever their order."""
        return digest(self.frame)


def load(folder: Path, sources: Iterable[Source] = SOURCES) -> Loaded:
    """Every source that the folder has, in the order of `sources`.

    A text that is there twice is one row; where two rows of it disagree on a head, it was not
    judged for that head. Raises ClassifierError where the folder has none of the sources.
    """
    parts, quarantined = [], {}
    for source in sources:
        rows = read(source, folder)
        if rows is not None:
            sound = shaped(rows, source.name)
            quarantined[source.name] = rows.height - sound.height
            parts.append(sound)
    if not parts:
        raise ClassifierError(
            f"'{folder.name}' holds none of the data sets {', '.join(s.name for s in sources)}; "
            "wanted at least one. Give --data a folder such as samples/."
        )
    whole = pl.concat(parts)
    frame = deduplicated(whole)
    left = {name: n - int((frame["source"] == name).sum()) for name, n in _sizes(whole).items()}
    return Loaded(frame, quarantined, left)


def shaped(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Rows of `text` and heads in the columns of `SCHEMA`; those without text or label left out."""
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in SCHEMA.items()
        if name not in rows.columns
    ]
    told = rows.with_columns(*missing).filter(
        pl.col("text").str.strip_chars() != "",
        pl.any_horizontal(pl.col(name).is_not_null() for name in LABELS if name in rows.columns),
        _judged(source),
    )
    return told.with_columns(
        source=pl.lit(source),
        text_id=text_ids(told["text"]),
        language=languages(told["text"]),
    ).select([pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()])


def _judged(source: str) -> pl.Expr:
    """A row of a set whose own label is not one of those known was not judged by anybody."""
    own = OWN.get(source)
    return pl.col(own).is_not_null() if own else pl.lit(value=True)


def deduplicated(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a text, in the order of first sight; heads on which its rows disagree are null."""
    one = {name: _agreed(name) for name in LABELS}
    first = {name: pl.col(name).first() for name in ("text", "source", "split", "language")}
    return rows.group_by("text_id", maintain_order=True).agg(**first, **one).select(list(SCHEMA))


def _agreed(name: str) -> pl.Expr:
    said = pl.col(name).drop_nulls()
    return pl.when(said.n_unique() == 1).then(said.first())


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's ids, sources and labels, whatever the order of its rows."""
    told = hashlib.sha256()
    for row in frame.select("text_id", "source", *LABELS).sort("text_id").iter_rows():
        told.update(repr(row).encode())
    return told.hexdigest()


def _sizes(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame["source"].value_counts().iter_rows())
