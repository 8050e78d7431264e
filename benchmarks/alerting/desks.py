"""An installation that is told of a simulated lake, with a clock of its own."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from benchmarks.alerting.lakes import watching
from monitors.registry import Registry
from orchestration.acts.doing import Terms
from orchestration.acts.group import ack
from orchestration.acts.threads import alerts_of, hash_of, thread_of
from orchestration.alerting import Alerting
from orchestration.alerts.records import AlertState
from orchestration.intake.modes import declared
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import threads
from orchestration.outbox.drain import drain
from orchestration.settings import load
from orchestration.slack.deliver import Delivery
from orchestration.slack.disk import DiskSlack

DEADLINE = timedelta(minutes=10)
PAGES = ("C0IMMINENT", "C0URGENT")  # of the shipped routes
ON_CALL = "heron-7"  # of the shipped people


@dataclass
class Desk:
    """One ledger and its Slack, a folder. `answers`: on-call acks what pages, ten minutes later.

    `intake` holds milliseconds, with findings, and `drained` seconds of CPU of each tick's steps.
    """

    alerting: Alerting
    answers: bool
    now: datetime
    intake: list[tuple[float, int]] = field(default_factory=list)
    drained: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def tick(self, now: datetime, since: datetime) -> None:
        """Take in what was evaluated since, a time of the machine, and send what is due."""
        self.now = max(self.now, now)
        began = time.process_time()
        taken = self.alerting.take_in(self.now, since=since)
        self.intake.append(((time.process_time() - began) * 1000, taken.findings))
        self._send()
        if self.answers:
            self.now += timedelta(minutes=10)
            self._answer()
            self._send()

    def slack(self) -> DiskSlack:
        """Where its messages are."""
        return DiskSlack(self.alerting.settings.home / "slack", clock=lambda: self.now)

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _send(self) -> None:
        began = time.process_time()
        scene = self.alerting.scene(self.now)
        done = drain(
            self.alerting.engine,
            deliver=Delivery(self.alerting.engine, self.slack(), scene, lambda: self.now),
            clock=lambda: self.now,
            limit=10_000,
            deadline=DEADLINE,
            worker="week",
            sleep=self._sleep,
        )
        self.drained.append(time.process_time() - began)
        for name in ("sent", "merged", "collapsed", "retried", "refused"):
            self.done[name] += getattr(done, name)

    def _answer(self) -> None:
        rules = self.alerting.rules(self.now)
        terms = Terms(rules.config, self.alerting.watched(self.now), rules.told_at)
        who = rules.roster.person(ON_CALL)
        going = select(threads.c.thread_id).where(
            threads.c.closed_at.is_(None), threads.c.receiver.in_(PAGES)
        )
        with reading(self.alerting.engine) as connection:
            names = sorted(connection.scalars(going))
        for name in names:
            with reading(self.alerting.engine) as connection:  # an act in one may change another
                thread = thread_of(connection, name)
                alerts = alerts_of(connection, thread)
            if any(alert.state is AlertState.FIRING for alert in alerts):
                seen = hash_of(thread, alerts)
                now, engine = self.now, self.alerting.engine
                ack(engine, who=who, thread_id=name, seen=seen, now=now, terms=terms)


def desk(home: Path, lake: str, *, now: datetime, answers: bool) -> Desk:
    """A new ledger in which every shipped monitor may tell people."""
    settings = replace(load({"WATCHFLOOR_HOME": str(home)}), lake=lake)
    engine = connect(settings.ledger)
    make_ledger(engine, ledger_id="week", act=Act(Actor("week", "system"), now, "a simulated week"))
    _promote_all(settings.ledger, watching(), now)
    engine.dispose()
    return Desk(Alerting(settings, watching()), answers, now)


def _promote_all(url: str, found: Registry, now: datetime) -> None:
    act = Act(Actor("week", "person"), now, "a simulated week shows what all of them tell")
    with writing(connect(url)) as connection:
        for name, monitor in found.monitors.items():
            change_mode(
                connection,
                approval_id=digest_parts("approval", name),
                monitor=name,
                version=monitor.version,
                declared=declared(monitor),
                to=ModeState.REVIEW,
                act=act,
            )
