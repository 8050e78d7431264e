"""JSON lines: one object a line."""

import json

import polars as pl

from orchestration.ingest.batch import REST, Batch, Faults, text_records
from orchestration.ingest.lines import NO_TEXT, TOO_LONG, Block, is_text
from orchestration.ingest.source import Source


def jsonl_batch(block: Block, source: Source) -> Batch:
    """The objects of a block, each wanted value as text: scalars as written, the rest as JSON."""
    faults = Faults()
    rows: list[int] = []
    raws: list[str] = []
    rest: list[str | None] = []
    values: dict[str, list[str | None]] = {name: [] for name in sorted(source.wanted)}
    used = _used(source)
    for number, line in enumerate(block.lines, start=block.first):
        if not line or line.isspace():
            continue
        parsed = _parse(number, line, block)
        if isinstance(parsed, str):
            faults.add(number, parsed, line)
            continue
        rows.append(number)
        raws.append(line)
        rest.append(_rest(parsed, source, used))
        for name, column in values.items():
            column.append(_text(_dig(parsed, name)))
    records = text_records(rows, raws, values)
    return Batch(records.with_columns(pl.Series(REST, rest, dtype=pl.String)), faults.frame())


def _parse(number: int, line: str, block: Block) -> dict[str, object] | str:
    """The object of a line, or why there is none."""
    if number in block.long:
        return TOO_LONG
    if block.suspect and not is_text(line):
        return NO_TEXT
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(parsed, dict):
        return "not a JSON object"
    if "\\u" in line and not is_text(json.dumps(parsed, ensure_ascii=False)):
        return "JSON with half a surrogate pair"
    return parsed


def _dig(record: dict[str, object], name: str) -> object:
    """Value of a key, or at a dotted path where no key has that name."""
    if name in record or "." not in name:
        return record.get(name)
    found: object = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _used(source: Source) -> frozenset[str]:
    """Top-level keys that the columns take, so that `extra` does not repeat them."""
    return source.wanted | {name.split(".")[0] for name in source.wanted} | {"product"}


def _rest(record: dict[str, object], source: Source, used: frozenset[str]) -> str | None:
    if source.extra is None:
        left = {key: value for key, value in record.items() if key not in used}
    else:
        left = {name: value for name in source.extra if (value := _dig(record, name)) is not None}
    return json.dumps(left, ensure_ascii=False) if left else None
