"""What a person does to a group, in its thread, at the state that they saw.

Repeating an act at the same state says again what was done, and writes nothing.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, select, update

from monitors.contract import Severity
from orchestration.acts.doing import ACT, Deed, Done, Terms, Verb, begun, finish
from orchestration.acts.errors import ActError, StaleError
from orchestration.acts.silences import matched, write_silence
from orchestration.acts.threads import Thread, alerts_of, hash_of, last_act, object_id, thread_of
from orchestration.alerts import actions
from orchestration.alerts.matchers import Matcher
from orchestration.alerts.records import Alert, AlertState, Silence
from orchestration.alerts.rules import Config
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import audit, outbox, threads
from orchestration.oncall.people import Person


def ack(
    engine: Engine, *, who: Person, thread_id: str, seen: str, now: datetime, terms: Terms
) -> Done:
    """Take everything that fires in a thread, each alert for as long as its severity gives.

    Raises StaleError if the group has changed since, ActError where nothing fires, PeopleError.
    """
    with begun(engine, who=who, needs="ack", now=now, terms=terms) as deed:
        found = _look(deed, "ack", thread_id, seen)
        if isinstance(found, Done):
            return found
        firing = [alert for alert in found.alerts if alert.state is AlertState.FIRING]
        if not firing:
            return _acked_before(found, who)
        state = deed.before.state
        for alert in firing:
            state = actions.ack(
                state, alert_id=alert.alert_id, by=who.id, now=now, config=terms.config
            )
        mine = [alert for alert in found.alerts if alert.ack and alert.ack.by == who.id]
        for alert in mine:  # one look at the group is one ack: it ends at one time
            state = actions.renew(
                state, alert_id=alert.alert_id, by=who.id, now=now, config=terms.config
            )
        held = [*firing, *mine]
        until = now + min(terms.config.ack_for[alert.severity] for alert in held)
        done = Done("ack", who.id, len(held), until)
        about = [alert.alert_id for alert in held]
        return finish(
            deed, state, done, about=about, reason="acked", thread=found.thread, seen=seen
        )


def assign(
    engine: Engine, *, who: Person, thread_id: str, seen: str, now: datetime, terms: Terms
) -> Done:
    """Make a thread's group a person's own. It mutes nothing and stops no ladder.

    Raises StaleError if the group has changed since, ActError for one that has ended, PeopleError.
    """
    with begun(engine, who=who, needs="assign", now=now, terms=terms) as deed:
        found = _look(deed, "assign", thread_id, seen)
        if isinstance(found, Done):
            return found
        about = [alert.alert_id for alert in found.open()]
        done = Done("assign", who.id, len(about))
        if found.thread.assigned_to == who.id:
            return replace(done, again=True)
        thread = _revised(deed.connection, found.thread, assigned_to=who.id)
        return finish(
            deed, deed.before.state, done, about=about, reason="assigned", thread=thread, seen=seen
        )


def snooze(
    engine: Engine,
    *,
    who: Person,
    thread_id: str,
    seen: str,
    for_: timedelta,
    now: datetime,
    terms: Terms,
) -> Done:
    """Silence a thread's group, for as long as asked and its gravest alert allows.

    What is graver than anything open in it is still told, and ends the silence for itself. Raises
    StaleError if the group has changed since, ActError where nothing is open, PeopleError.
    """
    if for_ <= timedelta(0):
        raise ActError(f"The snooze would last {for_}; wanted more than nothing.")
    with begun(engine, who=who, needs="silence", now=now, terms=terms) as deed:
        found = _look(deed, "snooze", thread_id, seen)
        if isinstance(found, Done):
            return found
        worst = min(alert.severity for alert in found.open())
        ends = now + min(for_, terms.config.max_silence[worst])
        new = Silence(
            silence_id="s-" + digest_parts("snooze", thread_id, who.id, seen)[:16],
            matchers=group_matchers(found.thread, worst, terms.config),
            starts=now,
            ends=ends,
            owner=who.id,
            reason="snoozed in its thread",
        )
        state = actions.silence(deed.before.state, new, now=now, config=terms.config)
        write_silence(deed.connection, new, act=deed.act(new.reason))
        thread = _revised(deed.connection, found.thread)
        about = matched(state, new, terms.watched)
        done = Done("snooze", who.id, len(about), ends, silence_id=new.silence_id)
        return finish(deed, state, done, about=about, reason=new.reason, thread=thread, seen=seen)


def group_matchers(thread: Thread, worst: Severity, config: Config) -> tuple[Matcher, ...]:
    """Matchers of a thread's group: its labels, its route's, and no severity above the worst."""
    route = next((route for route in config.routes if route.name == thread.route), None)
    names = "|".join(severity.name for severity in Severity if severity >= worst)
    return (
        *(Matcher(label, "=", value) for label, value in thread.labels),
        *(route.matchers if route else ()),
        Matcher("severity", "=~", names),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """A thread that goes on and is as it was seen, with its alerts."""

    thread: Thread
    alerts: list[Alert]

    def open(self) -> list[Alert]:
        """Its alerts that are not resolved; ActError if none is left."""
        found = [alert for alert in self.alerts if alert.open]
        if not found:
            raise ActError("All alerts of this group are resolved; there is nothing left to do.")
        return found


def _look(deed: Deed, verb: Verb, thread_id: str, seen: str) -> _Group | Done:
    """The group as it was seen, or what the person did to it at that state before."""
    thread = thread_of(deed.connection, thread_id)
    before = _done_before(deed, verb, thread_id, seen)
    if before is not None:
        return before
    if thread.closed_at is not None:
        raise ActError(
            f"This thread ended at {thread.closed_at:%Y-%m-%d %H:%M} UTC; "
            "if the group fires again it has another."
        )
    alerts = alerts_of(deed.connection, thread)
    if hash_of(thread, alerts) != seen:
        raise StaleError(last_act(deed.connection, thread_id, after=seen))
    return _Group(thread, alerts)


def _done_before(deed: Deed, verb: Verb, thread_id: str, seen: str) -> Done | None:
    mine = (
        select(outbox.c.payload)
        .join(audit, audit.c.seq == outbox.c.audit_seq)
        .where(audit.c.object == object_id(thread_id), audit.c.verb == verb)
        .where(audit.c.actor == deed.who.id, outbox.c.kind == ACT)
    )
    for payload in deed.connection.execute(mine).scalars():
        if payload.get("seen") == seen:  # only of the thread that it was done in
            until = payload.get("until")
            ends = None if until is None else datetime.fromtimestamp(until, UTC)
            return Done(verb, deed.who.id, payload["n"], ends, again=True)
    return None


def _acked_before(found: _Group, who: Person) -> Done:
    """That the person has it already; ActError if somebody else has, or nothing fires."""
    acks = [alert.ack for alert in found.open() if alert.ack is not None]
    others = sorted({ack.by for ack in acks if ack.by != who.id})
    if others or not acks:
        by = f"{', '.join(others)} has acked it" if others else "no alert of it fires"
        raise ActError(f"Nothing was done: {by}. Look at the thread.")
    return Done("ack", who.id, len(acks), min(ack.until for ack in acks), again=True)


def _revised(connection: Connection, thread: Thread, *, assigned_to: str | None = None) -> Thread:
    """The thread after a change of it, which other people's clicks must not overlook."""
    after = replace(
        thread, revision=thread.revision + 1, assigned_to=assigned_to or thread.assigned_to
    )
    same = update(threads).where(threads.c.thread_id == thread.thread_id)
    values = {"revision": after.revision, "assigned_to": after.assigned_to}
    connection.execute(same.values(**values))
    return after
