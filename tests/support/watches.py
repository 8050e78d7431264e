"""A whole installation whose findings become messages at the local Slack server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import dagster as dg

from orchestration.alerting import Alerting
from orchestration.definitions import build
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import connect, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.states import ModeState
from orchestration.resources import Clock
from orchestration.settings import Settings, load
from tests.support import slack_server
from tests.support.copies import new_ledger
from tests.support.place import NOW, Place
from tests.support.slack_server import TOKEN, SlackServer

CHANNEL = "C0ABUSE"
ROUTES = f'routes: [{{name: all, receiver: "{CHANNEL}"}}]\n'
APPROVER = Act(Actor("approver-1", "person"), NOW, "it is good enough")


@dataclass
class Watch:
    """A place with a ledger, settings files and a channel."""

    place: Place
    slack: SlackServer
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> Path:
        return self.place.root / "routes.yaml"

    @property
    def environment(self) -> dict[str, str]:
        found = {
            "HOME": str(self.place.root),
            "LAKE": self.place.lake.root,
            "ROUTES": str(self.routes),
            "SLACK_TOKEN": TOKEN,
            "SLACK_URL": self.slack.base_url,
            "PARTITIONS_START": "2026-11-01",
            **self.more,
        }
        return {f"WATCHFLOOR_{name}": value for name, value in found.items()}

    @property
    def settings(self) -> Settings:
        return load(self.environment)

    def alerting(self) -> Alerting:
        """The alerting, as after a restart."""
        return Alerting(self.settings, self.place.registry())

    def promote(self, *names: str) -> None:
        """Let monitors tell people."""
        engine = connect(self.settings.ledger)
        with writing(engine) as connection:
            for name in names:
                change_mode(
                    connection,
                    approval_id=digest_parts("approval", name),
                    monitor=name,
                    version=1,
                    declared=ModeState.SHADOW,
                    to=ModeState.REVIEW,
                    act=APPROVER,
                )
        engine.dispose()

    def definitions(self, now: datetime = NOW) -> dg.Definitions:
        """All that Dagster sees, at a fixed time."""
        return build(self.place.registry(), self.settings, Clock(at=now.isoformat()))

    def run(
        self, job: str, *, partition: str | None = None, now: datetime = NOW
    ) -> dg.ExecuteInProcessResult:
        """One run of a job, as its schedule asks for it."""
        found = self.definitions(now).resolve_job_def(job)
        return found.execute_in_process(
            instance=self.place.instance, partition_key=partition, raise_on_error=False
        )

    def tick(self, now: datetime = NOW, *, hour: int = 12) -> dg.ExecuteInProcessResult:
        """The hourly tick of an hour."""
        return self.run("hourly_tick", partition=f"2026-11-03-{hour:02}:00", now=now)


@contextmanager
def watches(place: Place) -> Iterator[Watch]:
    """A new installation with one channel."""
    with slack_server.running() as slack:
        slack.messages[CHANNEL] = []
        watch = Watch(place, slack)
        watch.routes.write_text(ROUTES, encoding="utf-8")
        new_ledger(watch.settings.ledger).dispose()
        yield watch
