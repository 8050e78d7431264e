"""Takes somebody out of every table of the lake, in an order that a crash cannot spoil.

Text knows its person only through its event, so it goes first, while the event still says whose it
is; then events, so that nothing that is made from them brings anything back; then what was made.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta

import polars as pl
from upath import UPath

from monitors.registry import Registry
from orchestration.forgetting.errors import ForgetError
from orchestration.forgetting.matching import FINDINGS, QUARANTINE, SAMPLES, Rule
from orchestration.forgetting.rewriting import Part, files_of, parts
from orchestration.forgetting.subject import Subject
from orchestration.ingest.workspace import exclusive
from orchestration.inputs import ACTIVITY, BASELINE, DAILY, EVENTS, TEXT
from orchestration.lake import Lake, remove_temporary

MADE = (ACTIVITY, DAILY, BASELINE, FINDINGS, SAMPLES)
PASSES = 3
WHOSE = ["event_id", "occurred_at"]

Rewritten = Callable[[UPath], None]  # called with each file that was replaced


def quiet(path: UPath) -> None:
    """Called after each file by those who do not want to know."""
    del path


def find(lake: Lake, subject: Subject, registry: Registry) -> dict[str, int]:
    """Rows that are about somebody or mention them, by table. Changes nothing."""
    return _one_pass(lake, subject, registry, quiet, acts=False)


def remove(
    lake: Lake,
    subject: Subject,
    registry: Registry,
    *,
    now: datetime,
    rewritten: Rewritten = quiet,
) -> dict[str, int]:
    """Remove those rows, file by file; how many, by table. To be repeated after a crash.

    Looks again until nothing is left, as an evaluation that was under way may have written more.
    Raises ForgetError when something is left all the same.
    """
    removed: Counter[str] = Counter()
    remove_temporary(lake.root, now=now, older=timedelta(hours=1))
    for _ in range(PASSES):
        found = _one_pass(lake, subject, registry, rewritten, acts=True)
        if not found:
            return dict(sorted(removed.items()))
        removed.update(found)
    if left := find(lake, subject, registry):
        raise ForgetError(
            f"{sum(left.values())} rows came back while others were removed, in "
            f"{', '.join(left)}: something writes them anew. Stop it, and do this again."
        )
    return dict(sorted(removed.items()))


def _one_pass(
    lake: Lake, subject: Subject, registry: Registry, rewritten: Rewritten, *, acts: bool
) -> dict[str, int]:
    found: Counter[str] = Counter()
    for contract, product in _taken_in(lake):
        with exclusive(lake, product, contract) if acts else nullcontext():
            for part in _of_contract(lake, subject, registry, contract, product, acts=acts):
                found[part.table] += _part(part, rewritten, acts=acts)
    for kind in MADE:
        for table in _tables(lake, kind):
            for part in parts(lake, subject, table, lake.products(table), registry):
                found[table] += _part(part, rewritten, acts=acts)
    return {table: n for table, n in sorted(found.items()) if n}


def _part(part: Part, rewritten: Rewritten, *, acts: bool) -> int:
    rows = 0
    for hit in part.hits():
        if acts:
            part.rewrite(hit)
            rewritten(hit.path)
        rows += hit.gone + hit.mentioned
    return rows


def _of_contract(
    lake: Lake, subject: Subject, registry: Registry, contract: str, product: str, *, acts: bool
) -> Iterator[Part]:
    """Text of the subject's events, then the events, then rows that were set aside."""
    for kind in (TEXT, EVENTS, QUARANTINE):
        folder = UPath(lake.root) / kind / contract / f"product={product}"
        if acts and folder.exists():
            _clear(folder)
    events = list(parts(lake, subject, f"{EVENTS}/{contract}", [product], registry))
    texts = tuple(files_of(lake, f"{TEXT}/{contract}", product))
    for part in events if texts else ():
        whose = part.rows(WHOSE)
        if whose.height:
            rule = Rule(_key().is_in(whose.select(_key()).to_series().implode()))
            yield Part(lake, subject, f"{TEXT}/{contract}", product, texts, rule)
    yield from events
    yield from parts(lake, subject, f"{QUARANTINE}/{contract}", [product], registry)


def _key() -> pl.Expr:
    """What tells an event from every other of its product and contract."""
    return pl.concat_str("event_id", pl.col("occurred_at").dt.epoch("us"), separator="|")


def _clear(folder: UPath) -> None:
    """Delete what a dead writer left: while the lock is held, no living one writes here."""
    for day in folder.iterdir():
        for path in day.iterdir():
            if path.name.startswith(".") and path.name.endswith(".tmp"):
                path.unlink()


def _taken_in(lake: Lake) -> list[tuple[str, str]]:
    """Contracts and products of which ingestion has written anything."""
    tables = [table for kind in (EVENTS, TEXT, QUARANTINE) for table in _tables(lake, kind)]
    found = {
        (table.partition("/")[2], product) for table in tables for product in lake.products(table)
    }
    return sorted(found)


def _tables(lake: Lake, kind: str) -> list[str]:
    folder = UPath(lake.root) / kind
    return sorted(f"{kind}/{path.name}" for path in folder.iterdir()) if folder.exists() else []
