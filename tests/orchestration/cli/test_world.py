import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.evaluate import Span
from orchestration.lake import Lake
from orchestration.world.store import PRODUCTS, Home
from tests.orchestration.cli.conftest import REPOSITORY, Watchfloor
from tests.support.lakes import put

SMALL = ("--days", "1", "--accounts", "300", "--products", "accounts,web")
START = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
Made = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A world of one day, and what the command said."""
    out = tmp_path_factory.mktemp("worlds") / "one"
    command = [sys.executable, "-m", "orchestration.cli.main", "world", "--out", str(out)]
    done = subprocess.run(
        [*command, *SMALL, "--end", "2026-11-03", "--format", "json"],
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    return out, done


def test_prints_events_by_product_and_what_was_made(made: Made) -> None:
    out, done = made
    assert done.returncode == 0, done.stderr
    printed = {row["product"]: row["events"] for row in json.loads(done.stdout)}
    assert list(printed) == ["accounts", "web"]
    web = Lake(str(out / "lake")).scan("events/api_requests", ["web"], Span(START, START + DAY))
    assert web.collect().height == printed["web"]
    assert "1 days of seed 1 with 300 accounts, to 2026-11-03; " in done.stderr
    assert "Written" not in done.stderr


def test_the_truth_holds_the_campaigns_that_were_counted(made: Made) -> None:
    out, done = made
    truth = pl.read_parquet(out / "truth" / "actors.parquet").filter("guilty")
    assert f"; {truth['campaign'].n_unique()} campaigns. Took " in done.stderr


def test_a_world_that_is_there_is_not_made_again(watchfloor: Watchfloor, made: Made) -> None:
    done = watchfloor("world", "--out", str(made[0]), "--end", "2026-11-03", "--format", "json")
    assert done.exit_code == 0, done.output
    assert [row["events"] for row in json.loads(done.stdout)] == [0, 0]


@pytest.mark.parametrize(
    "other", [("--seed", "2"), ("--accounts", "400"), ("--days", "2"), ("--products", "web")]
)
def test_another_world_in_the_same_folder_is_wrong_usage(
    watchfloor: Watchfloor, made: Made, other: tuple[str, str]
) -> None:
    done = watchfloor("world", "--out", str(made[0]), "--end", "2026-11-03", *other)
    assert done.exit_code == 2
    assert "holds another world: seed 1, 300 accounts, from 2026-11-02" in done.stderr


def test_a_lake_with_other_events_is_refused_and_says_what_to_do(
    watchfloor: Watchfloor, home: Path
) -> None:
    put(Home(home).lake, "web", "api_requests", [{"occurred_at": START, "operation": "GET"}])
    done = watchfloor("world", "--out", str(home), *SMALL, "--end", "2026-11-03")
    assert done.exit_code == 2
    assert "already has events of web" in done.stderr
    assert "Choose another --out, or other --products." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((), "Missing option '--out'"),
        (("--out", "x", "--products", "web,shop"), "No product 'shop'; there are accounts, "),
        (("--out", "x", "--end", "2026-11-02T05:00"), "starts at a midnight in UTC"),
        (("--out", "x", "--accounts", "20"), "not in the range x>=300"),
    ],
)
def test_wrong_usage(watchfloor: Watchfloor, arguments: tuple[str, ...], wanted: str) -> None:
    done = watchfloor("world", *arguments)
    assert done.exit_code == 2
    assert wanted in done.stderr


def test_score_is_a_command_of_its_own(watchfloor: Watchfloor, tmp_path: Path) -> None:
    done = watchfloor("world", "score", str(tmp_path))
    assert done.exit_code == 2
    assert "holds no world; make one" in done.stderr


def live(out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "orchestration.cli.main", "world", "--out", str(out)]
    return subprocess.Popen(
        [*command, *SMALL[:4], "--products", "web", "--live", "--every", "1", *more],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=REPOSITORY,
    )  # fmt: skip


def until(home: Home) -> str:
    return str((home.lake.read_json(home.note) or {}).get("until", ""))


def wait_for_a_step(home: Home, process: subprocess.Popen[str], *, after: str) -> None:
    midnight = f"{datetime.now(UTC):%Y-%m-%d}T00:00:00+00:00"
    while process.poll() is None and until(home) <= max(after, midnight):
        time.sleep(0.2)


def test_goes_on_until_stopped_and_can_be_started_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = live(tmp_path)
        wait_for_a_step(home, process, after=until(home))
        process.send_signal(number)
        said = process.communicate()[1]
        assert process.returncode == 0, said
        assert "Stop with Ctrl-C" in said
    rows = home.lake.scan("events/api_requests", ["web"], Span(today - DAY, today + 2 * DAY))
    stored = rows.collect()
    assert stored["event_id"].is_unique().all()
    assert stored["received_at"].max() < datetime.now(UTC)  # type: ignore[operator]


def test_leaves_out_what_has_other_events_and_stops_with_its_parent(tmp_path: Path) -> None:
    home = Home(tmp_path)
    put(home.lake, "web", "api_requests", [{"occurred_at": START, "operation": "GET"}])
    process = live(tmp_path, "--products", "web,marketplace", "--skip-taken", "--while", "1")
    said = process.communicate()[1]
    assert os.getpid() != 1
    assert process.returncode == 0, said
    assert "Left as they are: web have other events." in said
    assert home.taken() == {"web", "marketplace"}
    assert set(PRODUCTS) > home.taken()
