"""Training data from what reviewers decided: labels of the ledger, joined to texts of the lake.

A label is of an alert. Its texts are those of the events that the alert's findings name as
evidence; where a finding names none, its label says of no text in particular and teaches nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, select

from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.classifiers.data import SCHEMA, deduplicated, shaped
from orchestration.classifiers.harms import ANY, HARMS
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.labels import JUDGEMENTS, Label, latest
from orchestration.ledger.labels import labels_on as on
from orchestration.ledger.tables import alert_findings, alerts, golden, labels
from orchestration.partitions import DAY, day_of

REVIEWERS = "decisions"
NAMES = ("event_id", "event_ids", "first_event_id", "last_event_id")


@dataclass(frozen=True, slots=True)
class Decided:
    """Rows of `data.SCHEMA` with the source `decisions`; `provenance` counts, and names no text."""

    frame: pl.DataFrame
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Judged:
    label: Label
    harm: str
    product: str
    places: tuple[tuple[str, str], ...]  # monitor and finding
    start: datetime
    end: datetime


def decisions(engine: Engine) -> int:
    """How many decisions there are to learn from, whether their texts are still kept or not."""
    with reading(engine) as connection:
        return len(_judged(connection))


def decided(engine: Engine, lake: Lake, *, now: datetime) -> Decided:
    """What reviewers decided of harms that a head is of, but for golden units."""
    with reading(engine) as connection:
        found = [one for one in _judged(connection) if one.label.created_at <= now]
    parts = [_rows(lake, one) for one in found]
    used = [one for one, part in zip(found, parts, strict=True) if part.height]
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *parts])
    ids = sorted(one.label.label_id for one in used)
    return Decided(
        deduplicated(rows),
        {"decisions": len(found), "decisions_with_text": len(used), "labels": digest_parts(*ids)},
    )


def _judged(connection: Connection) -> list[_Judged]:
    """Labels that people gave to alerts of these harms, the one that counts for each."""
    of = alerts.c
    known = {
        row.alert_id: row
        for row in connection.execute(
            select(of.alert_id, of.harm, of.product).where(of.harm.in_(HARMS))
        )
    }
    gold = set(connection.execute(select(golden.c.unit_id)).scalars())
    units = set(connection.execute(select(labels.c.unit_id).distinct()).scalars()) & set(known)
    kept = latest(on(connection, sorted(units - gold)))
    judged = [label for label in kept if label.source in JUDGEMENTS]
    places = _places(connection, [label.unit_id for label in judged])
    return [
        _Judged(
            label, known[label.unit_id].harm, known[label.unit_id].product, *places[label.unit_id]
        )
        for label in judged
        if label.unit_id in places
    ]


def _places(
    connection: Connection, alert_ids: Iterable[str]
) -> dict[str, tuple[tuple[tuple[str, str], ...], datetime, datetime]]:
    """Of each alert its findings, and from when to when they are."""
    found: dict[str, list[Any]] = {}
    c = alert_findings.c
    columns = select(c.alert_id, c.monitor, c.finding_id, c.window_start, c.window_end)
    every = list(alert_ids)
    for at in range(0, len(every), 500):
        some = columns.where(c.alert_id.in_(every[at : at + 500]), c.kind != "retracted")
        for row in connection.execute(some):
            found.setdefault(row.alert_id, []).append(row)
    return {
        alert_id: (
            tuple(sorted({(row.monitor, row.finding_id) for row in rows})),
            min(row.window_start for row in rows),
            max(row.window_end for row in rows),
        )
        for alert_id, rows in found.items()
    }


def _rows(lake: Lake, one: _Judged) -> pl.DataFrame:
    """The texts of one decision, judged for its harm; of any harm only where it is one."""
    ids = _event_ids(lake, one)
    if not ids:
        return pl.DataFrame(schema=SCHEMA)
    value = one.label.value
    heads = {one.harm: pl.lit(value), **({ANY: pl.lit(value=True)} if value else {})}
    parts = [
        texts.select(pl.col(column).alias("text"), **heads)
        for texts, columns in _texts(lake, one, ids)
        for column in columns
    ]
    return pl.concat([shaped(part, REVIEWERS) for part in parts] or [pl.DataFrame(schema=SCHEMA)])


def _event_ids(lake: Lake, one: _Judged) -> set[str]:
    wanted = {finding for _, finding in one.places}
    span = Span(day_of(one.start), day_of(one.end) + DAY)
    found: set[str] = set()
    for name in {monitor.split("/")[-1] for monitor, _ in one.places}:
        table = f"findings/{name}"
        rows = lake.scan(table, lake.products(table), span, time="window_start")
        if {"finding_id", "evidence"} <= set(rows.collect_schema()):
            own = rows.filter(pl.col("finding_id").is_in(sorted(wanted))).select("evidence")
            for evidence in own.collect()["evidence"]:
                found |= set(_named(json.loads(evidence or "{}")))
    return found


def _named(evidence: dict[str, Any]) -> Iterator[str]:
    """Ids of events that evidence names."""
    for name in NAMES:
        value = evidence.get(name)
        if isinstance(value, list):
            yield from (str(one) for one in value)
        elif value is not None:
            yield str(value)


def _texts(lake: Lake, one: _Judged, ids: set[str]) -> Iterator[tuple[pl.DataFrame, list[str]]]:
    """Texts of events by contract, with the names of their columns."""
    span = Span(one.start - timedelta(hours=1), one.end + timedelta(hours=1))
    for contract in contracts().values():
        if contract.text:
            table = f"text/{contract.name}"
            held = lake.products(table)
            products = [one.product] if one.product in held else held
            rows = lake.scan(table, products, span, schema=contract.text_schema)
            found = rows.filter(pl.col("event_id").is_in(sorted(ids))).sort("event_id").collect()
            yield found, [column.name for column in contract.text]
