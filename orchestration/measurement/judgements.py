"""Labels of raters for units, checked before anything is counted."""

import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import check_columns, check_whole

KEY = ("rater", "unit")


def judgements(labels: pl.DataFrame) -> pl.DataFrame:
    """labels[rater, unit, label] with text in all three, sorted; a null label is missing, left out.

    Raises MeasurementError for a missing column, a null rater or unit, and for two labels by one
    rater for one unit, even if they are alike: take the effective one first.
    """
    check_columns("labels", labels, (*KEY, "label"))
    check_whole("labels", labels, KEY)
    given = labels.select(pl.col(*KEY, "label").cast(pl.String)).drop_nulls("label")
    twice = given.filter(pl.struct(*KEY).is_duplicated()).select(*KEY).unique()
    if twice.height:
        raise MeasurementError(
            f"{twice.height} units have two labels by one rater; wanted one for each rater and "
            "unit. Keep the label in force, which no other supersedes."
        )
    return given.sort(*KEY)
