"""`watchfloor policies`, which puts nothing into force."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine

from orchestration.cases.terms import terms
from orchestration.settings import load
from tests.support.ledgers import NOON

Watchfloor = Callable[..., Result]


def edited(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = Path(load().policies).read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path = tmp_path / "policies-new.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_lists_and_shows(watchfloor: Watchfloor) -> None:
    rows = json.loads(watchfloor("policies", "list", "--format", "json").stdout)
    spam = next(row for row in rows if row["policy"] == "spam")
    assert (spam["version"], spam["ground"], spam["harms"]) == (1, "terms", "spam")
    (shown,) = json.loads(watchfloor("policies", "show", "spam", "--format", "json").stdout)
    assert "suspend_account (1 approvals)" in shown["actions"]
    wrong = watchfloor("policies", "show", "spamm")
    assert (wrong.exit_code, "did you mean 'spam'" in wrong.stderr) == (2, True)


def test_checks_without_a_ledger(watchfloor: Watchfloor, home: Path) -> None:
    done = watchfloor("policies", "check", "--format", "json")
    assert (done.exit_code, done.stdout) == (0, "[]\n")
    assert "Nothing is in force yet." in done.stderr
    assert not (home / "ledger.db").exists()


def test_checks_against_what_is_in_force(
    watchfloor: Watchfloor,
    ledger: Engine,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    terms(ledger, load(), now=NOON)
    title = ("title: Safety of children", "title: Safety of all children")
    unbumped = watchfloor("policies", "check", edited(tmp_path, title))
    assert (unbumped.exit_code, "but is still version 1" in unbumped.stderr) == (2, True)
    bumped = edited(tmp_path, title, ("version: 1", "version: 2"))
    done = watchfloor("policies", "check", bumped, "--format", "json")
    assert json.loads(done.stdout) == [{"policy": "child_safety", "in_force": 1, "file": 2}]
    assert "1 versions change." in done.stderr
    broken = watchfloor("policies", "check", edited(tmp_path, ("severity: S0", "severity: S9")))
    assert (broken.exit_code, "S9" in broken.stderr) == (2, True)
    gone = watchfloor("policies", "check", str(tmp_path / "nosuch.yaml"))
    assert (gone.exit_code, "cannot be read" in gone.stderr) == (2, True)
