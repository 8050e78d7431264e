"""What a monitor found as of an earlier commit: that commit's own code, in its own process.

The commit's `monitors/` and `orchestration/` are unpacked into a temporary folder, so neither the
working tree nor git's records change, and run on the same lake.
"""

import subprocess
import sys
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

import polars as pl

from monitors.evaluate import Span
from monitors.registry import ROOT, registry
from orchestration.backtest import BacktestError, run
from orchestration.cli.errors import USAGE, is_ours
from orchestration.lake import Lake

TREE = ROOT.parent
CODE = ("monitors", "orchestration")


def findings_at(ref: str, monitor_id: str, lake: Lake, span: Span) -> pl.DataFrame:
    """Findings of a span by the monitor, detectors and evaluation as of a git ref.

    Raises BacktestError where there is no such commit, it has no such monitor, or it cannot be
    run on this lake.
    """
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise BacktestError(f"There is no commit '{ref}' here; give a branch, a tag or a commit.")
    with tempfile.TemporaryDirectory(prefix="watchfloor-against-") as folder:
        tree, target = Path(folder) / "tree", Path(folder) / "findings.parquet"
        _unpack(commit.strip(), tree, Path(folder) / "tree.tar")
        times = (span.start.isoformat(), span.end.isoformat())
        root = lake.root if "://" in lake.root else str(Path(lake.root).absolute())
        module = "orchestration.cli.compare"
        done = subprocess.run(  # noqa: S603 - this Python, on a commit of this repository
            [sys.executable, "-m", module, root, monitor_id, *times, str(target)],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            raise BacktestError(f"As of '{ref}' the monitor cannot be run: {last}")
        return pl.read_parquet(target)


def _unpack(commit: str, tree: Path, archive: Path) -> None:
    if _git("archive", "--format=tar", f"--output={archive}", commit, "--", *CODE) is None:
        raise BacktestError(
            f"Commit {commit[:12]} has no {' and '.join(CODE)}; give one of this project."
        )
    with tarfile.open(archive) as files:
        files.extractall(tree, filter="data")


def _git(*arguments: str) -> str | None:
    """What git prints; None where it refuses."""
    try:
        done = subprocess.run(  # noqa: S603 - arguments are our own, but for one behind an end mark
            ["git", "-C", str(TREE), *arguments],  # noqa: S607 - found on PATH, as for a person
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise BacktestError("git is not installed; --against needs it.") from error
    return None if done.returncode else done.stdout


def _write(root: str, monitor_id: str, start: str, end: str, *, target: str) -> None:
    span = Span(datetime.fromisoformat(start), datetime.fromisoformat(end))
    run(Lake(root), registry().get(monitor_id), span).findings.write_parquet(target)


if __name__ == "__main__":
    try:
        _write(*sys.argv[1:5], target=sys.argv[5])
    except ValueError as refusal:
        if not is_ours(refusal):
            raise
        sys.stderr.write(f"{' '.join(str(refusal).split())}\n")
        sys.exit(USAGE)
