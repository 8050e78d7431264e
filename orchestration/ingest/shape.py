"""Batches of a log as rows of a contract; rows that break it go to quarantine with a reason."""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.columns import TIMESTAMP, Column, schema
from orchestration.ingest.batch import BROKEN, RAW, REST, ROW, Batch
from orchestration.ingest.cast import cast, misfit
from orchestration.ingest.errors import IngestError
from orchestration.ingest.source import Source

AHEAD = timedelta(minutes=5)  # clocks differ; an event from further ahead has a wrong time
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
NUMBERED, REASON, KEPT = "__numbered", "__reason", "__kept"


@dataclass(frozen=True, slots=True)
class Shaped:
    """Rows ready for the lake, rows for quarantine, and the count of rows passed over.

    `events` has the columns of `spooled`. `latest` is the last time of the log that can be true.
    `seen` are the columns of the log that had a value.
    """

    events: pl.DataFrame
    broken: pl.DataFrame
    skipped: int
    latest: datetime | None
    seen: frozenset[str]


def spooled(source: Source) -> pl.Schema:
    """The contract's columns, its text, the row's number, and whether its id is to be numbered."""
    text = {column.name: column.dtype for column in source.target.text}
    return pl.Schema(
        {**source.target.schema, **text, **schema({ROW: pl.Int64, NUMBERED: pl.Boolean})}
    )


def shape(batch: Batch, source: Source, *, now: datetime) -> Shaped:
    """Map, cast and check the rows of a batch."""
    records = _resolved(_unpivoted(batch, source), source)
    values = _values(records, source)
    columns = [*source.target.all_columns, *source.target.text]
    fitted = values.with_columns(
        cast(_not_empty(c.name, values), values.schema[c.name], c, source).alias(_fit(c.name))
        for c in columns
    )
    checked = fitted.with_columns(_reason(columns, values, now).alias(REASON))
    time = pl.col(_fit("occurred_at"))
    true = checked.filter(time >= EARLIEST, time <= now + AHEAD)
    kept = checked.filter(pl.col(KEPT))
    good = kept.filter(pl.col(REASON).is_null())
    bad = kept.filter(pl.col(REASON).is_not_null())
    wide = source.unpivot.columns if source.unpivot else ()  # they have become rows
    return Shaped(
        events=_events(good, source, columns, now),
        broken=pl.concat(
            [batch.broken, bad.select(row=ROW, reason=REASON, original=RAW).cast(BROKEN)]
        ),
        skipped=batch.skipped + records.height - kept.height,
        latest=true.select(time.max()).item() if true.height else None,
        seen=frozenset(n for n in source.named if n in wide or _has_value(records, n)),
    )


def _unpivoted(batch: Batch, source: Source) -> pl.DataFrame:
    """The records with RAW; wide columns as rows where the source says so."""
    records = batch.records
    if RAW not in records.columns:
        original = pl.struct(batch.columns).struct.json_encode()
        records = records.with_columns(original.alias(RAW))
    if REST not in records.columns:
        records = records.with_columns(_rest(batch, source).alias(REST))
    if source.unpivot is None:
        return records
    wide = source.unpivot
    return records.unpivot(
        on=list(wide.columns),
        index=[name for name in records.columns if name not in wide.columns],
        variable_name=wide.name,
        value_name=wide.value,
    )


def _rest(batch: Batch, source: Source) -> pl.Expr:
    """JSON of the columns that nobody took, or of those that the source's `extra` names."""
    used = source.wanted | {name.split(".")[0] for name in source.named} | {"product"}
    left = [name for name in batch.columns if name not in used]
    if source.extra is not None:
        left = [name for name in source.extra if name in batch.columns]
    if not left:
        return pl.lit(None, pl.String)
    anything = pl.any_horizontal(pl.col(left).is_not_null())
    return pl.when(anything).then(pl.struct(left).struct.json_encode())


def _resolved(records: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Add wanted columns that the records do not have: dotted paths into JSON, else null."""
    added = []
    for name in sorted(source.wanted - set(records.columns)):
        root, _, path = name.partition(".")
        inside = path and records.schema.get(root) == pl.String
        value = pl.col(root).str.json_path_match(f"$.{path}") if inside else pl.lit(None, pl.String)
        added.append(value.alias(name))
    return records.with_columns(added)


def _values(records: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The contract's columns before they are cast, with ROW, RAW and whether `where` keeps them."""
    taken: dict[str, pl.Expr] = {
        **{name: pl.col(column) for name, column in source.sources.items()},
        **{name: pl.lit(value) for name, value in source.constants.items()},
        **{name: pl.sql_expr(text) for name, text in source.expressions.items()},
        "product": pl.lit(source.product),
        "extra": pl.col(REST),
        KEPT: pl.sql_expr(source.where) if source.where else pl.lit(True),
    }
    try:
        values = records.select(ROW, RAW, **taken)
    except pl.exceptions.PolarsError as error:
        raise IngestError(
            f"Source {source.product}/{source.contract}: an expression cannot be computed "
            f"({type(error).__name__}). Every column of a text log is text: use TRY_CAST."
        ) from error
    if values.schema[KEPT] != pl.Boolean:
        raise IngestError(
            f"Source {source.product}/{source.contract}: where gives {values.schema[KEPT]}; "
            "wanted a condition that is true or false."
        )
    hashed = {name: _text_hashes(records[column]) for name, column in source.hash.items()}
    return values.with_columns(
        *(series.alias(name) for name, series in hashed.items()),
        **_ids(records, values, source),
    )


def _ids(records: pl.DataFrame, values: pl.DataFrame, source: Source) -> dict[str, pl.Series]:
    """The log's own ids, or digests of the row where it has none: those are numbered later."""
    named = {*source.columns, *source.expressions, *source.constants, *source.hash}
    own = pl.Series("event_id", [None] * values.height, dtype=pl.String)
    if not source.event_id and "event_id" in values.columns:
        own = values["event_id"].cast(pl.String)
    if "event_id" in named or not own.null_count():
        return {NUMBERED: pl.repeat(False, values.height, dtype=pl.Boolean, eager=True)}
    columns = list(source.event_id) or [RAW, *([source.unpivot.name] if source.unpivot else [])]
    digests = _digests(records.select(columns).with_columns(values["occurred_at"].alias(KEPT)))
    return {"event_id": own.fill_null(digests), NUMBERED: own.is_null()}


def _digests(rows: pl.DataFrame) -> pl.Series:
    """128 bits of the SHA-256 of each row's length-prefixed values; null differs from empty."""
    texts = [pl.col(name).cast(pl.String) for name in rows.columns]
    parts = [pl.format("{}:{};", t.str.len_bytes(), t).fill_null("-;") for t in texts]
    joined = rows.select(pl.concat_str(parts)).to_series()
    ids = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in joined]
    return pl.Series("event_id", ids, dtype=pl.String)


def _text_hashes(texts: pl.Series) -> pl.Series:
    unique = texts.unique().drop_nulls().to_list()
    hashes = [text_hash(text) for text in unique]
    if not unique:
        return pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    return texts.replace_strict(unique, hashes, default=None, return_dtype=pl.String)


def text_hash(text: str) -> str:
    """128 bits of the SHA-256 of the text without differences of case, blanks and width."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()[:32]


def _not_empty(name: str, values: pl.DataFrame) -> pl.Expr:
    """The value; an empty text is no value."""
    value = pl.col(name)
    return pl.when(value != "").then(value) if values.schema[name] == pl.String else value


def _fit(name: str) -> str:
    return f"__fit_{name}"


def _reason(columns: list[Column], values: pl.DataFrame, now: datetime) -> pl.Expr:
    """Why a row breaks the contract: the first reason, or null."""
    wrong = (check for c in columns for check in _checks(c, values, now))
    return pl.coalesce(pl.when(broken).then(pl.lit(text)) for broken, text in wrong)


def _checks(column: Column, values: pl.DataFrame, now: datetime) -> Iterator[tuple[pl.Expr, str]]:
    name, value = column.name, pl.col(_fit(column.name))
    given = _not_empty(name, values).is_not_null()
    if column.dtype != pl.String:
        yield given & value.is_null(), f"{name}: {misfit(column)}"
    if column.required and name != "received_at":
        yield value.is_null(), f"{name}: missing"
    if column.minimum is not None:
        yield value < column.minimum, f"{name}: under {column.minimum:g}"
    if column.maximum is not None:
        yield value > column.maximum, f"{name}: over {column.maximum:g}"
    if name == "occurred_at":
        yield value > now + AHEAD, f"{name}: in the future"
        yield value < EARLIEST, f"{name}: before {EARLIEST.year}"


def _events(
    good: pl.DataFrame, source: Source, columns: list[Column], now: datetime
) -> pl.DataFrame:
    fitted = good.select(
        *(pl.col(_fit(c.name)).cast(c.dtype).alias(c.name) for c in columns), ROW, NUMBERED
    )
    received = pl.col("received_at").fill_null(pl.lit(now, TIMESTAMP))
    return fitted.with_columns(received).select(spooled(source).names())


def _has_value(records: pl.DataFrame, name: str) -> bool:
    """Whether any row has a value."""
    return records[name].null_count() < records.height
