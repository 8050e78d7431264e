"""A number with what makes it one: how many units, between which ends, by which method."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from orchestration.measurement.errors import MeasurementError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, `n` units it rests on, and an interval that holds the truth so often.

    `value`, `lower` and `upper` are null where the units say nothing. `se` is a standard error,
    only for information: no interval here is made of it. What the units were drawn from, the
    window and the versions are the caller's to record.
    """

    value: float | None
    lower: float | None
    upper: float | None
    n: int
    method: str
    confidence: float = CONFIDENCE
    se: float | None = None


def nothing(n: int, method: str, confidence: float = CONFIDENCE) -> Estimate:
    """The estimate of what the units say nothing of."""
    return Estimate(None, None, None, n, method, confidence)


def shown(share: Estimate) -> str:
    """A share as people read it: never without its n and interval, and never as 0 %.

    Nothing found reads "no more than" the upper end; null reads "insufficient".
    """
    n = f"n = {share.n}, {share.method}"
    if share.value is None or share.lower is None or share.upper is None:
        return f"insufficient ({n})"
    sure = f"{share.confidence:.0%}"
    if share.value == 0:
        return f"no more than {share.upper:.2%} ({sure}, {n})"
    return f"{share.value:.1%} ({share.lower:.1%} to {share.upper:.1%}, {sure}, {n})"


def tail_of(confidence: float) -> float:
    """What an interval of this confidence leaves out; MeasurementError if it is not in (0, 1)."""
    if not 0 < confidence < 1:
        raise MeasurementError(
            f"The confidence is {confidence}; wanted a number between 0 and 1, such as 0.95. "
            "Give it so."
        )
    return 1 - confidence


def check_counts(k: int, n: int) -> None:
    """Refuse counts that cannot be, with MeasurementError."""
    if not 0 <= k <= n:
        raise MeasurementError(f"{k} of {n} were given; wanted 0 <= part <= all. Count them again.")


def check_columns(what: str, frame: pl.DataFrame, wanted: Iterable[str]) -> None:
    """Refuse a frame that lacks one of these columns, with MeasurementError."""
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise MeasurementError(
            f"The {what} have the columns {', '.join(frame.columns) or 'none'}; "
            f"{', '.join(missing)} missing. Rename or add them."
        )


def check_whole(what: str, frame: pl.DataFrame, columns: Iterable[str]) -> None:
    """Refuse nulls and NaN in these columns, with MeasurementError."""
    for name in columns:
        column = frame[name]
        empty = column.null_count()
        if column.dtype.is_float():
            empty += int(column.is_nan().sum())
        if empty:
            raise MeasurementError(
                f"The {what} have {empty} rows without a {name}; wanted one in each row. "
                "Fill them in, or leave these rows out and say so."
            )
