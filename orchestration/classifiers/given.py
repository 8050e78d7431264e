"""Labelled texts that somebody hands over, in the columns that models are measured by."""

import polars as pl

from orchestration.classifiers.data import SCHEMA
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.harms import ANY, HARMS, LABELS
from orchestration.classifiers.languages import languages
from orchestration.classifiers.normalise import text_ids

YES = ("true", "1", "yes", "1.0")
NO = ("false", "0", "no", "0.0")


def labelled(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Rows of `text` and a column for some heads, in `data.SCHEMA`; null was not judged.

    `any` is, where it is not given, true if any head is, and false if every given one is false.
    Raises ClassifierError for rows without a head, and for values that are neither yes nor no.
    """
    heads = [name for name in LABELS if name in rows.columns]
    if not heads:
        raise ClassifierError(
            f"The file has no column of labels; wanted one or more of {', '.join(LABELS)}, true, "
            "false or empty. Add one."
        )
    told = {name: _truth(rows[name]) for name in heads}
    frame = pl.DataFrame(
        {
            "text_id": text_ids(rows["text"].cast(pl.String)),
            "text": rows["text"].cast(pl.String),
            **told,
        }
    )
    if ANY not in told:
        given = [pl.col(name) for name in heads]
        every = pl.all_horizontal(one.is_not_null() for one in given)
        some = pl.any_horizontal(one.fill_null(value=False) for one in given)
        frame = frame.with_columns(
            pl.when(some).then(statement=True).when(every).then(pl.lit(value=False)).alias(ANY)
        )
    for name in ("source", "split"):
        value = rows[name].cast(pl.String) if name in rows.columns else None
        default = source if name == "source" else None
        frame = frame.with_columns(
            value.alias(name) if value is not None else pl.lit(default, pl.String).alias(name)
        )
    missing = [pl.lit(None, pl.Boolean).alias(name) for name in HARMS if name not in frame.columns]
    return frame.with_columns(*missing, language=languages(frame["text"])).select(list(SCHEMA))


def _truth(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return column
    words = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    words = words.set(words == "", None)
    strange = words.drop_nulls().filter(~words.drop_nulls().is_in([*YES, *NO]))
    if strange.len():
        raise ClassifierError(
            f"The column '{column.name}' has {strange.len()} values that are neither true nor "
            "false; wanted true, false, 1, 0 or nothing."
        )
    return words.is_in(YES).set(words.is_null(), None)
