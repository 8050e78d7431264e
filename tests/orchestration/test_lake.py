import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from orchestration.lake import Lake, remove_temporary
from orchestration.partitions import DAY, HOUR
from tests.support.lakes import at, files, span

ROOT = Path(__file__).parents[2]
SCHEMA = schema({"occurred_at": TIMESTAMP, "n": pl.Int64})
DAY_ONE = at("2026-03-02T00:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def rows(*found: tuple[datetime, int]) -> pl.DataFrame:
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def numbers(lake: Lake, within: Span, products: tuple[str, ...] = ("chat",)) -> list[int]:
    found = lake.scan("t", products, within, schema=SCHEMA).collect()
    return sorted(found["n"].to_list())


def test_an_hours_own_file_outranks_the_days_file(lake: Lake) -> None:
    day = rows((at("2026-03-02T09:10"), 1), (at("2026-03-02T10:10"), 2))
    lake.replace(lake.day_path("t", "chat", DAY_ONE), day)
    lake.replace(
        lake.hour_path("t", "chat", at("2026-03-02T10:00")),
        rows((at("2026-03-02T10:10"), 20), (at("2026-03-02T10:20"), 21)),
    )
    assert numbers(lake, span("2026-03-02T00:00", "2026-03-03T00:00")) == [1, 20, 21]
    assert numbers(lake, span("2026-03-02T09:00", "2026-03-02T10:00")) == [1]
    assert numbers(lake, span("2026-03-02T10:00", "2026-03-02T11:00")) == [20, 21]


def test_an_empty_hour_file_outranks_the_days_file_too(lake: Lake) -> None:
    lake.replace(lake.day_path("t", "chat", DAY_ONE), rows((at("2026-03-02T10:10"), 1)))
    lake.replace(lake.hour_path("t", "chat", at("2026-03-02T10:00")), rows())
    assert numbers(lake, span("2026-03-02T00:00", "2026-03-03T00:00")) == []


def test_a_span_that_is_not_aligned_to_hours_is_cut_to_the_microsecond(lake: Lake) -> None:
    hour = at("2026-03-02T10:00")
    moment = timedelta(microseconds=1)
    start, end = hour + timedelta(minutes=15), hour + timedelta(minutes=45)
    inside = rows((start - moment, 1), (start, 2), (end - moment, 3), (end, 4))
    lake.replace(lake.hour_path("t", "chat", hour), inside)
    assert numbers(lake, Span(start, end)) == [2, 3]


def test_products_are_read_together_and_apart(lake: Lake) -> None:
    hour = at("2026-03-02T10:00")
    lake.replace(lake.hour_path("t", "chat", hour), rows((hour, 1)))
    lake.replace(lake.hour_path("t", "web", hour), rows((hour, 2)))
    one_hour = Span(hour, hour + HOUR)
    assert numbers(lake, one_hour, ("chat", "web")) == [1, 2]
    assert numbers(lake, one_hour, ("web",)) == [2]
    assert lake.products("t") == ["chat", "web"]
    assert lake.products("unknown") == []


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[dict[int, tuple[str, list[int]]], int, int]:
    """Hours of two days with the kind of file each has and its minutes; a span in minutes."""
    minutes = st.lists(st.integers(0, 59), max_size=3)
    kinds = st.sampled_from(["own", "day", "both"])
    hours = draw(st.dictionaries(st.integers(0, 47), st.tuples(kinds, minutes), max_size=12))
    start = draw(st.integers(-90, 2970))
    return hours, start, draw(st.integers(start, 2970))


@settings(max_examples=60, deadline=None)
@given(mixtures())
def test_no_row_is_read_twice_or_lost_in_any_mixture_of_files(
    mixture: tuple[dict[int, tuple[str, list[int]]], int, int],
) -> None:
    hours, start, end = mixture
    minute = timedelta(minutes=1)
    wanted = []
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        whole: dict[datetime, list[tuple[datetime, int]]] = {}
        for hour, (kind, minutes) in hours.items():
            begin = DAY_ONE + hour * HOUR
            found = [(begin + m * minute, 60 * hour + m) for m in minutes]
            wanted += [n for _, n in found if start <= n < end]
            if kind != "day":
                lake.replace(lake.hour_path("t", "chat", begin), rows(*found))
            outdated = [(begin, -1)] if kind == "both" else []
            if kind != "own":
                day = DAY_ONE + hour // 24 * DAY
                whole.setdefault(day, []).extend(outdated or found)
        for day, of_day in whole.items():
            lake.replace(lake.day_path("t", "chat", day), rows(*of_day))
        within = Span(DAY_ONE + start * minute, DAY_ONE + end * minute)
        assert numbers(lake, within) == sorted(wanted)


def test_a_column_the_file_lacks_is_null_and_one_nobody_names_is_left(lake: Lake) -> None:
    ten, eleven = at("2026-03-02T10:00"), at("2026-03-02T11:00")
    old = pl.DataFrame({"occurred_at": [ten]}, schema={"occurred_at": TIMESTAMP})
    new = rows((eleven, 7)).with_columns(surprise=pl.lit("x")).select("surprise", *SCHEMA.names())
    lake.replace(lake.hour_path("t", "chat", ten), old)
    lake.replace(lake.hour_path("t", "chat", eleven), new)
    found = lake.scan("t", ["chat"], Span(ten, eleven + HOUR), schema=SCHEMA).collect()
    assert found.schema == SCHEMA
    assert found.rows() == [(ten, None), (eleven, 7)]


def test_without_a_file_there_are_no_rows_and_the_schema(lake: Lake) -> None:
    found = lake.scan("t", ["chat"], span("2026-03-02T10:15", "2026-03-02T12:00"), schema=SCHEMA)
    assert found.collect().rows() == []
    assert found.collect_schema() == SCHEMA
    assert lake.days("t", "chat") == []


def test_the_days_of_a_table_come_in_order(lake: Lake) -> None:
    for text in ("2026-03-10T00:00", "2026-02-28T23:00", "2026-03-02T05:00"):
        lake.replace(lake.hour_path("t", "chat", at(text)), rows())
    assert lake.days("t", "chat") == [
        at("2026-02-28T00:00"),
        at("2026-03-02T00:00"),
        at("2026-03-10T00:00"),
    ]


UNWRITABLE = {
    "a frame": pl.DataFrame({"n": [object()]}),
    "a query": pl.LazyFrame({"n": ["1", "no number"]}).with_columns(pl.col("n").cast(pl.Int64)),
}


@pytest.mark.parametrize("broken", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_write_that_fails_leaves_the_old_file_and_no_temporary(
    lake: Lake, broken: pl.DataFrame | pl.LazyFrame
) -> None:
    path = lake.hour_path("t", "chat", DAY_ONE)
    lake.replace(path, rows((DAY_ONE, 1)))
    with pytest.raises(pl.exceptions.PolarsError):
        lake.replace(path, broken)
    assert files(lake) == ["t/product=chat/date=2026-03-02/hour=00.parquet"]
    assert numbers(lake, Span(DAY_ONE, DAY_ONE + HOUR)) == [1]


def test_a_json_record_that_cannot_be_written_leaves_the_old_one(lake: Lake) -> None:
    path = lake.path("t", "chat", DAY_ONE, "day.json")
    assert lake.read_json(path) is None
    lake.replace_json(path, {"n": 1})
    with pytest.raises(TypeError):
        lake.replace_json(path, {"n": object()})
    assert lake.read_json(path) == {"n": 1}
    assert files(lake) == ["t/product=chat/date=2026-03-02/day.json"]


def test_a_file_can_be_replaced_by_what_is_read_from_it(lake: Lake) -> None:
    path = lake.hour_path("t", "chat", DAY_ONE)
    lake.replace(path, rows((DAY_ONE, 1)))
    once = Span(DAY_ONE, DAY_ONE + HOUR)
    lake.replace(path, lake.scan("t", ["chat"], once, schema=SCHEMA).with_columns(pl.col("n") + 1))
    assert numbers(lake, once) == [2]


WRITER = """
import sys
from datetime import UTC, datetime
import polars as pl
from orchestration.lake import Lake

lake, day, n = Lake(sys.argv[1]), datetime(2026, 3, 2, tzinfo=UTC), 0
while True:
    n += 1
    rows = pl.DataFrame({"n": [n]}).select(pl.col("n").repeat_by(50_000).explode())
    lake.replace(lake.hour_path("t", "chat", day), rows if n % 2 else rows.lazy())
    lake.replace_json(lake.path("t", "chat", day, "day.json"), [n] * 5_000)
    if n == 1:
        print("ready", flush=True)
"""


def test_a_writer_that_is_killed_never_leaves_half_a_file(lake: Lake) -> None:
    moments = random.Random(20260302)  # noqa: S311 - the same moments every time
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, lake.root], cwd=ROOT, stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(moments.uniform(0, 0.05))
            writer.kill()
        stored = pl.read_parquet(str(lake.hour_path("t", "chat", DAY_ONE)))["n"]
        assert (len(stored), stored.n_unique()) == (50_000, 1)
        record = lake.read_json(lake.path("t", "chat", DAY_ONE, "day.json")) or []
        assert (len(record), len(set(record))) == (5_000, 1)
    assert lake.scan("t", ["chat"], Span(DAY_ONE, DAY_ONE + DAY)).collect().height == 50_000


def test_what_crashed_writers_left_is_removed_when_it_is_a_day_old(lake: Lake) -> None:
    path = lake.hour_path("t", "chat", DAY_ONE)
    lake.replace(path, rows((DAY_ONE, 1)))
    now = at("2026-03-10T12:00")
    for name, age in ((".hour=00.parquet.a.tmp", 25), (".hour=00.parquet.b.tmp", 23)):
        left = Path(str(path)).with_name(name)
        left.write_bytes(b"half")
        then = (now - age * HOUR).timestamp()
        os.utime(left, (then, then))
    assert remove_temporary(lake.root, now=now) == 1
    assert files(lake) == [
        "t/product=chat/date=2026-03-02/.hour=00.parquet.b.tmp",
        "t/product=chat/date=2026-03-02/hour=00.parquet",
    ]
    assert numbers(lake, Span(DAY_ONE, DAY_ONE + HOUR)) == [1]
