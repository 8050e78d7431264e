"""Hand-over: when a shift of a team's first layer ends, what the next person takes over.

One message a team and hand-over. It compares itself with the one before, of which `digests` keeps
how many alerts of each thread were open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, func, or_, select

from monitors.contract import Monitor
from orchestration.acts.threads import alerts_of, threads_of
from orchestration.alerts.groups import Router
from orchestration.alerts.records import AlertState, Watched
from orchestration.escalation.ladders import ESCALATION
from orchestration.escalation.teams import Teams, own
from orchestration.intake.rules import Rules
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.outbox import URGENT, Intent, Payload, batches, enqueue
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import alerts, digests, outbox, threads
from orchestration.oncall.rota import Rota
from orchestration.oncall.turns import Shift, shift_at

HANDOVER = "handover"
ACTOR = Actor(HANDOVER, "system")
LANE = 2
LATEST = timedelta(hours=12)  # one that was missed for longer is nobody's news any more
AN_INSTANT = timedelta(microseconds=1)
MOST = 500  # groups in one message, of which twenty are shown


@dataclass(frozen=True, slots=True)
class _Change:
    """A hand-over of a team that has come: from one shift to the next."""

    team: str
    before: Shift
    after: Shift

    @property
    def at(self) -> datetime:
        """When the next person takes over."""
        return self.after.start

    @property
    def kind(self) -> str:
        """By what `digests` knows the team's hand-overs."""
        return f"{HANDOVER}:{self.team}"


def hand_over(
    engine: Engine,
    *,
    rules: Rules,
    watched: Mapping[str, Watched],
    monitors: Iterable[Monitor],
    now: datetime,
) -> int:
    """Queue the message of each hand-over that has come and was not told; how many.

    Nothing is written where none has come. Raises LedgerError if the ledger fails.
    """
    changes = [found for team in rules.rota.teams if (found := _change(rules.rota, team, now))]
    with reading(engine) as connection:
        due = [one for one in changes if not _is_told(one, _last(connection, one))]
    if not due:
        return 0
    teams = Teams(rules, watched, list(monitors))
    with writing(engine) as connection:
        return sum(_tell(connection, one, teams, now) for one in due)


def _change(rota: Rota, team: str, now: datetime) -> _Change | None:
    """A team's last hand-over, if somebody took over and it is not too long ago."""
    after = shift_at(rota.teams[team], now, 1)
    before = shift_at(rota.teams[team], after.start - AN_INSTANT, 1)
    if before.person == after.person or now - after.start > LATEST:
        return None
    return _Change(team, before, after)


def _last(connection: Connection, change: _Change) -> RowMapping | None:
    """What the team's last hand-over said, wherever it was told."""
    same = select(digests.c.at, digests.c.counts).where(digests.c.kind == change.kind)
    return connection.execute(same.order_by(digests.c.at.desc()).limit(1)).mappings().first()


def _is_told(change: _Change, last: RowMapping | None) -> bool:
    return last is not None and last["at"] >= change.at


def _tell(connection: Connection, change: _Change, teams: Teams, now: datetime) -> int:
    last = _last(connection, change)
    if _is_told(change, last):
        return 0
    since = last["at"] if last else change.before.start
    counts = _open(connection, change.team, teams)
    digest = digest_record(counts)
    receiver = teams.channel(change.team)
    row = {"kind": change.kind, "receiver": receiver, "at": change.at}
    upsert(
        connection, digests, [{**row, "digest": digest, "counts": counts}], by=("kind", "receiver")
    )
    seq = append(
        connection,
        act=Act(ACTOR, now, f"from {change.before.person} to {change.after.person}"),
        verb=HANDOVER,
        object_id=f"rota:{change.team}",
        after=digest,
    )
    before = last["counts"] if last else {}
    payload = {
        **_shift(connection, change, teams, since),
        **_changed(connection, change.team, teams, since),
        "open": sum(counts.values()),
        # Each thread with how many were open at the last hand-over, the gravest first.
        "threads": [f"{name}={before.get(name, 0)}" for name in list(counts)[:MOST]],
    }
    intent = Intent(
        outbox_id=digest_parts(HANDOVER, change.team, "1", change.at.isoformat()),
        kind=HANDOVER,
        receiver=receiver,
        lane=LANE,
        payload=payload,
        not_before=now,
    )
    return enqueue(connection, intents=[intent], audit_seq=seq, now=now)


def _shift(connection: Connection, change: _Change, teams: Teams, since: datetime) -> Payload:
    """Who hands over to whom and when, and how often the first of them was called."""
    slack = teams.rules.roster.person(change.before.person).slack
    calls = select(func.count()).where(
        outbox.c.kind == ESCALATION,
        outbox.c.receiver == slack,
        outbox.c.lane <= URGENT,
        outbox.c.created_at >= since,
        outbox.c.created_at < change.at,
    )
    return {
        "team": change.team,
        "outgoing": change.before.person,
        "incoming": change.after.person,
        "since": int(since.timestamp()),
        "until": int(change.at.timestamp()),
        "next_at": int(change.after.end.timestamp()),
        "pages": connection.execute(calls).scalar_one(),
    }


def _open(connection: Connection, team: str, teams: Teams) -> dict[str, int]:
    """Open alerts of each thread that the team answers for, the gravest thread first."""
    routing = Router(teams.rules.config)
    going = connection.scalars(select(threads.c.thread_id).where(threads.c.closed_at.is_(None)))
    found = []
    for thread in (one for some in batches(going.all()) for one in threads_of(connection, some)):
        mine = [
            alert
            for alert in own(thread, alerts_of(connection, thread), routing, teams.watched)
            if alert.open and not alert.shadow and teams.answer(team, alert)
        ]
        if mine:
            worst = min(alert.severity for alert in mine)
            found.append((worst, -len(mine), thread.thread_id))
    return {name: -number for _, number, name in sorted(found)}


def _changed(connection: Connection, team: str, teams: Teams, since: datetime) -> Payload:
    """How many of the team's alerts were opened since then, and how many are resolved since."""
    recent = select(alerts).where(or_(alerts.c.opened_at >= since, alerts.c.changed_at >= since))
    rows = connection.execute(recent.where(~alerts.c.shadow)).mappings()
    mine = [one for row in rows if teams.answer(team, one := read_alert(row))]
    resolved = [one for one in mine if one.state is AlertState.RESOLVED]
    return {
        "opened": sum(one.opened_at >= since for one in mine),
        "resolved": sum(one.changed_at >= since for one in resolved),
    }
