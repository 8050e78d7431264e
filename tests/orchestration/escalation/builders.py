"""A ledger with a rota: who is called when nobody answers, and what they were told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from monitors.contract import Mode, Severity
from orchestration.acts.group import ack, assign, snooze
from orchestration.alerts.records import Watched
from orchestration.escalation.ladders import Climbed, climb
from orchestration.intake.rules import Rules
from orchestration.ledger.database import reading
from orchestration.ledger.tables import escalations, outbox
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.acts.desks import CONFIG, Desk
from tests.orchestration.alerts.builders import SPAM, THEFT, at, finding

MINUTE = timedelta(minutes=1)
PEOPLE = """
people:
  - {id: ann-1, slack: U0ANN0001, roles: [oncall], teams: [chat-team], zone: UTC}
  - {id: bob-2, slack: U0BOB0002, roles: [oncall], teams: [chat-team], zone: UTC}
  - {id: cat-3, slack: U0CAT0003, roles: [oncall], teams: [api-team], zone: UTC}
"""
ROSTER = parse_people(PEOPLE)
ANN, BOB = ROSTER.person("ann-1"), ROSTER.person("bob-2")
ROTA = """
hours:
  office:
    zone: UTC
    open: "09:00"
    close: "17:00"
    weekdays: [monday, tuesday, wednesday, thursday, friday]
rotas:
  chat-team:
    zone: UTC
    handover: {at: "08:00", every: day}
    from: 2026-03-02
    layers: [[ann-1, bob-2], [bob-2, ann-1]]
ladders:
  urgent:
    match: {severities: [S0, S1]}
    steps:
      - {wait: 0m, notify: {oncall: chat-team}}
      - {wait: 10m, notify: {oncall: chat-team, layer: 2}}
      - {wait: 10m, notify: {channel: C0URGENT}}
    repeat: {count: 1, after: 30m}
  calm:
    match: {severities: [S2], teams: [chat-team]}
    steps:
      - {wait: 4h, notify: {person: cat-3}, only_in: office}
delivery:
  S2: {every: 15m, only_in: office}
  S3: {at: "09:00", zone: UTC}
"""
RULES = Rules(CONFIG, parse_rota(ROTA, ROSTER), ROSTER, {})
TEAMS = {SPAM: Watched(Mode.REVIEW, "chat-team"), THEFT: Watched(Mode.REVIEW, "api-team")}
FIRED = at(13 + 1 / 12)  # when the hour of 12:00 was evaluated, on Monday


@dataclass
class Night(Desk):
    """A desk whose threads are escalated."""

    rules: Rules = RULES

    def fires(self, *entities: str, severity: Severity = Severity.S1) -> None:
        """These entities are found in the hour of 12:00, and told of at 13:05."""
        self.watched = TEAMS
        self.tick(12, *(finding(12, entity, severity=severity) for entity in entities or "a"))

    def climb(self, minutes: float = 0) -> Climbed:
        """A tick so many minutes after it fired."""
        return climb(self.engine, rules=self.rules, watched=TEAMS, now=self.after(minutes))

    def after(self, minutes: float) -> datetime:
        return FIRED + minutes * MINUTE

    def ack(self, minutes: float) -> None:
        ack(self.engine, who=ANN, now=self.after(minutes), terms=self.terms, **self.seen())

    def assign(self, minutes: float) -> None:
        assign(self.engine, who=BOB, now=self.after(minutes), terms=self.terms, **self.seen())

    def snooze(self, minutes: float, *, length: int) -> None:
        long = length * MINUTE
        snooze(
            self.engine,
            who=ANN,
            for_=long,
            now=self.after(minutes),
            terms=self.terms,
            **self.seen(),
        )

    def settle(self, minutes: float) -> None:
        """An intake without evaluations: what time brings about."""
        self.step((self.after(minutes) - at(0)) / (60 * MINUTE))

    def called(self) -> list[tuple[float, str]]:
        """Who was called how many minutes after it fired, in order."""
        rows = select(outbox.c.created_at, outbox.c.receiver).where(outbox.c.kind == "escalation")
        with reading(self.engine) as connection:
            found = connection.execute(rows.order_by(outbox.c.audit_seq, outbox.c.lane)).all()
        return [((created - FIRED) / MINUTE, receiver) for created, receiver in found]

    def payloads(self) -> list[dict[str, Any]]:
        rows = select(outbox.c.payload).where(outbox.c.kind == "escalation")
        with reading(self.engine) as connection:
            return list(connection.execute(rows.order_by(outbox.c.audit_seq)).scalars())

    def climbs(self) -> list[dict[str, Any]]:
        """The rows of `escalations`, without their threads."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(escalations)).mappings().all()
        return [{name: row[name] for name in row if name != "thread_id"} for row in rows]


def night(engine: Engine) -> Night:
    """A night at which the ledger is empty."""
    return Night(engine, CONFIG, dict(TEAMS))
