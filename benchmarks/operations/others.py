"""Everybody else in the simulated week: approvers, those who stop and undo, and users."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from benchmarks.operations.office import Office
from benchmarks.operations.people import APPROVERS, LEAD
from benchmarks.operations.truth import draw
from orchestration.appeals.receive import receive
from orchestration.enforcement.active import ActiveEntities
from orchestration.enforcement.approve import approve, resume
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.reverse import Asked, OfMonitor, reverse_monitor
from orchestration.enforcement.switches import throw
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import batches, enforcements

OPEN, CLOSED = 7, 19  # hours in UTC in which somebody approves
DOUBTS = 0.4  # of wrong rows are refused by the first who is asked
APPEALS, BLUFFS = 0.6, 0.06  # of those wrongly and rightly acted on appeal
LONGEST = timedelta(hours=30)  # that somebody takes to appeal
OVERLAP = timedelta(hours=1)  # what was done may be heard of later
USERS = frozenset({"account_id", "key_id"})
e = enforcements.c


@dataclass
class Others:
    """What these people do in one installation. `asked` is the reversal of the bad monitor."""

    office: Office
    looked_at: set[str] = field(default_factory=set)
    since: datetime | None = None
    asked: Asked = field(default_factory=lambda: Asked("", 0))

    def approves(self) -> None:
        """Every approver looks at what awaits them; they refuse some of what is wrong."""
        if not OPEN <= self.office.clock().hour < CLOSED:
            return
        for name in APPROVERS:
            for row, guilty in self._rows(EnforcementState.AWAITING):
                doubts = not guilty and draw("doubts", row.enforcement_id) < DOUBTS
                self._approve(name, row, refuses=doubts)

    def resumes(self) -> None:
        """Two approvers try to have go on what a cap stopped."""
        stopped = select(batches.c.batch_id).where(
            batches.c.breach.is_not(None), batches.c.resumed_at.is_(None)
        )
        with reading(self.office.engine) as connection:
            ids = sorted(connection.scalars(stopped))
        for batch_id in ids:
            for name in APPROVERS:
                self._resume(name, batch_id)

    def throws(self, *, on: bool) -> None:
        """Somebody on call throws the kill switch for all; an approver lifts it."""
        who = self.office.person(LEAD if on else APPROVERS[0])
        now = self.office.clock()
        throw(self.office.engine, who=who, name="all", on=on, reason="a drill", now=now)

    def reverses(self, monitor: str) -> None:
        """A lead has all undone that a monitor did."""
        since = self.office.clock() - timedelta(days=30)
        which, why = OfMonitor(monitor, since), "it names people who did nothing"
        who, now = self.office.person(LEAD), self.office.clock()
        self.asked = reverse_monitor(self.office.engine, who=who, which=which, reason=why, now=now)

    def users_notice(self) -> None:
        """Those who were acted on since the last time think about an appeal."""
        since, self.since = self.since, self.office.clock()
        new = () if since is None else (e.applied_at >= since - OVERLAP,)
        for row, guilty in self._rows(EnforcementState.APPLIED, *new):
            self.looked_at.add(row.enforcement_id)
            likely = BLUFFS if guilty else APPEALS
            if row.target_type in USERS and draw("appeals", row.enforcement_id) < likely:
                after = LONGEST * draw("when", row.enforcement_id)
                when = self.office.clock() + after
                self.office.at(when, lambda row=row: self._appeals(row))  # type: ignore[misc]

    def _appeals(self, row: Enforcement) -> None:
        got = receive(
            self.office.engine,
            self.office.terms,
            product=row.product,
            reference=f"ticket-{row.enforcement_id[:24]}",
            about=row.enforcement_id,
            reason="not_violating",
            now=self.office.clock(),
        )
        self.office.seen[f"appeals answered {got.code}"] += 1

    def _rows(
        self, state: EnforcementState, *more: ColumnElement[bool]
    ) -> list[tuple[Enforcement, bool]]:
        with reading(self.office.engine) as connection:
            found = where(connection, ENFORCEMENTS, e.state == state, e.mode == "live", *more)
            rows = [row for name, row in found.items() if name not in self.looked_at]
            true = self.office.known.rows(connection, rows)
        return [(row, true[row.enforcement_id]) for row in rows]

    def _approve(self, name: str, row: Enforcement, *, refuses: bool) -> None:
        try:
            approve(
                self.office.engine,
                who=self.office.person(name),
                verdict="refuse" if refuses else "approve",
                now=self.office.clock(),
                terms=self.office.terms,
                authors=self._authors,
                reason="looked at it",
                ids=[row.enforcement_id],
            )
            self.office.seen["rows refused" if refuses else "approvals given"] += 1
        except EnforcementError:
            self.office.seen["approvals not allowed"] += 1

    def _resume(self, name: str, batch_id: str) -> None:
        try:
            done = resume(
                self.office.engine,
                who=self.office.person(name),
                batch_id=batch_id,
                terms=self.office.terms,
                active=ActiveEntities(self.office.working.alerting.lake, self.office.clock()),
                authors=self._authors,
                reason="another day",
                now=self.office.clock(),
            )
            self.office.seen["batches resumed"] += done.resumed
        except EnforcementError:
            self.office.seen["batches that may not be resumed yet"] += 1

    def _authors(self, monitor: str) -> Collection[str]:
        return self.office.working.alerting.registry.monitors[monitor].authors
