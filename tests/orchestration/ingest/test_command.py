import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration.cli.main import main

HEADER = "event_id,occurred_at,operation\n"
MAPPING = 'product = "shop"\ncontract = "api_requests"\npaths = ["a.csv"]\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path / "home"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["ingest", *map(str, arguments)])


def test_prints_what_it_did(tmp_path: Path) -> None:
    log = tmp_path / "a.csv"
    log.write_text(HEADER + "e1,2026-03-01T10:00:00Z,GET\ne2,never,GET\n", encoding="utf-8")
    found = run("shop", "api_requests", log, "--format", "json")
    assert found.exit_code == 0
    report = json.loads(found.stdout)[0]
    assert (report["rows_read"], report["ingested"], report["quarantined"]) == (2, 1, 1)
    assert found.stderr == "Quarantined: 1 x occurred_at: no time\n"


def test_reads_the_paths_of_the_mapping_where_none_is_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "e1,2026-03-01T10:00:00Z,GET\n", encoding="utf-8")
    mapping = tmp_path / "m.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    assert run("shop", "api_requests", "--mapping", mapping).exit_code == 0
    other = run("other", "api_requests", "--mapping", mapping)
    assert other.exit_code == 2
    assert "is for shop api_requests, the command for other api_requests" in other.stderr


@pytest.mark.parametrize("content", ["", HEADER + "e1,never,GET\n"])
def test_exits_1_when_nothing_could_be_used(tmp_path: Path, content: str) -> None:
    log = tmp_path / "a.csv"
    log.write_text(content, encoding="utf-8")
    found = run("shop", "api_requests", log)
    assert found.exit_code == 1
    assert "empty" in found.stderr or "no time" in found.stderr


def test_exits_2_when_a_path_or_a_name_is_wrong(tmp_path: Path) -> None:
    assert run("shop", "api_requests", tmp_path / "none").exit_code == 2
    assert run("shop", "api_requests").exit_code == 2
    assert run("shop", "requests", tmp_path).exit_code == 2
    assert run("shop", "api_requests", tmp_path, "--mapping", tmp_path / "none").exit_code == 2
