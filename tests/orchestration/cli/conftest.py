import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration.cli.main import main
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from tests.support.lakes import Row, at, put, span
from tests.support.monitors import failed_logins

REPOSITORY = Path(__file__).parents[3]
Watchfloor = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of an installation without anything in it."""
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def watchfloor(home: Path) -> Watchfloor:  # noqa: ARG001 - sets the environment
    """Runs the command line in this process."""

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="watchfloor", input=stdin)

    return run


def failures(account: str, start: str, n: int) -> list[Row]:
    return [
        {
            "account_id": account,
            "ip": "192.0.2.7",
            "occurred_at": at(start) + i * timedelta(minutes=1),
            "succeeded": False,
            "event_id": f"{account}-{start}-{i}",
        }
        for i in range(n)
    ]


@pytest.fixture
def lake(home: Path) -> Lake:
    """Five failed sign-ins of ann, three of bob, three of ann a day later, and their findings."""
    found = Lake(str(home / "lake"))
    rows = [
        *failures("ann", "2026-03-02T10:00", 5),
        *failures("bob", "2026-03-02T10:30", 3),
        *failures("ann", "2026-03-03T00:10", 3),
    ]
    put(found, "accounts", "logins", rows)
    evaluate_span(Run(found, at("2026-03-04")), failed_logins, span("2026-03-02", "2026-03-04"))
    return found


class Tree:
    """A copy of the project without the monitors that ship with it, in a repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        for name in ("orchestration", "monitors/events", "monitors/detectors"):
            shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
        helper = "tests/monitors/rows.py"
        for path in (*(REPOSITORY / "monitors").glob("*.py"), REPOSITORY / helper):
            target = root / path.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        shutil.copy(REPOSITORY / "pyproject.toml", root)
        self.git("init", "--quiet")
        self.commit()

    def git(self, *arguments: str) -> str:
        names = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        done = subprocess.run(
            ["git", *names, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "state")

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )

    def watchfloor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "orchestration.cli.main", *arguments)


@pytest.fixture
def tree(tmp_path: Path, home: Path) -> Tree:  # noqa: ARG001 - sets the environment
    return Tree(tmp_path / "tree")
