"""Escalation: a thread in which something fires and nobody answers climbs its ladder.

Each change is one row of the audit, and its messages are queued in the same transaction: a tick
that is repeated finds nothing to do.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, or_, select

from orchestration.acts.threads import object_id, threads_of, was_in
from orchestration.alerts.groups import Router
from orchestration.alerts.records import Watched
from orchestration.escalation.moves import SILENCED, Calling, Climb, Move, move, standing
from orchestration.escalation.teams import own
from orchestration.intake.rules import Rules
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alerts import of_ids
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.outbox import Intent, batches, enqueue
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import escalations, threads, told
from orchestration.oncall.ladders import Due, Someone, Target
from orchestration.oncall.rota import receiver

ESCALATION = "escalation"
ACTOR = Actor(ESCALATION, "system")
SINGLE = 5  # steps that one receiver is told one by one in a tick; the others are counted
NAMED = 20
Payload = dict[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Climbed:
    """What a tick did: ladders begun and stopped, steps taken, and messages queued for them."""

    begun: int = 0
    stopped: int = 0
    steps: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True)
class _Call:
    """One step of one thread, to be told to one receiver; `seq` is its row of the audit."""

    after: Climb
    calling: Calling
    due: Due
    receiver: str
    to: str
    seq: int

    @property
    def order(self) -> tuple[int, datetime, str]:
        """The gravest first, and of these the oldest."""
        return (self.calling.severity, self.after.opened_at, self.after.thread_id)


def climb(
    engine: Engine, *, rules: Rules, watched: Mapping[str, Watched], now: datetime
) -> Climbed:
    """Begin, move on and stop the ladders of all threads, and queue the steps that are due.

    Nothing is written where nothing changes. Raises LedgerError if the ledger fails.
    """
    with reading(engine) as connection:
        if not _moves(connection, rules, watched, now):
            return Climbed()
    with writing(engine) as connection:
        moves = _moves(connection, rules, watched, now)
        calls = [call for one in moves for call in _write(connection, one, rules, now)]
        intents = list(_intents(calls, rules, now))
        for seq, intent in intents:
            enqueue(connection, intents=[intent], audit_seq=seq, now=now)
    return Climbed(
        begun=sum(one.begins for one in moves),
        stopped=sum(one.after.stopped_by is not None for one in moves),
        steps=len(calls),
        messages=len(intents),
    )


def _moves(
    connection: Connection, rules: Rules, watched: Mapping[str, Watched], now: datetime
) -> list[Move]:
    """What changes: of threads that go on, and of ladders whose thread has ended."""
    logs = select(told.c.thread_id, told.c.marks, told.c.at, told.c.reason).join(threads)
    last = {
        row.thread_id: row for row in connection.execute(logs.where(threads.c.closed_at.is_(None)))
    }
    ids = sorted({alert_id for row in last.values() for alert_id in row.marks})
    alerts = {one.alert_id: one for some in batches(ids) for one in of_ids(connection, some)}
    known = _climbs(connection)
    routing = Router(rules.config)
    moves = []
    for some in batches(sorted(last.keys() | known.keys())):
        for thread in threads_of(connection, some):
            row = last.get(thread.thread_id)
            marked = [alerts[name] for name in row.marks if name in alerts] if row else []
            here = [alert for alert in marked if was_in(thread, alert)]
            stands = standing(
                own(thread, here, routing, watched),  # what is told twice calls once
                rota=rules.rota,
                watched=watched,
                opened_at=thread.opened_at,
                told=(row.at, row.reason) if row else None,
            )
            found = move(thread.thread_id, known.get(thread.thread_id), stands, now=now)
            moves += [found] if found else []
    return moves


def _climbs(connection: Connection) -> dict[str, Climb]:
    """Climbs that go on or pause, and those of threads that go on."""
    table = escalations.c
    going = or_(table.stopped_by.is_(None), table.stopped_by == SILENCED)
    joined = select(escalations).join(threads, threads.c.thread_id == table.thread_id)
    rows = connection.execute(joined.where(or_(going, threads.c.closed_at.is_(None)))).mappings()
    return {row["thread_id"]: Climb(**row) for row in rows}


def _write(connection: Connection, one: Move, rules: Rules, now: datetime) -> list[_Call]:
    """Write a move with its row of the audit; the calls that it asks for.

    Two steps that mean one person are one call, of the later step.
    """
    after = asdict(one.after)
    upsert(connection, escalations, [after], by=("thread_id",))
    seq = append(
        connection,
        act=Act(ACTOR, now, _reason(one)),
        verb="escalate",
        object_id=object_id(one.after.thread_id),
        before=digest_record(asdict(one.before)) if one.before else None,
        after=digest_record(after),
    )
    if one.calling is None:
        return []
    calls = {}
    for due in one.steps:
        to, slack = _whom(due.target, rules, now)
        calls[slack] = _Call(one.after, one.calling, due, slack, to, seq)
    return list(calls.values())


def _reason(one: Move) -> str:
    if one.after.stopped_by is not None:
        return f"stopped: {one.after.stopped_by}"
    what = f"ladder {one.after.ladder}, {one.after.pointer} steps taken"
    return f"begun: {what}" if one.begins else what


def _whom(target: Target, rules: Rules, at: datetime) -> tuple[str, str]:
    """Whom a target means at a moment: their id, and where Slack reaches them."""
    found = receiver(rules.rota, target, at)
    if isinstance(found, Someone):
        return found.person, rules.roster.person(found.person).slack
    return found.channel, found.channel


def _intents(calls: Sequence[_Call], rules: Rules, now: datetime) -> Iterator[tuple[int, Intent]]:
    """What is queued, each with its row of the audit.

    A receiver of many calls at once is told the gravest one by one; the last of these counts the
    others, which nobody could read.
    """
    of: defaultdict[str, list[_Call]] = defaultdict(list)
    for call in calls:
        of[call.receiver].append(call)
    for mine in of.values():
        ordered = sorted(mine, key=lambda call: call.order)
        single, others = ordered[:SINGLE], ordered[SINGLE:]
        for call in single:
            payload = _payload(call, rules)
            if others and call is single[-1]:
                payload["n_also"] = len(others)
                payload["also"] = [other.after.thread_id for other in others[:NAMED]]
            yield call.seq, _intent(call, payload, now)


def _intent(call: _Call, payload: Payload, now: datetime) -> Intent:
    turn, step = divmod(call.due.number, len(call.calling.ladder.steps))
    opened = call.after.opened_at.isoformat()  # of this climb, and no other of the thread
    parts = (call.after.thread_id, call.after.ladder, opened, str(turn), str(step))
    return Intent(
        outbox_id=digest_parts(ESCALATION, *parts, call.receiver),
        kind=ESCALATION,
        receiver=call.receiver,
        lane=int(call.calling.severity),
        payload=payload,
        not_before=now,
    )


def _payload(call: _Call, rules: Rules) -> Payload:
    ladder, after = call.calling.ladder, call.after
    payload: Payload = {
        "thread": after.thread_id,
        "ladder": ladder.name,
        "step": call.due.number + 1,
        "steps": len(ladder.steps) * (ladder.repeat + 1),
        "to": call.to,
        "since": int(after.opened_at.timestamp()),
    }
    if after.next_at is None:
        return payload
    following = ladder.steps[after.pointer % len(ladder.steps)].target
    who, _ = _whom(following, rules, after.next_at)
    return {**payload, "next": who, "next_at": int(after.next_at.timestamp())}
