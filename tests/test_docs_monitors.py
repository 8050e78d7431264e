import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from monitors.evaluate import FINDINGS, SAMPLES
from monitors.registry import contracts, registry

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "monitors").glob("*.md"))
}
ROW = re.compile(
    r"^\| \[`(?P<id>[\w/]+)`\]\((?P<runbook>[\w/.]+)\) \| (?P<behaviour>.+?) \| `(?P<entity>\w+)` "
    r"\| (?P<threshold>[\d.]+) \| (?P<cadence>\w+) \| (?P<severity>\w+) \| (?P<language>\w+) "
    r"\| `(?P<harm>\w+)` \|$",
    re.MULTILINE,
)
MONITORS = registry().monitors
QUERIES = [
    (path.stem, query)
    for path in sorted((DOCS / "runbooks").glob("*.md"))
    for block in re.findall(r"```sql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for query in block.split(";")
    if query.strip()
]


def test_its_products_page_says_of_every_monitor_what_its_file_says() -> None:
    rows = [(product, found) for product, page in PAGES.items() for found in ROW.finditer(page)]
    assert all(found["id"].startswith(f"{product}/") for product, found in rows)
    assert {found["id"]: found.groupdict() for _, found in rows} == {
        m.id: {
            "id": m.id,
            "runbook": f"../runbooks/{m.name}.md",
            "behaviour": m.behaviour.rstrip("."),
            "entity": m.entity,
            "threshold": f"{m.threshold:g}",
            "cadence": m.cadence,
            "severity": m.severity.name,
            "language": "SQL" if m.sql is not None else "Python",
            "harm": str(m.harm),
        }
        for m in MONITORS.values()
    }


def test_every_runbook_belongs_to_a_monitor() -> None:
    assert {path.stem for path in (DOCS / "runbooks").glob("*.md")} == {
        m.name for m in MONITORS.values()
    }


@pytest.fixture(scope="module")
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables of the lake, without rows, under the names that `watchfloor sql` gives them."""
    connection = duckdb.connect()
    shapes = {name: contract.schema for name, contract in contracts().items()}
    for name, schema in (shapes | {"findings": FINDINGS, "samples": SAMPLES}).items():
        empty = pl.DataFrame(schema=schema).to_arrow()
        connection.register("empty", empty)
        connection.execute(f'create table "{name}" as select * from empty')  # noqa: S608
        connection.unregister("empty")
    yield connection
    connection.close()


@pytest.mark.parametrize(("name", "query"), QUERIES, ids=[name for name, _ in QUERIES])
def test_a_query_of_a_runbook_runs(lake: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    assert lake.execute(query).fetchall() in ([], [(None, None)]), name
