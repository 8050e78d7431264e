"""The course of the simulated week: who begins when, what goes wrong, and when it is undone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from benchmarks.operations.agreement import Restored, restored
from benchmarks.operations.office import Office
from benchmarks.operations.others import Others
from benchmarks.operations.people import REVIEWERS
from benchmarks.operations.reviewing import Desk
from orchestration.cases.outlook import SHIFT, outlooks
from orchestration.ledger.database import reading
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import cases
from orchestration.partitions import DAY, HOUR

BAD = "chat/many_prompts"
MINUTE = timedelta(minutes=1)
TICK, SCORED, UNDONE = 30 * MINUTE, timedelta(hours=6), timedelta(hours=2)
SETTLING = 20  # ticks after the end
# Of a week, in days: when the bad monitor begins, what fails, and when all it did is undone.
BEGINS, NO_ANSWER, STOPPED, FAILS, UNDOES = 1.0, 1.6, 2.4, 3.6, 5.4
OUTAGE, STOP = timedelta(minutes=40), timedelta(hours=6)


@dataclass
class Shift:
    """Cases that nobody began in time: how many were expected, and came; null: nobody could say."""

    start: datetime
    expected: float | None
    came: int = 0


@dataclass
class Week:
    """One installation's week. `misled` has the bad monitor while everybody believes it.

    `undone` is how its targets stood two hours after its reversal was asked for.
    """

    office: Office
    start: datetime
    days: int
    misled: set[str] = field(default_factory=lambda: {BAD})
    shifts: list[Shift] = field(default_factory=list)
    undone: Restored | None = None
    acted: int = 0  # rows of the bad monitor that were done when it was found out
    seconds: float = 0

    def __post_init__(self) -> None:
        self.others = Others(self.office)
        self._promotes()
        self._works()
        self._goes_wrong()

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + self.days * DAY

    def hour(self, now: datetime, since: datetime) -> None:
        """Take in what ended, and let everything happen until the next hour is taken in."""
        began = time.process_time()
        self.office.until(now)
        self.office.take_in(since)
        self.office.until(now + HOUR - MINUTE)
        self.seconds += time.process_time() - began

    def settles(self) -> None:
        """Nobody works any more; what is under way comes to its end."""
        self.office.queue.clear()
        for _ in range(SETTLING):
            self.office.clock.now += 3 * MINUTE
            self.office.enforces(whole=True)
        for shift in self.shifts:
            shift.came = self._late(shift.start)

    def _promotes(self) -> None:
        for name in self.office.working.alerting.registry.monitors:
            if name != BAD:
                self.office.changes_mode(name, ModeState.REVIEW, "the week shows what all lead to")

    def _works(self) -> None:
        others, first = self.others, self.start + MINUTE
        self._repeats(first, TICK, self._ticks)
        self._repeats(first, SCORED, self.office.scores)
        self._repeats(first, SHIFT, self._forecasts)
        self._repeats(first, HOUR, others.approves)
        self._repeats(first + DAY / 3, DAY / 4, others.resumes)
        for reviewer in REVIEWERS:
            self.office.at(first, Desk(self.office, reviewer, self.misled).works)

    def _goes_wrong(self) -> None:
        fails, others = self.office.product.outage, self.others
        self._on(BEGINS, partial(self.office.changes_mode, BAD, ModeState.REVIEW, "it looked good"))
        self._on(NO_ANSWER, partial(fails, "drop_after"), OUTAGE, partial(fails, None))
        self._on(STOPPED, partial(others.throws, on=True), STOP, partial(others.throws, on=False))
        self._on(FAILS, partial(fails, "error_before"), OUTAGE, partial(fails, None))
        self._on(UNDOES, self._finds_out, UNDONE, self._looks)

    def _on(
        self,
        day: float,
        does: Callable[[], None],
        later: timedelta | None = None,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Have something happen on a day of a week, in shorter ones as much earlier."""
        when = self.start + day * self.days / 7 * DAY
        self.office.at(when, does)
        if later is not None and then is not None:
            self.office.at(when + later, then)

    def _repeats(self, when: datetime, apart: timedelta, does: Callable[[], None]) -> None:
        def again() -> None:
            does()
            self.office.at(self.office.clock() + apart, again)

        self.office.at(when, again)

    def _ticks(self) -> None:
        now = self.office.clock()
        self.office.opens()
        self.office.enforces(whole=now - now.replace(minute=0) < TICK)
        self.others.users_notice()

    def _finds_out(self) -> None:
        """The bad monitor is believed no more, tells nobody more, and all that it did is undone."""
        self.misled.clear()
        why = "it names people who did nothing"
        self.office.changes_mode(BAD, ModeState.DISABLED, why, lasts=7 * DAY)
        self.acted = restored(self.office, BAD).rows.get("applied", 0)
        self.others.reverses(BAD)

    def _looks(self) -> None:
        self.undone = restored(self.office, BAD)

    def _forecasts(self) -> None:
        now = self.office.clock()
        with reading(self.office.engine) as connection:
            found = outlooks(connection, self.office.terms, now)
        numbers = [n for one in found if (n := one.forecast.expected) is not None]
        self.shifts.append(Shift(now, sum(numbers) if numbers else None))

    def _late(self, start: datetime) -> int:
        c = cases.c
        due = select(c.first_action_due, c.first_action_at).where(
            c.first_action_due >= start, c.first_action_due < start + SHIFT
        )
        with reading(self.office.engine) as connection:
            return sum(at is None or at > by for by, at in connection.execute(due))
