import os
import re
import subprocess
import sys

import click
import pytest

from monitors.errors import MonitorError
from orchestration.cli.errors import NoDataError, is_ours
from orchestration.cli.main import COMMANDS, main
from orchestration.settings import SettingsError
from tests.orchestration.cli.conftest import Watchfloor

HEAVY = ("polars", "dagster", "duckdb", "rich", "scipy")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from orchestration.cli.main import main; "
        "main(['--help'], standalone_mode=False); "
        f"sys.exit(sorted(set({HEAVY}) & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_lists_every_command_and_the_exit_codes(watchfloor: Watchfloor) -> None:
    shown = watchfloor("--help").output
    assert all(f"  {name} " in shown for name in main.list_commands(click.Context(main)))
    assert "Exit codes: 0 fine, 1 something was found wrong, 2 wrong usage or setting" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_has_help_of_its_own(watchfloor: Watchfloor, name: str) -> None:
    shown = watchfloor(name, "--help")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: watchfloor {name}")


def test_an_unknown_command_is_wrong_usage(watchfloor: Watchfloor) -> None:
    done = watchfloor("findigns")
    assert done.exit_code == 2
    assert "No such command 'findigns'" in done.stderr


def test_a_wrong_setting_is_one_line_on_stderr(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_HOT_HOURS", "soon")
    done = watchfloor("findings")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: WATCHFLOOR_HOT_HOURS is 'soon'; wanted a whole number of at least 0.\n"
    )


def test_what_lacks_data_has_an_exit_code_of_its_own(watchfloor: Watchfloor) -> None:
    done = watchfloor("findings")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith("Error: Nothing was evaluated yet")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (MonitorError("x"), True),
        (SettingsError("x"), True),
        (NoDataError("x"), True),
        (ValueError("x"), False),
        (UnicodeError("x"), False),
    ],
)
def test_only_errors_of_our_own_classes_are_worded_for_people(
    error: ValueError, *, ours: bool
) -> None:
    assert is_ours(error) == ours


def test_output_is_plain_when_piped() -> None:
    environment = {
        k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "TTY_COMPATIBLE"}
    }
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli.main", "monitors", "list"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    head, *lines = done.stdout.splitlines()
    assert re.split(" +", head)[:3] == ["id", "harm", "entity"]
    assert lines
    assert not set("\x1b│┃─━") & set(done.stdout)
    assert done.stderr == ""
