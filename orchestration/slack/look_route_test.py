"""Looks up what the message that tests a channel shows: its nonce, and who sent it."""

from datetime import datetime

from sqlalchemy import Connection

from orchestration.launch.facts_ledger import UNANSWERED
from orchestration.outbox.work import Work
from orchestration.slack.look import Scene
from orchestration.slack.message import Message
from orchestration.slack.route_test import RouteTestView, route_test


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """The test as it was asked for; its sender by Slack id, or by id where they have left."""
    del connection
    payload = work.head.payload
    known = scene.rules.roster.by_id.get(payload["by"])
    view = RouteTestView(
        receiver=work.receiver,
        nonce=payload["nonce"],
        by=known.slack if known else payload["by"],
        until=work.head.created_at + UNANSWERED,
        delayed=now - work.since,
    )
    return route_test(view, outbox_id=work.outbox_id)
