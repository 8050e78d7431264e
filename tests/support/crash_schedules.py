"""Schedules of a small installation that crashes: everything is drawn from a seed.

Hours of sign-ins are evaluated while they are open, when they have ended and when late rows came;
people act; what was found is taken in and told. After a crash all but the lake, the ledger and
Slack is made anew, the clock goes on, and what was interrupted is done again, as Dagster, a sensor
or a person would.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import select

from monitors.evaluate import Span
from orchestration.acts.doing import Done, Terms
from orchestration.acts.errors import ActError
from orchestration.acts.group import ack, assign, snooze
from orchestration.acts.threads import alerts_of, hash_of, thread_of
from orchestration.alerting import LIMIT, Alerting
from orchestration.evaluation import Run, evaluate_span
from orchestration.ledger.database import reading
from orchestration.ledger.outbox import oldest_waiting
from orchestration.ledger.tables import outbox, threads
from orchestration.manifests import Intent
from orchestration.outbox.drain import drain
from orchestration.settings import Settings
from orchestration.slack.deliver import Delivery
from orchestration.slack.look import Scene
from orchestration.slack.reach import slack_of
from tests.support.crash_homes import (
    CHANNELS,
    GATHERED,
    MONITORS,
    REGISTRY,
    START,
    Failed,
    amended,
    drawn,
    prepared,
    some,
    write,
)
from tests.support.crashes import POINTS, Crash, Faults, watch_commits, watching_files
from tests.support.lakes import HOUR
from tests.support.outboxes import Clock
from tests.support.slack_server import Fault, busy
from tests.support.slack_wire import URL, TimedSlack, wired

T = TypeVar("T")
FAULTS = (  # of Slack itself
    ("chat.postMessage", busy("30")),
    ("chat.postMessage", Fault(status=500)),
    ("chat.postMessage", Fault(drop=True, done=True)),
    ("chat.update", Fault(drop=True, done=True)),
    ("conversations.history", Fault(status=503)),
)
DEADLINE, LEASED = timedelta(seconds=20), timedelta(seconds=61)


@dataclass
class Installation:
    """One that runs in this process, and may crash."""

    settings: Settings
    rng: Random
    faults: Faults
    clock: Clock = field(default_factory=lambda: Clock(START))
    failed: dict[datetime, Failed] = field(default_factory=dict)
    scene: Scene | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Make everything anew from what is on disk."""
        self.alerting = Alerting(self.settings, REGISTRY)
        watch_commits(self.alerting.engine, self.faults)
        self.scene = None

    def surely(self, step: Callable[[], T]) -> T:
        """Do it until no crash interrupts it; what comes after a crash is begun anew."""
        while True:
            try:
                with self.faults.arming():
                    return step()
            except Crash:
                self.alerting.engine.dispose()
                self.clock.sleep(self.rng.choice((1, 20, 61, 150)))
                self.start()

    def write(self, hour: datetime, failed: Failed) -> None:
        """What sources delivered of an hour by now."""
        self.failed[hour] = failed
        write(self.alerting.lake, hour, failed)

    def evaluate(self, hour: datetime, intent: Intent | None = None) -> None:
        """Evaluate an hour by every monitor."""
        for monitor in MONITORS:
            self.surely(
                lambda monitor=monitor: evaluate_span(  # type: ignore[misc]
                    Run(self.alerting.lake, self.clock.now, intent),
                    monitor,
                    Span(hour, hour + HOUR),
                )
            )

    def take_in(self) -> None:
        """Take in what was evaluated."""
        self.surely(lambda: self.alerting.take_in(self.clock.now))

    def send(self, deadline: timedelta = DEADLINE) -> None:
        """Drain the outbox once, as `Alerting.drain` does, but for sleeping by this clock."""
        self.surely(lambda: self._send(deadline))

    def _send(self, deadline: timedelta) -> None:
        engine = self.alerting.engine
        self.scene = self.scene or self.alerting.scene(self.clock.now)
        drain(
            engine,
            deliver=Delivery(engine, slack_of(self.settings), self.scene, self.clock),
            clock=self.clock,
            limit=LIMIT,
            deadline=deadline,
            worker="test",
            sleep=self.clock.sleep,
        )

    def act(self) -> None:
        """Somebody presses a button of some thread, once more if it broke."""
        with reading(self.alerting.engine) as connection:
            going = select(threads.c.thread_id).where(threads.c.closed_at.is_(None))
            ids = sorted(connection.scalars(going))
            if not ids:
                return
            thread = thread_of(connection, self.rng.choice(ids))
            seen = hash_of(thread, alerts_of(connection, thread))
        which = self.rng.choice(("ack", "ack", "assign", "snooze"))
        with suppress(ActError):  # nothing fires there any more, which the person is told
            self.surely(lambda: self._press(which, thread.thread_id, seen))

    def _press(self, which: str, thread_id: str, seen: str) -> Done:
        now, engine = self.clock.now, self.alerting.engine
        scene = self.scene or self.alerting.scene(now)
        rules = scene.rules
        terms = Terms(rules.config, scene.watched, rules.told_at)
        who = rules.roster.person("heron-7")
        if which == "snooze":
            return snooze(
                engine, who=who, thread_id=thread_id, seen=seen, for_=HOUR, now=now, terms=terms
            )
        does = ack if which == "ack" else assign
        return does(engine, who=who, thread_id=thread_id, seen=seen, now=now, terms=terms)

    def settle(self) -> None:
        """Let everything that waits be done, without a crash, and no news come."""
        self.faults.planned = []
        self.clock.sleep(LEASED.total_seconds())
        self.take_in()
        for _ in range(200):
            self.send()
            with reading(self.alerting.engine) as connection:
                if oldest_waiting(connection) is None:
                    return
                later = select(outbox.c.not_before).where(outbox.c.done_at.is_(None))
                first = min(connection.scalars(later))
            self.clock.now = max(self.clock.now + LEASED, first)
        raise AssertionError("The outbox is never empty.")


@dataclass(frozen=True)
class Ran:
    """An installation after its schedule, all told, and the Slack that was told."""

    installation: Installation
    slack: TimedSlack


def run(seed: int, home: Path, ledger: str) -> Ran:
    """Run one schedule with one to three crashes."""
    rng = Random(seed)  # noqa: S311 - a schedule, no secret
    planned = [(POINTS[seed % len(POINTS)], rng.randint(1, 3))]
    planned += [(rng.choice(POINTS), rng.randint(1, 3)) for _ in range(rng.randint(0, 1))]
    planned += [("", rng.randint(1, 500)) for _ in range(rng.randint(0, 1))]
    clock, faults = Clock(START), Faults(planned)
    slack = TimedSlack(clock, CHANNELS, takes=rng.choice((0.2, 0.2, 4)))
    settings = prepared(home, ledger, url=URL)
    with wired(slack, faults), watching_files(Path(settings.lake), faults):
        here = Installation(settings, rng, faults, clock)
        for number in range(rng.randint(2, 4)):
            if rng.random() < 0.3:
                slack.fail(*rng.choice(FAULTS))
            _hour(here, START + number * HOUR)
        here.settle()
        here.alerting.engine.dispose()
    return Ran(here, slack)


def _hour(here: Installation, hour: datetime) -> None:
    """An hour: perhaps looked at while it is open, then ended, told, answered and amended."""
    rng = here.rng
    found = drawn(rng)
    if rng.random() < 0.3:
        here.clock.now = max(here.clock.now, hour + 6 * GATHERED)
        here.write(hour, some(rng, found))
        here.evaluate(hour)
        _tell(here)
    here.clock.now = max(here.clock.now, hour + HOUR + GATHERED)
    here.write(hour, found)
    here.evaluate(hour)
    _tell(here)
    for _ in range(rng.randint(0, 2)):
        here.clock.sleep(rng.randint(30, 600))
        here.act()
        here.send()
    if rng.random() < 0.5:
        past = rng.choice(sorted(here.failed))
        here.clock.sleep(rng.randint(60, 900))
        here.write(past, amended(rng, here.failed[past]))
        here.evaluate(past, "late")
        _tell(here)


def _tell(here: Installation) -> None:
    """Ticks after an evaluation; some send nothing, or have no time for all of it."""
    for _ in range(here.rng.randint(1, 2)):
        here.take_in()
        if here.rng.random() < 0.8:
            here.send(timedelta(seconds=here.rng.choice((2, 20, 90))))
        here.clock.sleep(here.rng.randint(20, 400))
