import subprocess
import sys

CODE = """
from orchestration.cli.progress import progress
with progress() as bar:
    task = bar.add_task("Reading [bold]x", total=2)
    bar.advance(task)
print("done")
"""


def test_is_silent_where_stderr_is_no_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env={}
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_is_drawn_on_stderr_alone_on_a_terminal() -> None:
    environment = {"FORCE_COLOR": "1", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "done\n"
    assert "Reading [bold]x" in done.stderr
