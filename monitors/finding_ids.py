"""Identities of findings, and the keyed draw that decides which scores are sampled."""

import hashlib
from datetime import UTC, datetime, timedelta

import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
U64 = pl.UInt64
BLOCK = 8  # bytes read at a time by `with_draw`
ODD = (  # unsigned multiplication and addition wrap around in Polars
    0x9E3779B97F4A7C15,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)


def finding_id(
    monitor: str,
    version: int,
    entity_type: str,
    entity: str,
    *,
    window_start: datetime,
    window_end: datetime,
    subkey: str | None,
) -> str:
    """SHA-256 over the length-prefixed UTF-8 of the parts; the same for ever and everywhere."""
    parts = (
        monitor,
        str(version),
        entity_type,
        entity,
        str(microseconds(window_start)),
        str(microseconds(window_end)),
        "" if subkey is None else f"={subkey}",
    )
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def microseconds(time: datetime) -> int:
    """Whole microseconds since the epoch."""
    return (time - EPOCH) // timedelta(microseconds=1)


def with_draw(rows: pl.LazyFrame, *, seed: str) -> pl.LazyFrame:
    """Add `draw`: a uniform number in [0, 1) of seed, entity and window end only.

    Multiplies the entity's words (below) and the time by odd constants, adds, and mixes with
    splitmix64's finish (Steele, Lea and Flood, 2014). Own arithmetic rather than the engine's
    hash, whose result may change with its version. An unsigned integer is its own word; of any
    other entity, the text's first, middle and last eight bytes and its length are: ids that
    differ only elsewhere share their draw.
    """
    key = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    dtype = rows.collect_schema()["entity"]
    words = [pl.col("entity").cast(U64)] if dtype.is_unsigned_integer() else _words()
    mixed = pl.lit(key, U64)
    for word, odd in zip(
        [*words, pl.col("window_end").dt.epoch("us").cast(U64)], ODD, strict=False
    ):
        mixed = mixed + word * pl.lit(odd, U64)
    # A column a step: as one expression, each step would double the ones before it.
    x = pl.col("draw")
    return (
        rows.with_columns(draw=mixed)
        .with_columns(draw=(x ^ (x // (1 << 30))) * pl.lit(0xBF58476D1CE4E5B9, U64))
        .with_columns(draw=(x ^ (x // (1 << 27))) * pl.lit(0x94D049BB133111EB, U64))
        .with_columns(draw=x ^ (x // (1 << 31)))
        .with_columns(draw=(x // (1 << 11)).cast(pl.Float64) / float(1 << 53))
    )


def _words() -> list[pl.Expr]:
    text = pl.col("entity").cast(pl.String)
    size = text.str.len_bytes().cast(pl.Int64)
    padded = (text + pl.lit("\0" * BLOCK)).cast(pl.Binary)
    last = (size - BLOCK).clip(0)
    return [*(_word(padded, offset) for offset in (pl.lit(0), last // 2, last)), size.cast(U64)]


def _word(padded: pl.Expr, offset: pl.Expr) -> pl.Expr:
    return padded.bin.slice(offset, BLOCK).bin.reinterpret(dtype=U64, endianness="little")
