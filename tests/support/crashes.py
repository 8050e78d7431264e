"""Fault points: every place between evaluation and Slack where a process may end, by name.

A point is a step that others can see, before it is done and after: a file of the lake that takes
the place of another, a commit of the ledger, a request to Slack. `Faults` counts them as they are
crossed and raises `Crash` where a schedule says so; `PLACES` names them all, and one that is
crossed and not named there is an error, so that a new commit cannot be overlooked.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine

LAKE = ("findings", "samples", "manifests")
COMMITS = (
    "acts.group.ack",
    "acts.group.assign",
    "acts.group.snooze",
    "intake.run.take_in",
    "intake.settings.in_force",
    "outbox.progress.Holder.hold",
    "outbox.progress.Progress.record",
    "outbox.record.busy",
    "outbox.record.down",
    "outbox.record.give_back",
    "outbox.record.sent",
    "outbox.take.take",
    "slack.deliver.Delivery._alone",
    "slack.in_thread.InThread._begin",
    "slack.in_thread.InThread.send",
)
REQUESTS = (
    "auth.test",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.replies",
)
PLACES = (
    *(f"lake {name}" for name in LAKE),
    *(f"commit {name}" for name in COMMITS),
    *(f"request {name}" for name in REQUESTS),
)
POINTS = tuple(f"{place}, {side}" for place in PLACES for side in ("before", "after"))
THROUGH = {"begun", "writing"}  # contexts in whose name others commit


class Crash(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass
class Faults:
    """Where the process ends: at the nth crossing of a point, or of all points.

    `planned` are pairs of a point, or "" for any, and how many crossings are left.
    """

    planned: list[tuple[str, int]] = field(default_factory=list)
    crossed: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    armed: bool = False

    def cross(self, place: str, side: str) -> None:
        """Pass a point, or crash there."""
        if not self.armed:
            return
        point = f"{place}, {side}"
        assert place in PLACES, f"{place} is no known place; name it in tests.support.crashes"
        self.crossed[point] += 1
        left = [(name, n - (name in ("", point))) for name, n in self.planned]
        self.planned = [(name, n) for name, n in left if n > 0]
        if len(self.planned) < len(left):
            self.crashes.append(point)
            raise Crash(point)

    @contextmanager
    def arming(self) -> Iterator[None]:
        """While the code under test runs."""
        self.armed = True
        try:
            yield
        finally:
            self.armed = False


def watch_commits(engine: Engine, faults: Faults) -> None:
    """Make every commit of a ledger two points."""
    dialect: Any = engine.dialect
    commit = dialect.do_commit

    def do_commit(connection: object) -> None:
        place = f"commit {_committing(sys._getframe(1))}"  # noqa: SLF001 - Python's way to know who calls
        faults.cross(place, "before")
        commit(connection)
        faults.cross(place, "after")

    dialect.do_commit = do_commit


def _committing(frame: FrameType | None) -> str:
    """The function of ours that commits, by module and name."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        ours = module.startswith("orchestration.") and module != "orchestration.ledger.database"
        if ours and frame.f_code.co_name not in THROUGH:
            name = module.removeprefix("orchestration.")
            return f"{name}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "unknown"


@contextmanager
def watching_files(lake: Path, faults: Faults) -> Iterator[None]:
    """Make every file that takes its place in a lake two points."""
    replace = os.replace

    def replacing(source: str, target: str) -> None:
        inside = Path(target).is_relative_to(lake)
        place = f"lake {Path(target).relative_to(lake).parts[0]}" if inside else ""
        if inside:
            faults.cross(place, "before")
        replace(source, target)
        if inside:
            faults.cross(place, "after")

    os.replace = replacing  # type: ignore[assignment]
    try:
        yield
    finally:
        os.replace = replace
