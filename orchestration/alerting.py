"""The alerting of one installation: ledger, lake, rules and Slack, opened when first needed."""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine

from monitors.registry import Registry
from orchestration.acts.demotion import Demoted, follow
from orchestration.alerts.records import Watched
from orchestration.intake.modes import Fit, watched
from orchestration.intake.rules import Rules, rules
from orchestration.intake.run import Taken, take_in
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.schema import open_ledger
from orchestration.outbox.drain import Drained, drain
from orchestration.outbox.fallback import second_notifier
from orchestration.outbox.results import Deliver
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings
from orchestration.slack.deliver import Delivery
from orchestration.slack.look import Scene
from orchestration.slack.reach import slack_of

LIMIT = 200  # rows of the outbox in one drain


class Alerting:
    """What the tick's last step, the sensors and the commands share.

    Whoever has read the rules gives them as `in_force`; otherwise their files are read again.
    Raises LedgerError where there is no ledger, and YamlError for settings that were never sound.
    """

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry

    @cached_property
    def engine(self) -> Engine:
        """The ledger."""
        return open_ledger(self.settings.ledger)

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake)

    def rules(self, now: datetime) -> Rules:
        """Routes, rota and people in force."""
        return rules(self.engine, self.settings, now=now)

    def watched(self, now: datetime) -> dict[str, Watched]:
        """Every monitor with its effective mode."""
        with reading(self.engine) as connection:
            return watched(connection, self.registry.monitors.values(), now=now)

    def follow(
        self, now: datetime, *, fit: Fit | None = None, in_force: Rules | None = None
    ) -> list[Demoted]:
        """Take from auto what measurement does not allow there, and queue that it is told."""
        return follow(
            self.engine,
            self.registry.monitors.values(),
            config=(in_force or self.rules(now)).config,
            fit=fit,
            now=now,
        )

    def take_in(
        self, now: datetime, *, since: datetime | None = None, in_force: Rules | None = None
    ) -> Taken:
        """Take in what was evaluated, and queue what is to be told."""
        found = in_force or self.rules(now)
        return take_in(
            self.engine,
            self.lake,
            watched=self.watched(now),
            config=found.config,
            timing=found.told_at,
            names=Pseudonyms(self.settings.home).names,
            now=now,
            since=since,
        )

    def scene(self, now: datetime, *, in_force: Rules | None = None) -> Scene:
        """Where messages look up what they show."""
        slack = self.settings.slack
        return Scene(
            lake=self.lake,
            registry=self.registry,
            watched=self.watched(now),
            rules=in_force or self.rules(now),
            dagster_url=self.settings.dagster_url,
            interactive=bool(slack.app_token or slack.signing_secret),
        )

    def drain(
        self,
        clock: Callable[[], datetime],
        *,
        deadline: timedelta,
        in_force: Rules | None = None,
    ) -> Drained:
        """Send what waits in the outbox, for so long.

        Without Slack's token all of it goes to the second notifier, if there is one.
        """
        url = self.settings.fallback
        scene = self.scene(clock(), in_force=in_force)
        slack = Delivery(self.engine, slack_of(self.settings), scene, clock)
        second = second_notifier(url, slack.describe) if url else None
        if second and not self.settings.slack.token:
            return self._drained(second, None, clock, deadline)
        return self._drained(slack, second, clock, deadline)

    def _drained(
        self,
        deliver: Deliver,
        fallback: Deliver | None,
        clock: Callable[[], datetime],
        deadline: timedelta,
    ) -> Drained:
        return drain(
            self.engine,
            deliver=deliver,
            clock=clock,
            limit=LIMIT,
            deadline=deadline,
            worker=f"{socket.gethostname()}.{os.getpid()}",
            fallback=fallback,
        )
