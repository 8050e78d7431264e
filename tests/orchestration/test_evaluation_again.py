import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from monitors.contract import Monitor
from monitors.evaluate import FINDINGS, Span
from orchestration.evaluation import Run, evaluate_span
from orchestration.inputs import EVENTS
from orchestration.lake import Lake
from orchestration.manifests import content_digest, read_manifest
from orchestration.partitions import DAY, HOUR, starts
from orchestration.upkeep import build_activity, build_baseline, build_daily, compact
from tests.support.lakes import Row, at, files, put, span, stored
from tests.support.monitors import (
    BY_ACCOUNT,
    USUAL,
    failed_logins,
    failed_logins_of_a_day,
    failures_in_a_day,
    in_sql,
    more_failures_than_usual,
    named,
    sliding,
)

ROOT = Path(__file__).parents[2]
START = at("2026-03-02T00:00")
NOW = at("2026-03-03T01:00")
TODAY = Span(START, START + DAY)
MORNING = span("2026-03-02T06:00", "2026-03-02T10:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def many(*, seed: int = 7, n: int = 600) -> list[Row]:
    """Logins of two days, some of nobody, most of them failed."""
    random = Random(seed)  # noqa: S311 - the same rows every time
    minutes = sorted(random.randrange(-24 * 60, 12 * 60) for _ in range(n))
    who = [*(f"account-{i}" for i in range(8)), None]
    return [
        {
            "event_id": f"event-{i}",
            "occurred_at": START + timedelta(minutes=minute),
            "account_id": random.choice(who),
            "succeeded": random.random() < 0.4,
        }
        for i, minute in enumerate(minutes)
    ]


def everything(folder: Path) -> list[Monitor]:
    return [
        failed_logins,
        named(sliding(6 * HOUR), "sliding", threshold=9.0, near=7.0),
        named(failures_in_a_day, "look_back", threshold=20.0, near=15.0),
        named(more_failures_than_usual, "than_usual", threshold=-24.0, near=-26.0),
        named(in_sql(folder), "in_sql"),
    ]


def results(lake: Lake, monitors: list[Monitor], within: Span) -> dict[str, Any]:
    """What is stored for each monitor and partition, but for when and how fast it was made."""
    found = {}
    for monitor in monitors:
        for start in starts(within, monitor.every):
            manifest = read_manifest(lake, monitor, start)
            assert manifest is not None
            about = asdict(manifest)
            for name in ("as_of", "seconds", "rows_read", "pass_partitions", "intent"):
                del about[name]
            rows = [stored(lake, table, monitor, start) for table in ("findings", "samples")]
            found[f"{monitor.name} {start:%d %H:%M}"] = (about, *(r.rows() for r in rows))
            assert about["digest"] == content_digest(rows[0])
    return found


def evaluate_all(lake: Lake, monitors: list[Monitor], within: Span, now: datetime = NOW) -> None:
    for monitor in monitors:
        evaluate_span(Run(lake, now, rate=0.3), monitor, within)


def shuffled(lake: Lake) -> None:
    for path in Path(lake.root, EVENTS).rglob("hour=*.parquet"):
        rows = pl.read_parquet(path, hive_partitioning=False)
        rows.sample(fraction=1, shuffle=True, seed=11).write_parquet(path, row_group_size=3)


def compacted(lake: Lake) -> None:
    for day in (START - DAY, START):
        compact(lake, "logins", "accounts", day)


def with_aggregates(lake: Lake) -> None:
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START - DAY, START + DAY))
    build_daily(lake, BY_ACCOUNT, "accounts", START - DAY)
    build_baseline(lake, USUAL, "accounts", START)


WAYS = {
    "rows shuffled and cut into chunks": shuffled,
    "compacted": compacted,
    "with activity, roll-ups and baselines": with_aggregates,
}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("wanted")
    lake = Lake(str(folder / "lake"))
    put(lake, "accounts", "logins", many())
    monitors = everything(folder)
    evaluate_all(lake, monitors, MORNING)
    found = results(lake, monitors, MORNING)
    flagged = {n.split()[0] for n, (manifest, *_) in found.items() if manifest["flagged"]}
    assert flagged == {m.name for m in monitors}
    return found


@pytest.mark.parametrize("prepare", WAYS.values(), ids=WAYS)
def test_the_same_data_stored_in_another_way_gives_the_same_results(
    lake: Lake, tmp_path: Path, prepare: Callable[[Lake], None], wanted: dict[str, Any]
) -> None:
    put(lake, "accounts", "logins", many())
    prepare(lake)
    monitors = everything(tmp_path)
    evaluate_all(lake, monitors, MORNING)
    assert results(lake, monitors, MORNING) == wanted


def test_rows_delivered_in_two_halves_and_hours_one_by_one_give_the_same_results(
    lake: Lake, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    rows = many()
    monitors = everything(tmp_path)
    put(lake, "accounts", "logins", rows[::2])
    evaluate_all(lake, monitors, MORNING, NOW - HOUR)
    put(lake, "accounts", "logins", rows[1::2])
    for hour in starts(MORNING, "1h"):
        evaluate_all(lake, monitors, Span(hour, hour + HOUR))
    assert results(lake, monitors, MORNING) == wanted


def test_the_same_evaluation_twice_writes_equal_bytes(lake: Lake, tmp_path: Path) -> None:
    put(lake, "accounts", "logins", many())
    monitors = [*everything(tmp_path), failed_logins_of_a_day]

    def contents() -> dict[str, bytes]:
        names = [f for f in files(lake) if f.startswith(("findings", "samples"))]
        return {f: Path(lake.root, f).read_bytes() for f in names}

    evaluate_all(lake, monitors[:-1], MORNING)
    evaluate_all(lake, monitors[-1:], TODAY)
    first = contents()
    assert len(first) == 2 * (4 * 5 + 1)
    evaluate_all(lake, monitors[:-1], MORNING)
    evaluate_all(lake, monitors[-1:], TODAY)
    assert contents() == first


def test_sql_and_python_find_the_same(wanted: dict[str, Any]) -> None:
    for hour in ("06:00", "07:00", "08:00", "09:00"):
        _, findings, samples = wanted[f"failed_logins 02 {hour}"]
        _, findings_in_sql, samples_in_sql = wanted[f"in_sql 02 {hour}"]
        after_identity = FINDINGS.names().index("entity_type")
        assert [row[after_identity:] for row in findings_in_sql] == [
            row[after_identity:] for row in findings
        ]
        assert samples_in_sql == samples


EVALUATION = """
import sys
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from tests.support.lakes import at, span
from tests.support.monitors import failed_logins

within = span("2026-03-01T00:00", "2026-03-03T00:00")
print("ready", flush=True)
evaluate_span(Run(Lake(sys.argv[1]), at("2026-03-03T01:00"), rate=0.3), failed_logins, within)
print("done", flush=True)
sys.stdin.readline()
"""


def test_an_evaluation_that_is_killed_leaves_no_half_and_is_made_good_by_the_next(
    lake: Lake,
) -> None:
    put(lake, "accounts", "logins", many())
    two_days = Span(START - DAY, START + DAY)
    evaluate_all(lake, [failed_logins], two_days)
    wanted = results(lake, [failed_logins], two_days)
    assert len(wanted) == 48
    manifests = Path(lake.root, "manifests")
    for done in (0, 7, 29):
        for table in ("manifests", "findings", "samples"):
            shutil.rmtree(Path(lake.root, table))
        with subprocess.Popen(
            [sys.executable, "-c", EVALUATION, lake.root],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as evaluation:
            assert evaluation.stdout is not None
            assert evaluation.stdout.readline() == b"ready\n"
            while len(list(manifests.rglob("hour=*.json"))) < done:
                time.sleep(0.001)
            evaluation.kill()
        ready = [s for s in starts(two_days, "1h") if read_manifest(lake, failed_logins, s)]
        assert done <= len(ready) < 48
        for start in ready:
            found = results(lake, [failed_logins], Span(start, start + HOUR))
            assert found.items() <= wanted.items()
        evaluate_all(lake, [failed_logins], two_days)
        assert results(lake, [failed_logins], two_days) == wanted


def test_findings_without_their_manifest_are_made_again_even_by_an_earlier_clock(
    lake: Lake,
) -> None:
    put(lake, "accounts", "logins", many())
    evaluate_span(Run(lake, NOW), failed_logins, MORNING)
    hour = MORNING.start
    path = lake.hour_path(f"findings/{failed_logins.name}", failed_logins.product, hour)
    lake.replace(path, pl.DataFrame(schema=FINDINGS))  # a later run was cut off here

    (made, *_) = evaluate_span(Run(lake, NOW - HOUR), failed_logins, MORNING)

    assert made.as_of == (NOW - HOUR).isoformat()
    assert made.digest == content_digest(pl.read_parquet(str(path)))
