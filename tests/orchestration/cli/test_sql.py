import json
from pathlib import Path

import polars as pl
import pytest

from orchestration.cli.errors import NoDataError, QueryError
from orchestration.cli.sql import run
from orchestration.evaluation import Run, evaluate_span
from orchestration.health.history import record, row
from orchestration.lake import Lake
from orchestration.upkeep import compact
from tests.orchestration.cli.conftest import Watchfloor, failures
from tests.support.lakes import at, files, put, span
from tests.support.monitors import failed_logins

pytestmark = pytest.mark.usefixtures("lake")
QUARANTINED = {
    "reason": ["bad time", "bad time", "no id"],
    "file": ["x"] * 3,
    "row": [1, 2, 3],
    "original": ["secret"] * 3,
    "product": ["accounts"] * 3,
    "ingested_at": [at("2026-03-02T12:00")] * 3,
}


def quarantine(lake: Lake) -> None:
    path = lake.path("quarantine/logins", "accounts", at("2026-03-02"), "0123.parquet")
    rows = pl.DataFrame(QUARANTINED, schema_overrides={"ingested_at": pl.Datetime("us", "UTC")})
    lake.replace(path, rows)


def test_queries_events(watchfloor: Watchfloor) -> None:
    query = "select account_id, count(*) as n from logins group by all order by n desc"
    done = watchfloor("sql", query)
    assert (done.exit_code, done.stdout) == (0, "account_id  n\nann         8\nbob         3\n")


def test_times_are_in_utc(watchfloor: Watchfloor) -> None:
    query = (
        "select min(occurred_at) as first, date_trunc('day', min(occurred_at)) as day from logins"
    )
    done = watchfloor("sql", query, "--format", "json")
    wanted = [{"first": "2026-03-02T10:00:00Z", "day": "2026-03-02T00:00:00Z"}]
    assert json.loads(done.stdout) == wanted


def test_reads_the_query_from_stdin(watchfloor: Watchfloor) -> None:
    assert watchfloor("sql", "-", stdin="select 1 as one").stdout == "one\n  1\n"


def test_an_hour_beside_a_compacted_day_is_counted_once(lake: Lake) -> None:
    put(lake, "accounts", "logins", failures("eve", "2026-03-02T15:00", 2))
    before = run(lake, "select count(*) from logins").item()
    compact(lake, "logins", "accounts", at("2026-03-02"))
    put(lake, "accounts", "logins", failures("late", "2026-03-02T10:50", 1))
    names = [
        name for name in files(lake) if "events/logins/product=accounts/date=2026-03-02" in name
    ]
    assert [name.rsplit("/", 1)[-1] for name in names] == ["day.parquet", "hour=10.parquet"]
    assert run(lake, "select count(*), count(distinct event_id) from logins").row(0) == (
        before + 1,
        before + 1,
    )


def test_findings_evaluations_and_samples_name_monitor_and_product(lake: Lake) -> None:
    manifests = evaluate_span(
        Run(lake, at("2026-03-05"), rate=1.0), failed_logins, span("2026-03-02", "2026-03-03")
    )
    record(lake, "accounts", [row(m, drift="steady", canary=True) for m in manifests])
    whose = "select distinct product, monitor from"
    for table in ("findings", "evaluations", "samples"):
        assert run(lake, f"{whose} {table}").rows() == [("accounts", "failed_logins")]


def test_quarantine_tells_how_many_and_why_and_never_the_rows(lake: Lake) -> None:
    quarantine(lake)
    assert run(lake, "from quarantine").columns == ["contract", "product", "ingested_at", "reason"]
    counts = "select contract, reason, count(*) as n from quarantine group by all order by all"
    assert run(lake, counts).rows() == [("logins", "bad time", 2), ("logins", "no id", 1)]


def test_show_tables_lists_those_with_rows(lake: Lake) -> None:
    quarantine(lake)
    assert run(lake, "show tables")["name"].to_list() == [
        "findings",
        "logins",
        "quarantine",
        "samples",
    ]


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("with n as (select 1 as one) select * from n", "one"),
        ("describe logins", "column_name"),
        ("summarize select 1 as x", "column_name"),
        ("explain select count(*) from logins", "explain_key"),
        ("from logins limit 1", "event_id"),
        ("values (1)", "col0"),
        ("select '; drop table logins' as text -- ; drop", "text"),
    ],
)
def test_reading_statements_run(lake: Lake, query: str, column: str) -> None:
    assert run(lake, query).columns[0] == column


@pytest.mark.parametrize(
    "query",
    [
        "drop view logins",
        "create table t as select 1",
        "insert into logins select * from logins",
        "update logins set ip = null",
        "delete from logins",
        "copy logins to 'stolen.csv'",
        "attach 'other.db' as other",
        "set threads = 1",
        "pragma version",
        "install httpfs",
        "load httpfs",
        "export database 'all'",
        "call pragma_version()",
        "select 1; drop view logins",
        "select 1; select 2",
        "",
        "-- nothing",
        "selec 1",
    ],
)
def test_anything_else_is_refused(lake: Lake, query: str) -> None:
    before = files(lake)
    with pytest.raises(QueryError):
        run(lake, query)
    assert files(lake) == before


def test_a_refusal_says_what_is_wanted(watchfloor: Watchfloor) -> None:
    done = watchfloor("sql", "drop view logins")
    assert done.exit_code == 2
    assert done.stderr == (
        "Error: DROP is refused: queries only read. Wanted select, with, describe, show, summarize "
        "or explain.\n"
    )


def test_an_unknown_table_is_answered_with_those_that_exist(watchfloor: Watchfloor) -> None:
    done = watchfloor("sql", "select * from login")
    assert done.exit_code == 2
    assert "login does not exist" in done.stderr
    assert done.stderr.endswith("Tables: logins, findings, samples.\n")


def test_a_known_table_without_rows_is_a_lack_of_data(lake: Lake) -> None:
    with pytest.raises(NoDataError, match="The lake has no messages yet"):
        run(lake, "select * from messages")


def test_the_name_of_an_empty_table_may_name_a_column(lake: Lake) -> None:
    assert run(lake, "select count(*) as messages from logins").item() == 11


def texts(lake: Lake) -> None:
    message = {"occurred_at": at("2026-03-02T10:00"), "recipient_id": "b", "text": "hello"}
    put(lake, "chat", "messages", [message])


def test_restricted_text_needs_to_be_asked_for(watchfloor: Watchfloor, lake: Lake) -> None:
    texts(lake)
    refused = watchfloor("sql", "select text from messages_text")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "restricted text that people wrote; --text gives it" in refused.stderr
    given = watchfloor("sql", "--text", "select text from messages_text")
    assert given.stdout == "text\nhello\n"
    assert given.stderr.startswith("Restricted: ")


@pytest.mark.parametrize("table", ["text/messages", "quarantine/logins", "findings/failed_logins"])
def test_no_file_can_be_read_but_those_of_the_tables_asked_for(lake: Lake, table: str) -> None:
    texts(lake)
    quarantine(lake)
    stolen = f"select * from read_parquet('{lake.root}/{table}/**/*.parquet')"  # noqa: S608
    for query in (stolen, f"{stolen}, (select 1 from logins)"):  # noqa: S608
        with pytest.raises(QueryError, match="Permission Error"):
            run(lake, query)


def test_no_file_outside_the_lake_is_read_or_written(lake: Lake, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("secret", encoding="utf-8")
    with pytest.raises(QueryError, match="Permission Error"):
        run(lake, f"select * from read_text('{other}')")  # noqa: S608
    with pytest.raises(QueryError, match="Permission Error"):
        run(lake, f"explain analyze copy (select 1) to '{tmp_path}/new.csv'")
    assert not (tmp_path / "new.csv").exists()


def test_a_plan_is_printed_as_it_is_drawn(watchfloor: Watchfloor) -> None:
    drawn = watchfloor("sql", "explain select count(*) from logins").stdout
    assert "\\n" not in drawn
    assert len(drawn.splitlines()) > 3


def test_a_type_that_cannot_be_shown_is_to_be_cast(lake: Lake) -> None:
    with pytest.raises(QueryError, match="cast it"):
        run(lake, "select interval 1 hour")
    assert run(lake, "select (interval 1 hour)::varchar").item() == "01:00:00"


def test_an_empty_lake_says_what_to_do(tmp_path: Path) -> None:
    empty = Lake(str(tmp_path / "empty"))
    with pytest.raises(NoDataError, match="It is empty; ingest a log first"):
        run(empty, "select * from logins")
    assert run(empty, "select 1").item() == 1
