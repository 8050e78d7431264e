"""The first event with a value that is not among the known ones."""

from collections.abc import Sequence

import polars as pl


def new_terms(
    events: pl.LazyFrame,
    *,
    column: str,
    known: Sequence[object] | pl.Series,
    ids: str = "event_id",
    times: str = "occurred_at",
) -> pl.DataFrame:
    """First event with each value of `column` that is not `known`.

    One row per match, by time: ids, value and time. A value is known from its first event on. What
    says nothing is no value: null, an empty text, zero, False. The first is the earliest, at one
    instant the first row; a late row takes the match from a later event. No events, no matches.
    Only events with unknown values are collected.
    """
    said = says_something(column, events.collect_schema()[column])
    unknown = events.select(ids, column, times).filter(said, ~pl.col(column).is_in(known))
    rows = unknown.collect(engine="streaming").sort(times, maintain_order=True)
    return rows.unique(column, keep="first", maintain_order=True)


def says_something(column: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a value is other than null, an empty text, zero or False."""
    value = pl.col(column)
    if dtype.is_numeric():
        return value != 0
    if dtype == pl.Boolean:
        return value
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return value.cast(pl.String) != ""
    return value.is_not_null()
