"""What becomes of one thread's escalation: pure, from how the thread stands and where it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from monitors.contract import Severity
from orchestration.alerts.records import Alert, AlertState, Reason, Watched
from orchestration.oncall.hours import ZERO
from orchestration.oncall.ladders import Due, Ladder, due_steps
from orchestration.oncall.rota import Rota, ladder_for

SILENCED, RESOLVED, NO_LADDER = "silenced", "resolved", "no_ladder"
FIRING = (AlertState.PENDING, AlertState.FIRING)


@dataclass(frozen=True, slots=True)
class Climb:
    """A row of `escalations`: the ladder that a thread climbs, and how many steps were taken.

    `stopped_by` is null while it goes on, else who acked, or why nobody is to be called. One that
    is `silenced` pauses: `next_at`, else the time of the next step, is then since when.
    """

    thread_id: str
    ladder: str
    opened_at: datetime
    pointer: int = 0
    next_at: datetime | None = None
    stopped_by: str | None = None


class Calling(NamedTuple):
    """A thread in which something fires unanswered: what it is to climb, and since when."""

    ladder: Ladder
    severity: Severity
    since: datetime


class Quiet(NamedTuple):
    """A thread for which nobody is to be called: who has acked, or why."""

    stopped_by: str


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a climb; `before` is None for the first. `steps` are to be told now.

    `calling` is None for one that stops; `begins`: it climbs from the first step.
    """

    before: Climb | None
    after: Climb
    calling: Calling | None = None
    steps: tuple[Due, ...] = ()
    begins: bool = False


def standing(
    alerts: Sequence[Alert],
    *,
    rota: Rota,
    watched: Mapping[str, Watched],
    opened_at: datetime,
    told: tuple[datetime, str] | None,
) -> Calling | Quiet:
    """How a thread stands that was opened then; `told` is when it was last told of, and why.

    What fires, is not muted and has a ladder calls, the gravest first. An assignment answers
    nothing: who was given it may be asleep.
    """
    firing = [alert for alert in alerts if alert.state in FIRING]
    loud = [alert for alert in firing if not alert.muted]
    for alert in sorted(loud, key=lambda one: (one.severity, one.monitor, one.alert_id)):
        owner = watched[alert.monitor].owner if alert.monitor in watched else ""
        ladder = ladder_for(rota, alert.severity, owner)
        if ladder is not None:
            since = max(opened_at, min(one.changed_at for one in loud))
            if told is not None and told[1] == Reason.ESCALATED:
                since = max(since, told[0])  # it became that grave only then
            return Calling(ladder, alert.severity, since)
    if firing:
        return Quiet(NO_LADDER if loud else SILENCED)
    acks = sorted((alert.ack.at, alert.ack.by) for alert in alerts if alert.ack is not None)
    return Quiet(acks[-1][1] if acks else RESOLVED)


def move(
    thread_id: str, climb: Climb | None, stands: Calling | Quiet, *, now: datetime
) -> Move | None:
    """What changes now; None where nothing does. After it nothing does, at the same time."""
    if isinstance(stands, Quiet):
        after = None if climb is None else _stopped(climb, stands.stopped_by, now)
        return None if after is None or after == climb else Move(climb, after)
    going = _going_on(climb, stands.ladder, now)
    since = now if climb else min(stands.since, now)
    climbing = going or Climb(thread_id, stands.ladder.name, since)
    done = due_steps(stands.ladder, climbing.opened_at, now, climbing.pointer)
    after = replace(climbing, pointer=done.pointer, next_at=done.next_at, stopped_by=None)
    return None if after == climb else Move(climb, after, stands, done.steps, begins=not going)


def _stopped(climb: Climb, by: str, now: datetime) -> Climb:
    """The climb when nobody is to be called; a silence keeps its place, all else ends it."""
    if climb.stopped_by not in (None, SILENCED):
        return climb
    if by != SILENCED:
        return replace(climb, stopped_by=by, next_at=None)
    return climb if climb.stopped_by else replace(climb, stopped_by=by, next_at=now)


def _going_on(climb: Climb | None, ladder: Ladder, now: datetime) -> Climb | None:
    """The climb where it was, a pause left out; None where one begins: after an ack, on another."""
    if climb is None or climb.ladder != ladder.name or climb.stopped_by not in (None, SILENCED):
        return None
    if climb.stopped_by is None or climb.next_at is None:
        return climb
    return replace(climb, opened_at=climb.opened_at + max(now - climb.next_at, ZERO))
