"""Files of texts that people hand over: read in any shape, and scored row for row."""

import gzip
import io
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.pipelines import Model
from orchestration.classifiers.score import score

TEXT, IDS = "text", ("id", "text_id", "event_id")
ENDINGS = (".parquet", ".csv", ".jsonl", ".ndjson", ".json")
GZIP = b"\x1f\x8b"
FAULTS = (OSError, EOFError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows of ids and probabilities, as many and in the order of the file; `empty` have none."""

    rows: pl.DataFrame
    empty: int


def read_texts(path: Path) -> pl.DataFrame:
    """A Parquet, CSV or JSON-lines file with a column `text`, gzipped or not.

    Raises ClassifierError for a file of another kind, one that is broken and one without `text`.
    """
    name = path.name.removesuffix(".gz")
    kind = next((ending for ending in ENDINGS if name.lower().endswith(ending)), None)
    if kind is None:
        raise ClassifierError(
            f"'{path.name}' has an unknown ending; wanted one of {', '.join(ENDINGS)}, with .gz or "
            "not. Rename it after what it holds."
        )
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content.startswith(GZIP) else content
        rows = _parsed(content, kind)
    except FAULTS as error:
        raise ClassifierError(
            f"'{path.name}' cannot be read: {type(error).__name__}. Wanted a whole "
            f"{kind.removeprefix('.')} file with a column '{TEXT}'. Export it again."
        ) from error
    if TEXT not in rows.columns:
        raise ClassifierError(
            f"'{path.name}' has no column '{TEXT}', but {', '.join(rows.columns[:8]) or 'none'}; "
            "rename the one that holds the texts."
        )
    try:
        return rows.with_columns(pl.col(TEXT).cast(pl.String))
    except pl.exceptions.PolarsError as error:
        raise ClassifierError(
            f"The column '{TEXT}' of '{path.name}' is of {rows[TEXT].dtype}, which are no texts; "
            "wanted text in UTF-8. Export it again."
        ) from error


def _parsed(content: bytes, kind: str) -> pl.DataFrame:
    if kind == ".parquet":
        return pl.read_parquet(io.BytesIO(content))
    if not content.strip():
        return pl.DataFrame()
    if kind == ".csv":
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    if kind == ".json" and content.lstrip().startswith(b"["):
        return pl.read_json(io.BytesIO(content), infer_schema_length=None)
    return pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)


def score_file(model: Model, path: Path) -> Scored:
    """Score a file's texts. What the file calls an id is kept; the texts are not."""
    rows = read_texts(path)
    kept = [name for name in rows.columns if name in IDS]
    told = score(model, rows[TEXT])
    return Scored(
        pl.concat([rows.select(kept), told], how="horizontal") if kept else told,
        int(told.to_series(0).null_count()),
    )


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write rows as Parquet, CSV or JSON lines, by the file's ending; whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    name = path.name.removesuffix(".gz").lower()
    buffer = io.BytesIO()
    if name.endswith(".parquet"):
        rows.write_parquet(buffer)
    elif name.endswith(".csv"):
        rows.write_csv(buffer)
    elif name.endswith((".jsonl", ".ndjson")):
        rows.write_ndjson(buffer)
    else:
        raise ClassifierError(
            f"'{path.name}' has an unknown ending; wanted .parquet, .csv or .jsonl, with .gz or "
            "not. Give -o another name."
        )
    content = buffer.getvalue()
    try:
        draft.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
        draft.replace(path)
    except OSError as error:
        raise ClassifierError(
            f"'{path.name}' cannot be written: {error.strerror}. Give -o a folder that is there."
        ) from error
