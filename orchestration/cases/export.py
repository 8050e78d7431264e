"""Exports of an investigation: a folder with tables, a record and a page; never content."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from orchestration.cases.errors import CaseError
from orchestration.cases.investigate import Investigation
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.oncall.people import Person, require

TABLES = ("activity", "timeline", "related")
MOST_ROWS = 100  # of a table in the page


def export(
    engine: Engine, made: Investigation, folder: Path, *, who: Person, now: datetime
) -> list[Path]:
    """Write an investigation to an empty folder: three parquet tables, a JSON record, a page.

    The audit has the export before the first file is there. Only pseudonyms are written, unless
    the investigation has the real id, which only who may reveal is given. Raises CaseError where
    the folder holds something, and PeopleError for who may not review.
    """
    require(who, "reveal" if made.real is not None else "review")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseError(
            "The folder for the export holds something; wanted a new or an empty one. Name another."
        )
    rows = sum(getattr(made, name).height for name in TABLES)
    with writing(engine) as connection:
        act = Act(Actor(who.id, "person"), now, f"exported {rows} rows in {len(TABLES)} tables")
        append(connection, act=act, verb="export", object_id=f"entity:{made.entity}")
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.parquet" for name in TABLES]
    for name, path in zip(TABLES, files, strict=True):
        getattr(made, name).write_parquet(path)
    record, page = folder / "investigation.json", folder / "investigation.md"
    record.write_text(as_json(made), encoding="utf-8")
    page.write_text(as_markdown(made), encoding="utf-8")
    return [*files, record, page]


def as_json(made: Investigation) -> str:
    """The whole investigation as JSON, times in ISO 8601."""
    record = {
        **_head(made),
        "facts": [asdict(fact) for fact in made.facts],
        **{name: getattr(made, name).to_dicts() for name in TABLES},
    }
    return json.dumps(record, indent=1, default=_plain, ensure_ascii=False) + "\n"


def as_markdown(made: Investigation) -> str:
    """The investigation as a page to read; its tables up to a hundred rows each."""
    head = [f"- {name}: {_cell(value)}" for name, value in _head(made).items()]
    facts = pl.DataFrame(
        [
            {"fact": fact.name, "value": _cell(fact.value), "from": fact.table, "as of": fact.as_of}
            for fact in made.facts
        ],
        schema_overrides={"as of": pl.Datetime("us", "UTC")},
    )
    parts = [f"# {made.entity}", "", *head, "", "## Facts", "", *_table(facts)]
    for name in TABLES:
        rows: pl.DataFrame = getattr(made, name)
        parts += ["", f"## {name.capitalize()}", "", *_table(rows.head(MOST_ROWS))]
        if rows.height > MOST_ROWS:
            parts += ["", f"{rows.height - MOST_ROWS} rows more in {name}.parquet."]
    return "\n".join(parts) + "\n"


def _head(made: Investigation) -> dict[str, object]:
    head: dict[str, object] = {
        "entity_type": made.entity_type,
        "entity": made.entity,
        "since": made.since,
        "until": made.until,
        "first_seen": made.first,
        "last_seen": made.last,
        "links": made.related_in_all,
    }
    return head if made.real is None else {**head, "id": made.real}


def _table(rows: pl.DataFrame) -> Iterable[str]:
    if rows.is_empty():
        return ["Nothing."]
    lines = [f"| {' | '.join(rows.columns)} |", f"|{' --- |' * rows.width}"]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows.iter_rows())]


def _cell(value: object) -> str:
    if value is None:
        return "unknown"
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"An export cannot hold {type(value).__name__}.")
