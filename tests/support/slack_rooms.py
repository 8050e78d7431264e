"""A channel at the local Slack server, told by a ledger that steps go over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.registry import Registry
from orchestration.acts.group import ack
from orchestration.cases.terms import Terms as CaseTerms
from orchestration.intake.rules import Rules
from orchestration.lake import Lake
from orchestration.ledger.outbox import Row
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota_yaml import parse_rota
from orchestration.outbox.drain import Drained
from orchestration.outbox.results import Deliver
from orchestration.pseudonyms import Pseudonyms
from orchestration.slack.api import SlackApi
from orchestration.slack.deliver import Delivery
from orchestration.slack.interact import Interactions
from orchestration.slack.look import Scene
from orchestration.slack.web import WebSlack
from tests.orchestration.acts.desks import CONFIG, Desk
from tests.orchestration.alerts.builders import evaluation, finding
from tests.support import outboxes, slack_server
from tests.support.cases import TERMS
from tests.support.slack_server import TOKEN, Answer, SlackServer

CHANNEL = "C0ABUSE"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PEOPLE = """
people:
  - {id: ann-1, slack: U0ANN0001, roles: [oncall], teams: [chat-team], zone: UTC}
  - {id: bob-2, slack: U0BOB0002, roles: [oncall], teams: [chat-team], zone: UTC}
  - {id: cat-3, slack: U0CAT0003, roles: [oncall], teams: [api-team], zone: UTC}
  - {id: eve-9, slack: U0EVE0009, roles: [viewer], zone: UTC}
"""
ROSTER = parse_people(PEOPLE)
ROTA = """
hours:
  office: {zone: UTC, open: "09:00", close: "17:00", weekdays: [monday]}
rotas:
  chat-team:
    zone: UTC
    handover: {at: "18:00", every: day}
    from: 2026-03-01
    layers: [[ann-1, bob-2], [bob-2, ann-1]]
ladders:
  urgent:
    match: {severities: [S0, S1]}
    steps: [{wait: 0m, notify: {oncall: chat-team}}]
delivery:
  S2: {every: 15m, only_in: office}
  S3: {at: "09:00", zone: UTC}
"""
RULES = Rules(CONFIG, parse_rota(ROTA, ROSTER), ROSTER, {})
ANN, BOB = ROSTER.person("ann-1"), ROSTER.person("bob-2")


@dataclass
class Room(Desk):
    """A desk whose outbox is sent to a channel; its time begins at noon."""

    slack: SlackServer = field(default_factory=SlackServer)
    clock: outboxes.Clock = field(default_factory=outboxes.Clock)
    rules: Rules = RULES
    interactive: bool = True
    folder: Path = Path("/nowhere")
    office: CaseTerms = TERMS

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def api(self) -> WebSlack:
        return WebSlack(TOKEN, base_url=self.slack.base_url, timeout=1)

    def scene(self, now: datetime) -> Scene:
        del now
        lake = Lake(str(self.folder / "lake"))
        return Scene(lake, Registry({}, {}), self.watched, self.rules, "", self.interactive)

    def fires(
        self, *entities: str, minute: float = 0, severity: Severity = Severity.S2, hour: int = 11
    ) -> list[str]:
        """These entities are found, so many minutes after noon; the reasons of what is told."""
        self.clock.now = max(self.now, outboxes.after(60 * minute))
        found = [finding(hour, entity, severity=severity) for entity in entities]
        made = evaluation(hour, as_of=outboxes.after(60 * minute))
        return self.step(12 + minute / 60, made, found=found)

    def ack(self, channel: str = CHANNEL) -> None:
        """Ann acks what the channel was told."""
        ack(self.engine, who=ANN, now=self.now, terms=self.terms, **self.seen(channel))

    def interactions(self) -> Interactions:
        """Who does what people press."""
        names = Pseudonyms(self.folder / "home")
        return Interactions(
            self.engine, self.api, self.scene, self.clock, lambda _now: self.office, names
        )

    def press(
        self, action: str, user: str = "U0ANN0001", *, number: int = 1, at: Answer | None = None
    ) -> Answer:
        """What Slack sends when somebody presses a button of a parent, the newest unless told."""
        message = at or self.parents()[-1]
        name, _, choice = action.partition(":")
        made: Answer = {"type": "button", "action_id": name, "value": value_of(message, name)}
        if choice:
            value = f"{value_of(message, 'assign')}|{choice}"
            made = {"type": "overflow", "action_id": name, "selected_option": {"value": value}}
        return {
            "type": "block_actions",
            "trigger_id": f"1.{number}",
            "user": {"id": user},
            "channel": {"id": CHANNEL},
            "container": {"type": "message", "message_ts": message["ts"]},
            "actions": [made],
        }

    def answers(self) -> list[str]:
        """What single people were told, oldest first, as `user: text`."""
        found = [body for body in self.slack.shown if "text" in body]
        return [f"{body['user']}: {body['text']}" for body in found]

    def delivery(self, api: SlackApi | None = None) -> Delivery:
        """Who sends, as after a restart."""
        return Delivery(self.engine, api or self.api, self.scene(self.now), self.clock)

    def drain(
        self, api: SlackApi | None = None, *, fallback: Deliver | None = None, seconds: float = 10
    ) -> Drained:
        """One drain."""
        return outboxes.run(
            self.engine, self.delivery(api), self.clock, fallback=fallback, seconds=seconds
        )

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def put(self, *rows: Row) -> None:
        """Queue other rows."""
        outboxes.put(self.engine, *rows)

    def kept(self, channel: str = CHANNEL) -> list[Answer]:
        """What is in the channel."""
        return self.slack.messages[channel]

    def parents(self, channel: str = CHANNEL) -> list[Answer]:
        return [message for message in self.kept(channel) if "thread_ts" not in message]

    def replies(self, channel: str = CHANNEL) -> list[Answer]:
        return [message for message in self.kept(channel) if "thread_ts" in message]

    def methods(self) -> list[str]:
        """What was asked of Slack, in order, and forgotten."""
        found = [method for method, _ in self.slack.calls]
        self.slack.calls.clear()
        return found


@contextmanager
def rooms(engine: Engine, folder: Path) -> Iterator[Room]:
    """A room with one channel, and its lake in a folder."""
    with slack_server.running() as slack:
        slack.messages[CHANNEL] = []
        yield Room(engine, slack=slack, folder=folder)


def text_of(message: Answer) -> str:
    """All that a person reads of a message, and more."""
    return json.dumps(message, ensure_ascii=False)


def value_of(message: Answer, action: str) -> str:
    """What a button of a message sends; any text where it has no such button."""
    made = [each for block in message["blocks"] for each in block.get("elements", [])]
    found = [each.get("value") for each in made if each.get("action_id") == action]
    return str(found[0] if found else "no|button")


def ids_of(messages: list[Answer]) -> list[str]:
    """Outbox ids of messages."""
    return [message["metadata"]["event_payload"]["outbox_id"] for message in messages]
