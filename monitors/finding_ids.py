"""Identities of findings, and the keyed draw that decides which scores are sampled."""

import hashlib
from datetime import UTC, datetime, timedelta

import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
U64 = pl.UInt64
BLOCK = 8  # bytes read at a time by `draw`


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


def draw(entity: pl.Expr, window_end: pl.Expr, *, seed: str) -> pl.Expr:
    """Uniform number in [0, 1) that depends on seed, entity and window only.

    Reads the first, middle and last eight bytes of the entity and its length, then mixes with
    splitmix64 (Steele, Lea and Flood, 2014). Own arithmetic rather than the engine's hash, whose
    result may change with its version; ids that differ only elsewhere share their draw.
    """
    key = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    text = entity.cast(pl.String)
    size = text.str.len_bytes().cast(U64)
    padded = (text + pl.lit("\0" * BLOCK)).cast(pl.Binary)
    middle = (size.cast(pl.Int64) - BLOCK).clip(0) // 2
    state = pl.lit(key, U64)
    for offset in (pl.lit(0), middle, (size.cast(pl.Int64) - BLOCK).clip(0)):
        state = _mix(state ^ _word(padded, offset))
    state = _mix(state ^ size)
    state = _mix(state ^ window_end.dt.epoch("us").cast(U64))
    return (state // pl.lit(1 << 11, U64)).cast(pl.Float64) / float(1 << 53)


def _word(padded: pl.Expr, offset: pl.Expr) -> pl.Expr:
    return padded.bin.slice(offset, BLOCK).bin.reinterpret(dtype=U64, endianness="little")


def _mix(state: pl.Expr) -> pl.Expr:
    """One splitmix64 step; unsigned multiplication and addition wrap around in Polars."""
    x = state + pl.lit(0x9E3779B97F4A7C15, U64)
    x = (x ^ (x // pl.lit(1 << 30, U64))) * pl.lit(0xBF58476D1CE4E5B9, U64)
    x = (x ^ (x // pl.lit(1 << 27, U64))) * pl.lit(0x94D049BB133111EB, U64)
    return x ^ (x // pl.lit(1 << 31, U64))
