"""Fault points of acting: every commit and every request from a plan to the notice of an appeal.

As in `tests.support.crashes`, a point is a step that others can see, before it is done and after.
`PLACES` names them all; one that is crossed and not named there is an error, so that a new commit
cannot be overlooked.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestration.executors.http import HttpExecutor
from orchestration.executors.wire import Answer
from tests.orchestration.reference_service.services import SECRET
from tests.support import crashes
from tests.support.crashes import Crash

COMMITS = (
    "appeals.decide.decide_appeal",
    "appeals.notices._Going._record",
    "appeals.notices._lease",
    "appeals.receive.receive",
    "appeals.review.claim",
    "appeals.review.expire_leases",
    "appeals.review.next_appeal",
    "appeals.review.release",
    "appeals.review.renew",
    "appeals.review.withdraw",
    "appeals.waiting.settle_waiting",
    "enforcement.approve.approve",
    "enforcement.approve.expire",
    "enforcement.approve.resume",
    "enforcement.auto.plan_auto",
    "enforcement.auto.void",
    "enforcement.claim.claim",
    "enforcement.execute._Going._record",
    "enforcement.lapse.lapse",
    "enforcement.plan.plan",
    "enforcement.plan.unblock",
    "enforcement.protections.protect",
    "enforcement.protections.unprotect",
    "enforcement.reconcile._record",
    "enforcement.reconcile.lose",
    "enforcement.retractions.retract",
    "enforcement.reverse.reverse_monitor",
    "enforcement.reverse.reverse_one",
    "enforcement.switches.throw",
    "enforcement.undo._Going._record",
    "enforcement.undo._block",
    "enforcement.undo._lease",
)
REQUESTS = ("apply", "restore", "find", "notice")
PLACES = (
    *(f"commit {name}" for name in COMMITS),
    *(f"request {name}" for name in REQUESTS),
)
POINTS = tuple(f"{place}, {side}" for place in PLACES for side in ("before", "after"))
TIMEOUT = timedelta(seconds=0.4)


@dataclass
class Faults(crashes.Faults):
    """Where the process ends, with all its threads; and what happens `meanwhile`, once, at a point.

    Of requests under way at once, which comes first is up to their threads.
    """

    meanwhile: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    gone: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def cross(self, place: str, side: str) -> None:
        """Pass a point, or crash there; whoever comes to one after a crash is gone too."""
        if not self.armed:
            return
        point = f"{place}, {side}"
        assert place in PLACES, f"{place} is unknown; name it in tests.support.enforcement_crashes"
        with self.lock:
            if self.gone:
                raise Crash(point)
            self.crossed[point] += 1
            left = [(name, n - (name in ("", point))) for name, n in self.planned]
            self.planned = [(name, n) for name, n in left if n > 0]
            if len(self.planned) < len(left):
                self.crashes.append(point)
                self.gone = True
                raise Crash(point)
            happens = [does for at, does in self.meanwhile if at == point]
            self.meanwhile = [(at, does) for at, does in self.meanwhile if at != point]
        for does in happens:
            does()


class Crossing(HttpExecutor):
    """The real executor; each request that it sends is two fault points."""

    def __init__(self, url: str, faults: Faults, *, clock: Callable[[], datetime]) -> None:
        super().__init__(url, SECRET, clock=clock, timeout=TIMEOUT, sleep=lambda _: None)
        self._faults = faults

    def _once(self, method: str, path: str, body: bytes, key: str) -> Answer:
        place = f"request {_asked(method, path)}"
        self._faults.cross(place, "before")
        try:
            return super()._once(method, path, body, key)
        finally:
            self._faults.cross(place, "after")


def _asked(method: str, path: str) -> str:
    if path.startswith("/v1/notices"):
        return "notice"
    if path.endswith("/restore"):
        return "restore"
    return "find" if method == "GET" else "apply"
