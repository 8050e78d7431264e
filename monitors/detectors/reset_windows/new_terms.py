"""Detector `reset_windows.new_terms`: the first event with a value that is not known."""

from collections.abc import Sequence

import polars as pl

from monitors.detectors.reset_windows.rows import says_something


def new_terms(
    events: pl.LazyFrame,
    *,
    value: str,
    known: Sequence[object] | pl.Series,
    time: str = "occurred_at",
    event_id: str = "event_id",
) -> pl.DataFrame:
    """First event with each value that is not among the `known` ones.

    One row per match, by time: id, value and time. What says nothing is no value: null, an empty
    text, zero, False. The first event is the earliest, at one instant the first row. Collects only
    the events with unknown values.

    Overlap: a value matches once in the frame. Zero history (nothing known): the first event with
    each value. Keys never seen, empty input: no rows. A late row takes the match from a later one.
    """
    said = says_something(value, events.collect_schema()[value])
    new = ~pl.col(value).is_in(known.implode() if isinstance(known, pl.Series) else known)
    unknown = events.select(event_id, value, time).filter(said, new)
    rows = unknown.collect(engine="streaming").sort(time, maintain_order=True)
    return rows.unique(value, keep="first", maintain_order=True)
