"""Monitors written in SQL: a `.sql` file whose leading comment declares them in TOML.

/*
product = "api"
harm = "cyber"
entity = "account_id"
reads = ["api_requests"]
window = "1h"
...
doc = '''First line: the behaviour. ...'''
[[canary]]
contract = "api_requests"
n = 50
values = {account_id = "canary", status = 403}
*/
select account_id, count(*)::double as score, ... from api_requests group by all
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Mode, Monitor, Severity, check
from monitors.errors import MonitorError
from monitors.harms import Harm

COMMENT = re.compile(r"\A\s*/\*(?P<declaration>.*?)\*/(?P<body>.*)\Z", re.DOTALL)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
REQUIRED = (
    "product",
    "harm",
    "entity",
    "version",
    "authors",
    "owner",
    "threshold",
    "window",
    "cadence",
    "severity",
    "action",
    "runbook",
    "doc",
    "reads",
)
OPTIONAL = ("near", "mode", "monotone", "activity", "baseline", "canary")
LISTS = ("authors", "reads", "activity", "baseline", "canary")
TABLES = {
    "activity": ("contract", "by", "sums", "where", "hourly"),
    "baseline": ("activity", "days", "season", "zone"),
    "canary": ("contract", "n", "at", "every", "values"),
}


def duration(text: str) -> timedelta:
    """Span written as a number and one of s, m, h, d, such as `90s` or `7d`; signs allowed."""
    match = re.fullmatch(r"(-?\d+)([smhd])", text)
    if not match:
        raise MonitorError(f"'{text}' is no duration; write a number and s, m, h or d, as in '1h'.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def parse(path: Path) -> Monitor:
    """Read one SQL monitor. Raises MonitorError that names the file and what is wrong."""
    match = COMMENT.match(path.read_text(encoding="utf-8"))
    if not match:
        raise MonitorError(f"'{path.name}' does not begin with a /* declaration */ in TOML.")
    try:
        declared = tomllib.loads(match["declaration"])
    except tomllib.TOMLDecodeError as error:
        raise MonitorError(f"'{path.name}': the declaration is not TOML: {error}.") from error
    _refuse_unknown(path, declared)
    _refuse_wrong_types(path, declared)
    try:
        found = _monitor(path, declared, match["body"].strip().rstrip(";"))
    except (KeyError, TypeError, ValueError) as error:
        raise MonitorError(f"'{path.name}': {error}") from error
    check(found)
    return found


def _refuse_unknown(path: Path, declared: Mapping[str, Any]) -> None:
    missing = [key for key in REQUIRED if key not in declared]
    unknown = [key for key in declared if key not in (*REQUIRED, *OPTIONAL)]
    if missing or unknown:
        raise MonitorError(
            f"'{path.name}': missing {missing}, unknown {unknown}; a declaration has "
            f"{', '.join(REQUIRED)} and may have {', '.join(OPTIONAL)}."
        )


def _refuse_wrong_types(path: Path, declared: Mapping[str, Any]) -> None:
    """Refuse what Python would silently take for something else, and misspelt keys of tables."""
    found = [f"'{key}' is no list" for key in LISTS if not isinstance(declared.get(key, []), list)]
    if not isinstance(declared.get("monotone", False), bool):
        found.append("'monotone' is neither true nor false")
    for kind, keys in TABLES.items():
        for table in declared.get(kind, ()):
            unknown = [key for key in table if key not in keys]
            if unknown:
                found.append(f"a '{kind}' has {unknown} and may have {', '.join(keys)}")
    if found:
        raise MonitorError(f"'{path.name}': {'; '.join(found)}.")


def _monitor(path: Path, declared: Mapping[str, Any], body: str) -> Monitor:
    activities = tuple(_activity(item) for item in declared.get("activity", ()))
    threshold = float(declared["threshold"])
    return Monitor(
        name=path.stem,
        product=declared["product"],
        harm=Harm(declared["harm"]),
        entity=declared["entity"],
        version=int(declared["version"]),
        authors=tuple(declared["authors"]),
        owner=declared["owner"],
        threshold=threshold,
        window=duration(declared["window"]),
        cadence=declared["cadence"],
        severity=Severity[declared["severity"]],
        action=declared["action"],
        runbook=declared["runbook"],
        doc=declared["doc"],
        source=path,
        canary=tuple(_rows(item) for item in declared.get("canary", ())),
        reads=tuple(declared["reads"]),
        score=_refuse(path),
        near=float(declared.get("near", threshold * 0.8)),
        mode=Mode(declared.get("mode", Mode.SHADOW)),
        monotone=bool(declared.get("monotone", False)),
        activity=activities,
        baseline=tuple(_baseline(item) for item in declared.get("baseline", ())),
        sql=body,
    )


def _activity(item: Mapping[str, Any]) -> Activity:
    return Activity(
        contract=item["contract"],
        by=tuple(item["by"]),
        sums={name: pl.sql_expr(text) for name, text in item.get("sums", {}).items()},
        where=pl.sql_expr(item["where"]) if "where" in item else None,
        hourly=bool(item.get("hourly", False)),
    )


def _baseline(item: Mapping[str, Any]) -> Baseline:
    return Baseline(
        activity=_activity(item["activity"]),
        days=int(item.get("days", 28)),
        season=item.get("season", "day"),
        zone=item.get("zone", "UTC"),
    )


def _rows(item: Mapping[str, Any]) -> Rows:
    return Rows(
        contract=item["contract"],
        n=int(item["n"]),
        at=duration(item.get("at", "0s")),
        every=duration(item.get("every", "0s")),
        values=dict(item.get("values", {})),
    )


def _refuse(path: Path) -> Any:  # noqa: ANN401 - a scoring function, for every monitor's type
    def score(**_: pl.LazyFrame) -> NoReturn:
        raise MonitorError(
            f"'{path.stem}' is written in SQL; DuckDB runs it (orchestration.sql.score)."
        )

    return score
