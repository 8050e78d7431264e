"""Detector `near_duplicates`: one text, sent with small changes by many."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.detectors._minhash import oldest_alike
from monitors.detectors._shingles import normalised
from monitors.detectors._spans import NOTHING, spread
from monitors.errors import MonitorError

MEMBERS = 100  # ids that are given as evidence
DIGITS = 16  # of the hexadecimal id of a template
LEAST = 0.5  # similarity under which bands would miss many pairs


def near_duplicates(
    events: pl.LazyFrame,
    *,
    author: str,
    text: str,
    similarity: float = 0.7,
    minimum: int = 20,
    entity: str = "template",
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    look_back: timedelta = NOTHING,
    period: pl.LazyFrame | None = None,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the distinct authors of each template: texts that are near duplicates of each other.

    One row per template and cell of `grid` in which one of its texts was sent; the window is the
    cell and the `look_back`, a multiple of `grid`, before it. A template has at least two texts,
    equal or alike: after normalisation (case, web addresses, numbers, white space) the Jaccard
    similarity of their five-byte shingles is at least `similarity`, and such links connect. Texts
    under `minimum` characters after normalisation, and rows without author or text, are left out.
    Score is never null; give an event's id as `author` to count texts. The id, in column
    `entity`, is of the template's oldest text in the window: the start of its SHA-256, from which
    a text can be guessed but not read. With `period` (`start`, `end`), only cells that meet it
    are worked out. Evidence: `authors`, `texts` sent, `variants` of the text, `members` (the first
    hundred author ids, in order), `first_at`, `last_at`; with `event_id`, that of the oldest text.

    Overlap: windows overlap by `look_back`. Zero history: two texts suffice. Keys never seen: no
    row. Empty input: no rows. Late rows may join templates or give them an older text, which
    changes the id. A text is compared with the oldest and the four before it in each of 16 bands,
    so a pair of similarity 0.7 is found with probability 0.999, one of 0.5 with 0.88, unless more
    texts share all its bands. Raises MonitorError for a `similarity` outside 0.5 to 1. Source:
    Broder, On the resemblance and containment of documents (1997).
    """
    _require(similarity, minimum=minimum, grid=grid)
    rows = rows_of(events, entity=author, time=time, event_id=event_id, text=_text(text, minimum))
    sent = (
        _told(rows)
        .group_by(cell(grid), "text", "entity", "time")
        .agg(n=pl.len().cast(pl.Int64), **smallest(event_id))
    )
    uses = spread(sent, grid=grid, look_back=look_back, period=period)
    named = _named(uses, ["cell"], similarity, event_id)
    cells = named.group_by("cell", "oldest").agg(
        score=pl.col("entity").n_unique(),
        authors=pl.col("entity").n_unique().cast(pl.Int64),
        texts=pl.col("n").sum(),
        variants=pl.col("text").n_unique().cast(pl.Int64),
        members=pl.col("entity").unique().sort().head(MEMBERS),
        first_at=pl.col("time").min(),
        last_at=pl.col("time").max(),
        now=pl.col("now").any(),
        **({} if event_id is None else {"event_id": pl.col("oldest_id").first()}),
    )
    spreading = cells.filter(pl.col("now"), pl.col("texts") > 1).drop("now")
    template = pl.col("oldest").map_batches(_ids, return_dtype=pl.String)
    named_cells = spreading.with_columns(entity=template).drop("oldest")
    return windows(named_cells, entity=entity, grid=grid, look_back=look_back)


def repetition(
    events: pl.LazyFrame,
    *,
    entity: str,
    text: str,
    minimum_texts: int,
    similarity: float = 0.7,
    minimum: int = 20,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
) -> pl.LazyFrame:
    """Share of an entity's texts in a calendar bucket that repeat another of its own.

    One row per entity and bucket in which it sent a text of `minimum` characters or more after
    normalisation. Score is the share, from 0 to 1, of texts in templates of two or more, as
    `near_duplicates` finds them; null under `minimum_texts`. Evidence: `texts`, `repeated`,
    `largest`, the texts of its largest template.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows raise or lower the score of their own bucket. Raises MonitorError
    for a `similarity` outside 0.5 to 1.
    """
    _require(similarity, minimum=minimum, minimum_texts=minimum_texts, grid=grid)
    rows = rows_of(events, entity=entity, time=time, text=_text(text, minimum))
    uses = (
        _told(rows)
        .group_by("entity", cell(grid), "text")
        .agg(pl.col("time").min(), n=pl.len().cast(pl.Int64))
    )
    templates = (
        _named(uses, ["cell", "entity"], similarity, None)
        .group_by("entity", "cell", "oldest")
        .agg(pl.col("n").sum())
    )
    n = pl.col("n")
    cells = templates.group_by("entity", "cell").agg(
        texts=n.sum(), repeated=n.filter(n > 1).sum(), largest=n.max()
    )
    share = pl.when(pl.col("texts") >= minimum_texts).then(pl.col("repeated") / pl.col("texts"))
    return windows(cells.with_columns(score=share), entity=entity, grid=grid)


def _named(
    uses: pl.LazyFrame, within: Sequence[str], similarity: float, event_id: str | None
) -> pl.LazyFrame:
    """Add `oldest`, the oldest text of the template, and `oldest_id` where ids are asked for."""
    ids = {} if event_id is None else {"oldest_id": pl.col("event_id").min()}
    moments = uses.group_by(*within, "text", "time").agg(**ids)
    first = {name: pl.col(name).min_by("time") for name in ids}
    texts = moments.group_by(*within, "text").agg(pl.col("time").min(), **first)
    schema = texts.collect_schema()
    schema["oldest"] = pl.String
    age = [*within, "time", *ids, "text"]

    def name(texts: pl.DataFrame) -> pl.DataFrame:
        ranked = texts.with_columns(pl.col("text").cast(pl.String)).sort(age, nulls_last=True)
        groups = ranked.select(pl.struct(within).rle_id().cast(pl.Int64)).to_series().to_numpy()
        place = oldest_alike(ranked["text"], groups, similarity)
        oldest = {column: ranked[column].gather(place) for column in ids}
        named = ranked.with_columns(oldest=ranked["text"].gather(place), **oldest)
        return named.cast({"text": pl.Categorical})

    named = texts.map_batches(name, schema=dict(schema)).drop("time")
    return uses.join(named, on=[*within, "text"])


def _text(text: str, minimum: int) -> pl.Expr:
    """The text normalised, null where too short; a category, as keys of text are slow."""
    return pl.col(text).map_batches(
        lambda texts: _plain(texts, minimum), return_dtype=pl.Categorical
    )


def _plain(texts: pl.Series, minimum: int) -> pl.Series:
    """Each text as `_text` says; a text that was sent a thousand times is normalised once."""
    raw = texts.cast(pl.String).alias("raw").to_frame()
    plain = normalised(pl.col("raw"))
    told = pl.when(plain.str.len_chars() >= minimum).then(plain).cast(pl.Categorical)
    known = raw.unique().with_columns(text=told)
    return raw.join(known, on="raw", how="left", maintain_order="left").get_column("text")


def _told(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.filter(pl.col("text").is_not_null())


def _ids(texts: pl.Series) -> pl.Series:
    """Short SHA-256 of texts: the same for ever and everywhere."""
    ids = [hashlib.sha256(text.encode()).hexdigest()[:DIGITS] for text in texts]
    return pl.Series(ids, dtype=pl.String)


def _require(similarity: float, **positive: float | timedelta) -> None:
    require_positive(**positive)
    if not LEAST <= similarity <= 1:
        raise MonitorError(f"'similarity' is {similarity}; give one from {LEAST} to 1.")
