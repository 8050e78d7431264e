"""What the checkout says: runbooks with their headings, and when each was last changed."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from launch_checklists.facts import Known, Missing, Runbook

HEADING = re.compile(r"^#{2,3} +(.+?) *$", re.MULTILINE)
CHECKED = re.compile(r"^Checked: (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
TOOK_TOO_LONG = 30  # seconds


def runbooks(root: Path, names: Iterable[str]) -> Known[Mapping[str, Runbook]]:
    """Those of the named runbooks that are there, by name.

    The day is the line `Checked: 2026-03-01`, or the last commit of the file if that is later.
    Missing where neither says anything: then nobody knows how old a runbook is.
    """
    found = {}
    for name in names:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        days = [*_checked(text), *_committed(root, path)]
        if not days:
            return Missing(
                f"nothing says when {name} was last changed: no commit and no `Checked:`"
            )
        found[name] = Runbook(frozenset(HEADING.findall(text)), max(days))
    return found


def _checked(text: str) -> list[date]:
    """Days on which somebody says that it was read and holds; impossible ones say nothing."""
    found = []
    for year_month_day in CHECKED.findall(text):
        try:
            found.append(date.fromisoformat(year_month_day))
        except ValueError:
            continue
    return found


def _committed(root: Path, path: Path) -> list[date]:
    """The day of the last commit of a file; none where git does not know it, or is not there."""
    command = ["git", "-C", str(root), "log", "-1", "--format=%cs", "--", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, text=True, check=False, timeout=TOOK_TOO_LONG
        )
    except FileNotFoundError:
        return []
    text = done.stdout.strip()
    return [date.fromisoformat(text)] if done.returncode == 0 and text else []
