import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.cli import checks
from orchestration.cli.checks import FAIL, OK, WARN
from orchestration.cli.ledger import made
from orchestration.deployment import prepare
from orchestration.lake import Lake
from orchestration.settings import Settings, load
from tests.orchestration.cli.conftest import Tree, Watchfloor

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = [
    *("python", "packages", "settings", "lake", "events", "monitors"),
    *("dagster home", "definitions", "daemon", "ledger", "people and routes"),
    *("queues and policies", "enforcement", "service", "approvers", "reviewers"),
    *("checklists", "slack", "fallback", "disk", "leftovers"),
]


@pytest.fixture
def settings(home: Path) -> Settings:
    return load({"WATCHFLOOR_HOME": str(home)})


@pytest.fixture
def _prepared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what `prepare` sets is undone
    prepare(settings).dispose()
    made(settings.ledger)


def rows(watchfloor: Watchfloor, exit_code: int) -> dict[str, dict[str, str]]:
    done = watchfloor("doctor", "--format", "json")
    assert done.exit_code == exit_code, done.output
    return {row["name"]: row for row in json.loads(done.stdout)}


@pytest.mark.usefixtures("lake", "_prepared")
def test_a_sound_installation_fails_nothing(watchfloor: Watchfloor) -> None:
    found = rows(watchfloor, 0)
    assert list(found) == NAMES
    assert {name for name in NAMES if found[name]["state"] == FAIL} == set()
    assert found["events"]["found"] == "logins of accounts"
    assert found["daemon"] == {
        "name": "daemon",
        "state": WARN,
        "found": "not running",
        "mend": "make dev",
    }
    assert "assets" in found["definitions"]["found"]


def test_an_unprepared_installation_fails_and_says_how_to_mend_it(watchfloor: Watchfloor) -> None:
    done = watchfloor("doctor")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("FAIL  dagster home: "))
    assert lines[at].endswith("is not prepared")
    assert lines[at + 1] == "      watchfloor init"
    assert any(line.startswith("OK    python: ") for line in lines)
    assert any(line.startswith("WARN  events: the lake holds none") for line in lines)


def test_a_damaged_package_fails_with_what_it_says(tree: Tree) -> None:
    (tree.root / "dagster_webserver.py").write_text("raise OSError('a library is missing')\n")
    done = tree.watchfloor("doctor", "--format", "json")
    found = {row["name"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["packages"]["state"] == FAIL
    said = "cannot be imported: dagster-webserver (OSError: a library is missing)"
    assert found["packages"]["found"] == said
    assert found["packages"]["mend"] == "pip install -c constraints.txt -e ."


def test_a_wrong_setting_is_the_last_thing_looked_at(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_SAMPLE_RATE", "2")
    found = rows(watchfloor, 1)
    assert list(found) == ["python", "packages", "settings"]
    assert found["settings"]["state"] == FAIL
    assert "WATCHFLOOR_SAMPLE_RATE is '2'" in found["settings"]["found"]


@pytest.mark.usefixtures("_prepared")
def test_notices_that_dagster_was_prepared_for_other_settings(settings: Settings) -> None:
    other = load({"WATCHFLOOR_HOME": str(settings.home), "WATCHFLOOR_DAGSTER_STORAGE": "pg"})
    look = dict(checks.checks(now=NOW))["dagster home"]
    assert look()[0] == OK
    from orchestration.cli.checks_of_dagster import home  # noqa: PLC0415 - imports Dagster

    assert home(other)[0] == WARN


def test_a_lake_that_is_not_there_yet_is_fine(settings: Settings) -> None:
    state, found, _ = checks.lake(settings)
    assert state == OK
    assert "does not exist yet" in found
    assert not Path(settings.lake).exists()


def test_a_lake_that_cannot_be_written_to_fails(settings: Settings) -> None:
    Path(settings.lake).parent.mkdir(parents=True)
    Path(settings.lake).write_text("a file", encoding="utf-8")
    state, found, mend = checks.lake(settings)
    assert state == FAIL
    assert "cannot be written to" in found
    assert "WATCHFLOOR_LAKE" in mend


def test_trying_the_lake_leaves_nothing_in_it(settings: Settings, lake: Lake) -> None:
    before = sorted(Path(lake.root).rglob("*"))
    assert checks.lake(settings)[0] == OK
    assert sorted(Path(lake.root).rglob("*")) == before


def test_counts_old_temporary_files_and_leaves_young_ones_to_their_writers(
    settings: Settings, lake: Lake
) -> None:
    folder = Path(lake.root) / "events"
    for name, age in (("old", timedelta(hours=25)), ("young", timedelta(hours=23))):
        path = folder / f".{name}.tmp"
        path.touch()
        os.utime(path, ((NOW - age).timestamp(),) * 2)
    state, found, mend = checks.leftovers(settings, now=NOW)
    assert state == WARN
    assert found.startswith("1 temporary files")
    assert mend == f"find {settings.lake} -name '.*.tmp' -mmin +1440 -delete"


def test_a_monitor_that_does_not_load_fails(tree: Tree) -> None:
    (tree.root / "monitors" / "shop").mkdir()
    (tree.root / "monitors" / "shop" / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    done = tree.watchfloor("doctor", "--format", "json")
    found = {row["name"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["monitors"]["state"] == FAIL
    assert "shop/broken: ZeroDivisionError" in found["monitors"]["found"]
    assert found["monitors"]["mend"] == "Mend monitors/shop/broken.py."
