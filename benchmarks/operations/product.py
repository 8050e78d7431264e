"""The product of the simulated week: the reference service over HTTP, with faults and its state."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.operations.truth import draw
from orchestration.executors.http import HttpExecutor
from orchestration.policies.rules import Rules
from orchestration.reference_service.faults import Faults, Kind, Rule
from orchestration.reference_service.server import serve
from tests.orchestration.reference_service.services import SECRET, Client

# Of the first two requests of each key.
SHARES: Mapping[Kind, float] = {
    "error_before": 0.05,
    "error_after": 0.05,
    "drop_before": 0.03,
    "drop_after": 0.05,
    "duplicate": 0.05,
    "garbled": 0.03,
    "busy": 0.02,
}
PATIENT = timedelta(seconds=5)
AT_ONCE = 500
GONE, LIMITED, BY_HAND = 0.02, 0.08, 0.10  # deleted there; restricted, or suspended, by hand
Place = tuple[str, str, str]  # type, real id and field of a target


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """The time of the simulated week."""
        return self.now


@dataclass
class Product:
    """A service and what it had before anybody was acted on."""

    url: str
    state: Path
    clock: Clock
    faults: Faults
    before: dict[Place, str] = field(default_factory=dict)
    looked_at: set[tuple[str, str]] = field(default_factory=set)

    def executor(self) -> HttpExecutor:
        """What asks it; it does not wait between two tries."""
        return HttpExecutor(
            self.url, SECRET, clock=self.clock, timeout=PATIENT, sleep=lambda _: None
        )

    def knows(self, targets: Iterable[tuple[str, str]], rules: Rules) -> None:
        """Have these targets as a product has its accounts: a few are gone, or set by hand."""
        new = [one for one in targets if one not in self.looked_at]
        self.looked_at.update(new)
        there = [one for one in new if draw("gone", one[1]) >= GONE]
        listed = []
        for kind, target in there:
            values = {
                action.action_class: _first(action.action_class, target)
                for action in rules.actions.values()
                if kind in action.target_types
            }
            self.before |= {(kind, target, name): json.dumps(v) for name, v in values.items()}
            listed.append({"target_type": kind, "target": target, "fields": values})
        client = Client(self.url, self.clock)
        for at in range(0, len(listed), AT_ONCE):
            status, _ = client.ask("PUT", "/v1/targets", {"targets": listed[at : at + AT_ONCE]})
            assert status == 200, f"the service answers {status} to targets"  # noqa: PLR2004, S101

    def outage(self, kind: Kind | None) -> None:
        """Have everything fail in one way from now on; None ends it."""
        self.faults.rules = [Rule(kind, tries=10**9)] if kind else []

    def now(self) -> dict[Place, str]:
        """Every field, after what is over has ended."""
        Client(self.url, self.clock).ask("GET", "/v1/log?after=0")
        rows = self._read("SELECT target_type, target, field, value FROM fields")
        return {(kind, target, name): value for kind, target, name, value in rows}

    def log(self) -> list[Any]:
        """What it did: time, kind and key of each effect, in order."""
        return self._read("SELECT at, kind, key FROM log ORDER BY seq")

    def _read(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.state)) as state:
            return state.execute(query).fetchall()


@contextmanager
def product(folder: Path, clock: Clock) -> Iterator[Product]:
    """A product whose service runs in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    faults = Faults(shares=SHARES, seconds=1)
    state = folder / "state.db"
    with serve(state, SECRET, clock=clock, faults=faults) as url:
        yield Product(url, state, clock, faults)


def _first(name: str, target: str) -> str | None:
    if name != "access":
        return None
    by_hand = draw("by hand", target)
    return "limited" if by_hand < LIMITED else "suspended" if by_hand < BY_HAND else "active"
