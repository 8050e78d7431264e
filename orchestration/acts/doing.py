"""One act of a person: checked, written, settled and told to every thread, in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, update

from orchestration.acts.threads import Thread, alerts_of, hash_of, object_id, threads_of, was_in
from orchestration.alerts.records import Alert, AlertState, State, Watched
from orchestration.alerts.reducer import settle
from orchestration.alerts.rules import Config
from orchestration.intake.save import save
from orchestration.intake.state import Loaded, load
from orchestration.intake.threads import Timing, at_once
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.tables import escalations
from orchestration.oncall.people import Person, require
from orchestration.oncall.roles import Verb as Permission

Verb = Literal["ack", "assign", "snooze", "unsnooze", "false_positive", "lower_severity"]
ACT, LANE = "act", 2
SETTLE = Actor("acts", "system")
REASON = "what a person did takes effect"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what acts are done: the settings, modes and delivery times of this moment."""

    config: Config
    watched: Mapping[str, Watched]
    timing: Timing = at_once


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did to `n` alerts; `until` is None for what does not end by itself.

    `again`: the same person had done it before, and nothing was written now.
    """

    verb: Verb
    by: str
    n: int
    until: datetime | None = None
    again: bool = False
    silence_id: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A person's act under way: the transaction, and what it found."""

    connection: Connection
    who: Person
    now: datetime
    terms: Terms
    before: Loaded

    def act(self, reason: str) -> Act:
        """The act, as the ledger takes it."""
        return Act(Actor(self.who.id, "person"), self.now, reason)


@contextmanager
def begun(
    engine: Engine, *, who: Person, needs: Permission, now: datetime, terms: Terms
) -> Iterator[Deed]:
    """A transaction for an act of somebody who may; an error that leaves it undoes everything.

    Raises PeopleError, which says which role is wanted.
    """
    require(who, needs)
    with writing(engine) as connection:
        before = load(connection, now=now, oldest=now - terms.config.memory)
        yield Deed(connection, who, now, terms, before)


def finish(
    deed: Deed,
    state: State,
    done: Done,
    *,
    about: Collection[str],
    reason: str,
    thread: Thread | None = None,
    seen: str | None = None,
    more: Mapping[str, str | int] | None = None,
) -> Done:
    """Write an act that made this state, let it take effect at once, and queue a row per thread.

    `about` are the alerts acted on; every thread that shows one is told. `thread` is the one acted
    in, as it is after the act, and `seen` the hash that its reader saw.
    """
    write_alerts(
        deed.connection,
        before=deed.before.by_id,
        after=state.alerts.values(),
        act=deed.act(reason),
    )
    shown = _shown(deed, about, thread)
    seqs = _audit(deed, state, done.verb, reason, shown=shown, seen=seen, own=thread)
    loaded = replace(deed.before, state=state)
    terms = deed.terms
    step = settle(state, watched=terms.watched, now=deed.now, config=terms.config)
    act = Act(SETTLE, deed.now, REASON)
    save(deed.connection, before=loaded, step=step, evaluations=(), act=act, timing=terms.timing)
    for found, seq in zip(shown, seqs, strict=True):
        alerts = alerts_of(deed.connection, found.thread)
        if found.alerts and not any(alert.state is AlertState.FIRING for alert in alerts):
            _stop_ladder(deed, found.thread)
        payload = {**_payload(done, found), "state_hash": hash_of(found.thread, alerts)}
        if seen is not None and found.thread is thread:
            payload["seen"] = seen
        _enqueue(deed, found.thread, {**payload, **(more or {})}, seq)
    return done


@dataclass(frozen=True, slots=True)
class _Shown:
    """A thread with those of the alerts acted on that it shows."""

    thread: Thread
    alerts: frozenset[str]


def _shown(deed: Deed, about: Collection[str], own: Thread | None) -> list[_Shown]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, last in deed.before.state.told.items():
        found[deed.before.threads[key]] |= last.marks.keys() & set(about)
    by_id = deed.before.by_id
    known = {thread.thread_id: thread for thread in threads_of(deed.connection, found)}
    shown = []
    for thread_id, thread in known.items():
        ids = {alert_id for alert_id in found[thread_id] if was_in(thread, by_id[alert_id])}
        if ids and (own is None or thread_id != own.thread_id):
            shown.append(_Shown(thread, frozenset(ids)))
    return shown if own is None else [_Shown(own, frozenset(about)), *shown]


def _audit(
    deed: Deed,
    state: State,
    verb: str,
    reason: str,
    *,
    shown: Sequence[_Shown],
    seen: str | None,
    own: Thread | None,
) -> list[int]:
    """A row of the audit for each thread: its state hash before and after; the rows' numbers."""
    old, new = deed.before.by_id, {alert.alert_id: alert for alert in state.alerts.values()}
    changes = []
    for one in shown:
        marks = _marks(deed.before, one.thread)
        mine = one.thread is own
        before = seen if mine else hash_of(one.thread, _in(one.thread, marks, old))
        after = hash_of(one.thread, _in(one.thread, marks, new))
        changes.append(Change(verb, object_id(one.thread.thread_id), before, after))
    if not changes:
        return []
    last = append_all(deed.connection, act=deed.act(reason), changes=changes)
    return list(range(last - len(changes) + 1, last + 1))


def _marks(before: Loaded, thread: Thread) -> Iterable[str]:
    last = before.state.told.get((thread.group_key, thread.receiver))
    return last.marks if last else ()


def _in(thread: Thread, marks: Iterable[str], by_id: Mapping[str, Alert]) -> list[Alert]:
    found = [by_id[alert_id] for alert_id in marks if alert_id in by_id]
    return [alert for alert in found if was_in(thread, alert)]


def _stop_ladder(deed: Deed, thread: Thread) -> None:
    table = escalations.c
    climbing = update(escalations).where(
        table.thread_id == thread.thread_id, table.stopped_by.is_(None)
    )
    deed.connection.execute(climbing.values(stopped_by=deed.who.id, next_at=None))


def _payload(done: Done, shown: _Shown) -> dict[str, str | int]:
    payload: dict[str, str | int] = {
        "thread": shown.thread.thread_id,
        "verb": done.verb,
        "by": done.by,
        "n": len(shown.alerts),
    }
    if done.until is not None:
        payload["until"] = int(done.until.timestamp())
    return payload


def _enqueue(deed: Deed, thread: Thread, payload: Mapping[str, str | int], seq: int) -> None:
    intent = Intent(
        outbox_id=digest_parts(ACT, thread.thread_id, str(seq)),
        kind=ACT,
        receiver=thread.receiver,
        lane=LANE,
        payload=payload,
        not_before=deed.now,
    )
    enqueue(deed.connection, intents=[intent], audit_seq=seq, now=deed.now)
