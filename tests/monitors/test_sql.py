from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.contract import Mode, Severity
from monitors.errors import MonitorError
from monitors.harms import Harm
from monitors.sql import duration, parse

DECLARATION = """
product = "api"
harm = "cyber"
entity = "key_id"
version = 2
authors = ["ann", "ben"]
owner = "team"
threshold = 5
window = "90m"
cadence = "hourly"
severity = "S1"
action = "review"
runbook = "docs/runbooks/x.md"
reads = ["api_requests"]
doc = '''First line.

Misses: Much.'''
"""
CANARY = """
[[canary]]
contract = "api_requests"
n = 3
at = "-2d"
every = "30s"
values = { key_id = "k", status = 403 }
"""
QUERY = "select 1 as score;\n"


def written(folder: Path, declaration: str = DECLARATION + CANARY, query: str = QUERY) -> Path:
    path = folder / "noise.sql"
    path.write_text(f"/*{declaration}*/\n{query}", encoding="utf-8")
    return path


def test_reads_the_declaration_and_the_query(tmp_path: Path) -> None:
    found = parse(written(tmp_path))
    assert (found.id, found.version, found.authors) == ("api/noise", 2, ("ann", "ben"))
    assert (found.harm, found.severity, found.mode) == (Harm.CYBER, Severity.S1, Mode.SHADOW)
    assert (found.threshold, found.near, found.window) == (5.0, 4.0, timedelta(minutes=90))
    assert (found.behaviour, found.section("Misses")) == ("First line.", "Much.")
    assert found.sql == "select 1 as score"
    [canary] = found.canary
    assert (canary.n, canary.at, canary.every) == (3, timedelta(days=-2), timedelta(seconds=30))
    assert canary.values == {"key_id": "k", "status": 403}


def test_reads_activity_and_baseline(tmp_path: Path) -> None:
    reads = 'reads = ["api_requests_activity", "api_requests_baseline"]'
    tables = """
[[activity]]
contract = "api_requests"
by = ["key_id"]
sums = { failed = "sum(case when status >= 400 then 1 else 0 end)" }
where = "status is not null"

[[baseline]]
days = 14
season = "hour_of_week"
zone = "Europe/Lisbon"
activity = { contract = "api_requests", by = ["key_id"] }
"""
    declaration = DECLARATION.replace('reads = ["api_requests"]', reads) + CANARY + tables
    found = parse(written(tmp_path, declaration))
    [activity], [baseline] = found.activity, found.baseline
    assert activity.by == ("key_id",)
    assert list(activity.sums) == ["failed"]
    assert activity.where is not None
    assert (baseline.days, baseline.season, baseline.zone) == (14, "hour_of_week", "Europe/Lisbon")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("product =", "produkt =", r"missing \['product'\], unknown \['produkt'\]"),
        ('harm = "cyber"', 'harm = "noise"', "'noise' is not a valid Harm"),
        ('severity = "S1"', 'severity = "high"', "high"),
        ('window = "90m"', 'window = "soon"', "'soon' is no duration"),
        ('cadence = "hourly"', 'cadence = "weekly"', "cadence is 'weekly'; choose one of"),
        ('authors = ["ann", "ben"]', 'authors = "ann"', "'authors' is no list"),
        ("threshold = 5", 'threshold = 5\nmonotone = "false"', "'monotone' is neither true nor"),
        ("n = 3", "n = 3\nvalue = { status = 1 }", r"a 'canary' has \['value'\] and may have"),
        ("version = 2", "version = = 2", "the declaration is not TOML"),
        ("threshold = 5", "threshold = 5\nnear = 6", "near 6.0 is over its threshold"),
    ],
)
def test_refuses_a_wrong_declaration_and_says_what_is_wrong(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    declaration = (DECLARATION + CANARY).replace(before, after)
    with pytest.raises(MonitorError, match=message):
        parse(written(tmp_path, declaration))


def test_refuses_a_file_without_a_declaration(tmp_path: Path) -> None:
    path = tmp_path / "bare.sql"
    path.write_text("select 1", encoding="utf-8")
    with pytest.raises(MonitorError, match=r"'bare.sql' does not begin with a /\* declaration"):
        parse(path)


def test_refuses_a_monitor_without_a_canary(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="has no canary"):
        parse(written(tmp_path, DECLARATION))


def test_calling_it_says_that_duckdb_runs_it(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="written in SQL; DuckDB runs it"):
        parse(written(tmp_path))(api_requests=pl.LazyFrame())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("36h", timedelta(hours=36)),
        ("-7d", timedelta(days=-7)),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize("text", ["", "1", "h", "1.5h", "1 h", "1w", "1h30m"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(MonitorError, match="is no duration"):
        duration(text)
