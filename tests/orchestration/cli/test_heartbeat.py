import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from orchestration.cli.heartbeat import heartbeat
from orchestration.slack.disk import DiskSlack

ROOT = Path(__file__).parents[3]
LOOP = "from orchestration.cli.heartbeat import heartbeat; heartbeat(['--every', '1'])"


def run(home: Path) -> Result:
    return CliRunner().invoke(heartbeat, env={"WATCHFLOOR_HOME": str(home)})


def test_what_does_not_beat_is_printed_and_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    done = run(tmp_path)

    assert done.exit_code == 1
    names = [line.partition(",")[0] for line in done.stdout.splitlines()]
    assert names == ["Dagster", "ledger"]
    assert len(DiskSlack(tmp_path / "slack").messages("C0WATCHFLOOR")) == 1


def test_it_is_told_once_though_each_look_finds_it(tmp_path: Path) -> None:
    assert [run(tmp_path).exit_code for _ in range(2)] == [1, 1]
    assert len(DiskSlack(tmp_path / "slack").messages("C0WATCHFLOOR")) == 1


def test_as_a_loop_it_looks_again_and_again(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-u", "-c", LOOP],
        cwd=ROOT,
        env={"WATCHFLOOR_HOME": str(tmp_path), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().partition(",")[0] for _ in range(4)]
    process.kill()
    process.wait(30)
    process.stdout.close()

    assert lines == ["Dagster", "ledger", "Dagster", "ledger"]
    assert len(DiskSlack(tmp_path / "slack").messages("C0WATCHFLOOR")) == 1
