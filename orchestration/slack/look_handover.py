"""Looks up what the message at a change of shift shows: each thread as it is when it is sent."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from orchestration.acts.threads import threads_of
from orchestration.outbox.work import Work
from orchestration.slack.digests import handover
from orchestration.slack.look import Scene, group_view
from orchestration.slack.message import Message
from orchestration.slack.text import is_hidden
from orchestration.slack.views import DigestRow, DigestView, GroupView

SHOWN = 20  # of the others only how many they are


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """Who hands over to whom, and what is open, compared with the hand-over before."""
    payload = work.head.payload
    before = dict(_counted(text) for text in payload["threads"])
    known = {one.thread_id: one for one in threads_of(connection, list(before)[:SHOWN])}
    rows = [
        _row(group_view(connection, scene, known[name], now=now, is_rated=False), before[name])
        for name in before
        if name in known
    ]
    rest = [replace(rows[-1]) for _ in range(len(before) - len(rows))] if rows else []
    view = DigestView(
        receiver=work.receiver,
        since=_moment(payload["since"]),
        until=_moment(payload["until"]),
        rows=(*rows, *rest),
        opened=payload["opened"],
        resolved=payload["resolved"],
        open=payload["open"],
        outgoing=_slack(scene, payload["outgoing"]),
        incoming=_slack(scene, payload["incoming"]),
        pages=payload["pages"],
        next_at=_moment(payload["next_at"]),
        url=scene.dagster_url or None,
        delayed=now - work.since,
    )
    return handover(view, outbox_id=work.outbox_id)


def _row(view: GroupView, before: int) -> DigestRow:
    return DigestRow(
        alert_id=view.entities[0].alert_id,
        monitor=view.monitors[0].id,
        product=", ".join(view.products),
        harm=view.harms[0],
        severity=view.severity,
        state=view.state,
        open=view.open,
        delta=view.open - before,
        findings=view.findings,
        holder=view.acked_by or view.assigned_to,
        due_at=view.due_at,
        restricted=is_hidden(view),
    )


def _counted(text: str) -> tuple[str, int]:
    """A thread's id, and how many of its alerts were open at the last hand-over."""
    name, _, number = text.rpartition("=")
    return name, int(number)


def _slack(scene: Scene, who: str) -> str:
    """Somebody as Slack mentions them; by id where they have left."""
    known = scene.rules.roster.by_id.get(who)
    return known.slack if known else who


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
