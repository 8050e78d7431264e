"""Values of a log as the types of a contract: null where a value does not fit its type."""

import polars as pl

from monitors.columns import TIMESTAMP, Column
from orchestration.ingest.source import Source

TRUE = ["true", "t", "yes", "y", "1"]
FALSE = ["false", "f", "no", "n", "0"]
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
WHAT = {pl.Int64: "no whole number", pl.Float64: "no number", pl.Boolean: "neither true nor false"}


def cast(value: pl.Expr, dtype: pl.DataType, column: Column, source: Source) -> pl.Expr:
    """`value`, of type `dtype` in the log, as the type of `column`; null where that fails."""
    if column.dtype == TIMESTAMP:
        return time(value, dtype, source)
    if column.dtype == pl.Boolean:
        return _boolean(value, dtype)
    if column.dtype == pl.Int64:
        return _whole(value, dtype)
    if column.dtype == pl.Float64:
        number = value.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    return value.cast(pl.String, strict=False)


def misfit(column: Column) -> str:
    """What is wrong with a value that does not cast to the column's type."""
    return next((text for dtype, text in WHAT.items() if column.dtype == dtype), "no time")


def _boolean(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return value
    text = value.cast(pl.String, strict=False).str.to_lowercase()
    return pl.when(text.is_in(TRUE)).then(True).when(text.is_in(FALSE)).then(False)


def _whole(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whole numbers; `3.0` is one, as programs that know missing numbers only as floats write."""
    if dtype.is_integer():
        return value.cast(pl.Int64, strict=False)
    number = value.cast(pl.Float64, strict=False)
    exact = pl.when(number == number.floor()).then(number.cast(pl.Int64, strict=False))
    return pl.coalesce(value.cast(pl.Int64, strict=False), exact) if dtype == pl.String else exact


def time(value: pl.Expr, dtype: pl.DataType, source: Source) -> pl.Expr:
    """A time in UTC: as the source's `time_format` says, or ISO 8601."""
    if isinstance(dtype, pl.Datetime):
        zoned = value if dtype.time_zone else _in_zone(value, source.time_zone)
        return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if dtype == pl.Date:
        return _in_zone(value.cast(pl.Datetime("us")), source.time_zone).dt.convert_time_zone("UTC")
    if source.time_format in EPOCHS:
        return _epoch(value, dtype, EPOCHS[source.time_format])
    text = value.cast(pl.String, strict=False)
    if source.time_format is None:
        return _iso(text, source.time_zone)
    pattern = source.time_format
    if source.year is not None:
        text, pattern = pl.lit(f"{source.year} ") + text, f"%Y {pattern}"
    parsed = text.str.to_datetime(pattern, time_unit="us", strict=False)
    if "%z" in pattern or "%:z" in pattern or "%#z" in pattern:
        return parsed.dt.convert_time_zone("UTC")
    return _in_zone(parsed, source.time_zone).dt.convert_time_zone("UTC")


def _epoch(value: pl.Expr, dtype: pl.DataType, scale: int) -> pl.Expr:
    """Numbers since 1970. Whole ones exactly; with a fraction to the microsecond."""
    fraction = (value.cast(pl.Float64, strict=False) * scale).round().cast(pl.Int64, strict=False)
    whole = value.cast(pl.Int64, strict=False) * scale
    exact = whole if dtype.is_integer() else pl.coalesce(whole, fraction)
    micros = exact if dtype.is_integer() or dtype == pl.String else fraction
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _iso(text: pl.Expr, zone: str) -> pl.Expr:
    """ISO 8601: with `T` or a blank, with or without fraction, offset and time of day."""
    plain = text.str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T").str.replace(r" ?[Zz]$", "+00:00")
    day = r"%Y-%m-%d"
    offset = plain.str.to_datetime(f"{day}T%H:%M:%S%.f%:z", time_unit="us", strict=False)
    local = [
        _in_zone(plain.str.to_datetime(pattern, time_unit="us", strict=False), zone)
        for pattern in (f"{day}T%H:%M:%S%.f", f"{day}T%H:%M", day)
    ]
    return pl.coalesce(offset, *(t.dt.convert_time_zone("UTC") for t in local))


def _in_zone(naive: pl.Expr, zone: str) -> pl.Expr:
    """A time without zone in its zone; the first of an hour that comes twice, null if skipped."""
    return naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
