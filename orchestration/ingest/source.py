"""Sources: where a log lies and how its columns become those of an event contract."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import available_timezones

import polars as pl

from monitors.columns import Contract
from monitors.errors import ContractError
from monitors.registry import contract_of
from orchestration.ingest.errors import IngestError

Format = Literal["parquet", "jsonl", "csv", "access_log", "regex"]
Encoding = Literal["utf-8", "latin-1", "cp1252"]
Unmatched = Literal["quarantine", "skip"]
Shift = Literal["none", "whole_weeks"]
PRODUCT = re.compile(r"[a-z][a-z0-9_-]*")
GROUP = re.compile(r"\(\?P?<(\w+)>")


@dataclass(frozen=True, slots=True)
class Unpivot:
    """Columns of a wide row that become one row each: its name and its value."""

    columns: tuple[str, ...]
    name: str = "metric"
    value: str = "value"


@dataclass(frozen=True)
class Source:
    """One log. `docs/ingesting.md` describes each key; the mapping only says what differs.

    A contract's column is taken from the log's column of the same name unless `columns`,
    `expressions` or `constants` says otherwise. Names in the log may be dotted paths into nested
    JSON. Raises IngestError when the parts contradict each other or the contract.
    """

    product: str
    contract: str
    format: Format | None = None
    paths: tuple[str, ...] = ()
    encoding: Encoding = "utf-8"
    separator: str = ","
    pattern: str | None = None
    unmatched: Unmatched = "quarantine"
    where: str | None = None
    event_id: tuple[str, ...] = ()
    time_format: str | None = None
    time_zone: str = "UTC"
    year: int | None = None
    shift: Shift = "none"
    extra: tuple[str, ...] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    hash: Mapping[str, str] = field(default_factory=dict)
    unpivot: Unpivot | None = None

    def __post_init__(self) -> None:
        found = list(_contradictions(self))
        if found:
            raise IngestError(f"Source {self.product}/{self.contract}: " + " ".join(found))

    @classmethod
    def read(cls, path: Path | str, **given: str) -> "Source":
        """The source that a TOML file declares; `given` fills `product` and `contract` if absent.

        Relative paths in it are taken from the file's own folder.
        """
        file = Path(path)
        try:
            parsed = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise IngestError(
                f"Mapping '{path}' cannot be read ({error.strerror}); give a TOML file."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise IngestError(f"Mapping '{path}' is not TOML: {error}.") from error
        try:
            return cls(**_arguments({**given, **parsed}, file.parent))
        except IngestError as error:
            raise IngestError(f"Mapping '{path}': {error}") from error

    @cached_property
    def target(self) -> Contract:
        """The event contract."""
        return contract_of(self.contract)

    @cached_property
    def sources(self) -> dict[str, str]:
        """The log's column of each contract column that is neither constant nor computed."""
        computed = {*self.expressions, *self.constants, *self.hash, "product", "extra"}
        same = {name: name for name in _targets(self.target) if name not in computed}
        return {**same, **self.columns, **self.text}

    @cached_property
    def named(self) -> frozenset[str]:
        """Columns of the log that the mapping names itself, so a log without them is wrong."""
        texts = [*self.expressions.values(), *([self.where] if self.where else [])]
        roots = {root for text in texts for root in pl.sql_expr(text).meta.root_names()}
        unpivoted = {self.unpivot.name, self.unpivot.value} if self.unpivot else set[str]()
        wide = self.unpivot.columns if self.unpivot else ()
        mapped = {*self.columns.values(), *self.text.values(), *self.hash.values(), *wide}
        extra = self.extra or ()
        return frozenset({*mapped, *roots, *self.event_id, *extra} - unpivoted)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """Every column of the log that may be used."""
        return self.named | frozenset(self.sources.values())


def _targets(contract: Contract) -> list[str]:
    return [*contract.schema.names(), *(column.name for column in contract.text)]


def _arguments(parsed: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Keyword arguments from TOML, with lists as tuples."""
    known = [f.name for f in fields(Source)]
    _refuse_unknown("key", parsed, known)
    for key in ("product", "contract"):
        if key not in parsed:
            raise IngestError(f"has no {key}; add it.")
    tables = {"columns", "constants", "expressions", "text", "hash", "unpivot"}
    for key, value in parsed.items():
        _check_type(key, value, table=key in tables)
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in parsed.items()}
    if "paths" in arguments:
        arguments["paths"] = tuple(_absolute(p, folder) for p in arguments["paths"])
    if "unpivot" in parsed:
        arguments["unpivot"] = _unpivot(parsed["unpivot"])
    return arguments


def _unpivot(table: dict[str, Any]) -> Unpivot:
    _refuse_unknown("key of [unpivot]", table, ["columns", "name", "value"])
    if not isinstance(table.get("columns"), list) or not table["columns"]:
        raise IngestError("[unpivot] needs columns: a list of the log's columns.")
    return Unpivot(**{**table, "columns": tuple(table["columns"])})


def _check_type(key: str, value: object, *, table: bool) -> None:
    wanted: type = str
    if table:
        wanted = dict
    elif key in {"paths", "event_id", "extra"}:
        wanted = list
    elif key == "year":
        wanted = int
    names = {str: "a text", dict: "a table", list: "a list of texts", int: "a whole number"}
    wrong = not isinstance(value, wanted)
    if isinstance(value, list):
        wrong = wrong or not all(isinstance(item, str) for item in value)
    if isinstance(value, dict) and key in {"columns", "expressions", "text", "hash"}:
        wrong = wrong or not all(isinstance(item, str) for item in value.values())
    if wrong:
        raise IngestError(f"'{key}' is {type(value).__name__}; wanted {names[wanted]}.")


def _absolute(path: str, folder: Path) -> str:
    return path if "://" in path else str((folder / path).absolute())


def _refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise IngestError(f"unknown {what} '{name}'.{suggestion(name, names)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """A sentence that names what is alike, or lists what there is."""
    names = sorted(known)
    alike = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f" Did you mean '{alike[0]}'?" if alike else f" Known: {', '.join(names)}."


def _contradictions(source: Source) -> Iterable[str]:
    """What is wrong, a sentence each."""
    if not PRODUCT.fullmatch(source.product):
        yield "the product must be lower-case letters, digits, '_' or '-'."
    try:
        contract = source.target
    except ContractError as error:
        yield str(error)
        return
    choices = {"format": Format, "encoding": Encoding, "unmatched": Unmatched, "shift": Shift}
    for key, choice in choices.items():
        value = getattr(source, key)
        if value is not None and value not in get_args(choice):
            yield f"unknown {key} '{value}'.{suggestion(value, get_args(choice))}"
    if source.time_zone not in available_timezones():
        yield f"unknown time_zone '{source.time_zone}'; wanted an IANA name such as Europe/Berlin."
    if len(source.separator) != 1:
        yield "separator must be one character."
    yield from _wrong_pattern(source)
    yield from _wrong_tables(source, contract)
    if source.year is not None and not source.time_format:
        yield "year is set without time_format; say how a time without its year is written."


def _wrong_pattern(source: Source) -> Iterable[str]:
    if (source.format == "regex") != (source.pattern is not None):
        yield "format 'regex' and pattern go together; set both or neither."
    if source.pattern is None:
        return
    try:
        pl.Series([""]).str.extract_groups(source.pattern)
    except pl.exceptions.PolarsError as error:
        yield f"pattern is no regular expression: {str(error).splitlines()[-1]}."
        return
    groups = GROUP.findall(source.pattern)
    if not groups:
        yield "pattern has no named group; write (?P<name>…) for each column."


def _wrong_tables(source: Source, contract: Contract) -> Iterable[str]:
    known = {c.name for c in contract.all_columns} - {"product", "extra"}
    texts = {c.name for c in contract.text}
    tables: dict[str, Mapping[str, object]] = {
        "columns": source.columns,
        "constants": source.constants,
        "expressions": source.expressions,
        "hash": source.hash,
        "text": source.text,
    }
    seen: dict[str, str] = {}
    for table, targets in tables.items():
        for name in targets:
            allowed = texts if table == "text" else known
            if name not in allowed:
                yield f"[{table}] names '{name}', which is no such column of '{contract.name}'."
                yield suggestion(name, allowed).strip() if allowed else "It has none."
            elif name in seen:
                yield f"[{table}] and [{seen[name]}] both name '{name}'; keep one."
            seen[name] = table
    for key, text in {**source.expressions, "where": source.where}.items():
        try:
            pl.sql_expr(text or "1")
        except pl.exceptions.PolarsError as error:
            yield f"the SQL of '{key}' cannot be read: {error}."
