"""A ledger that steps go over, with people who act on what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, select

from orchestration.acts.doing import Terms
from orchestration.acts.threads import Thread, alerts_of, hash_of, thread_of
from orchestration.alerts.records import Alert, Evaluation, Finding, Watched
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config
from orchestration.intake.save import save
from orchestration.intake.state import load
from orchestration.intake.threads import at_once
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Entry, entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alerts, metadata, outbox, threads
from orchestration.ledger.verify import verify
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from tests.orchestration.alerts.builders import HOURLY, WATCHED, at, evaluation

CONFIG = Config((replace(HOURLY, name="all", receiver="C0ABUSE"),))


def person(person_id: str = "heron-7", *roles: Role) -> Person:
    """Somebody on call, or with other roles."""
    slack = "U0" + person_id.upper().replace("-", "")
    return Person(person_id, slack, frozenset(roles or {Role.ONCALL}), ZoneInfo("UTC"))


HERON, OTTER = person("heron-7"), person("otter-2")
LEAD, VIEWER = person("koala-9", Role.LEAD), person("finch-1", Role.VIEWER)


@dataclass
class Desk:
    """A ledger with the settings of this moment."""

    engine: Engine
    config: Config = CONFIG
    watched: dict[str, Watched] = field(default_factory=lambda: dict(WATCHED))

    @property
    def terms(self) -> Terms:
        return Terms(self.config, self.watched)

    def step(
        self, hour: float, *evaluations: Evaluation, found: Sequence[Finding] = ()
    ) -> list[str]:
        """What an intake does so many hours after the start; the reasons of what it tells."""
        now, keys = at(hour), [(e.monitor, e.partition, e.partition_end) for e in evaluations]
        with writing(self.engine) as connection:
            before = load(connection, now=now, oldest=now - self.config.memory, keys=keys)
            done = step(
                before.state,
                evaluations=evaluations,
                findings=found,
                watched=self.watched,
                now=now,
                config=self.config,
            )
            act = Act(Actor("intake", "system"), now, "evaluations taken in")
            save(
                connection,
                before=before,
                step=done,
                evaluations=evaluations,
                act=act,
                timing=at_once,
            )
        return [intent.reason.value for intent in done.intents]

    def tick(self, hour: int, *found: Finding, **changed: object) -> list[str]:
        """Evaluate the hour, with these findings, five minutes after its end."""
        made = evaluation(hour, **changed)  # type: ignore[arg-type]
        return self.step(hour + 1 + 1 / 12, made, found=found)

    def alert(self, entity: str = "a") -> Alert:
        return next(alert for alert in self.alerts() if alert.entity == entity)

    def alerts(self) -> list[Alert]:
        with reading(self.engine) as connection:
            now = at(24 * 30)
            return list(load(connection, now=now, oldest=now).state.alerts.values())

    def thread(self, receiver: str = "C0ABUSE") -> Thread:
        """The newest thread of a receiver."""
        with reading(self.engine) as connection:
            newest = select(threads.c.thread_id).where(threads.c.receiver == receiver)
            newest = newest.order_by(threads.c.opened_at.desc()).limit(1)
            return thread_of(connection, connection.execute(newest).scalar_one())

    def seen(self, receiver: str = "C0ABUSE") -> dict[str, str]:
        """What a button in that thread sends now."""
        thread = self.thread(receiver)
        with reading(self.engine) as connection:
            return {
                "thread_id": thread.thread_id,
                "seen": hash_of(thread, alerts_of(connection, thread)),
            }

    def acts(self) -> list[tuple[str, dict[str, object]]]:
        """Receiver and payload of the queued acts, oldest first."""
        rows = select(outbox.c.receiver, outbox.c.payload).where(outbox.c.kind == "act")
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(rows.order_by(outbox.c.audit_seq))]

    def told(self) -> list[str]:
        """Reasons of the queued notices, oldest first."""
        rows = select(outbox.c.payload).where(outbox.c.kind != "act").order_by(outbox.c.audit_seq)
        with reading(self.engine) as connection:
            return [payload["reason"] for payload in connection.execute(rows).scalars()]

    def audit(self, *verbs: str) -> list[Entry]:
        """The audit's rows of some verbs."""
        with reading(self.engine) as connection:
            return [entry for entry in entries(connection) if entry.verb in verbs]

    def rows(self, table: str) -> Sequence[Row[tuple[object, ...]]]:
        with reading(self.engine) as connection:
            return connection.execute(select(metadata.tables[table])).all()

    def everything(self) -> dict[str, Sequence[Row[tuple[object, ...]]]]:
        """All that the ledger holds, to be compared."""
        return {name: self.rows(name) for name in metadata.tables}

    def states(self) -> list[tuple[object, ...]]:
        """What a mute must not change of any alert."""
        columns = ("state", "severity", "count", "retracted", "revision", "fires", "flaps")
        rows = select(*(alerts.c[name] for name in columns)).order_by(alerts.c.alert_id)
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(rows)]

    def is_sound(self) -> bool:
        with reading(self.engine) as connection:
            return verify(connection, seals=[]).wrong == ""
