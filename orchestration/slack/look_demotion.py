"""Looks up what the message about a demotion shows: the figures of then, its owner of now."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from orchestration.acts.demotion import NEVER, PER_MILLE
from orchestration.outbox.work import Work
from orchestration.slack.demotion import DemotionView, demotion
from orchestration.slack.look import Scene, page_of
from orchestration.slack.message import Message


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """Which version was taken from auto, why, and what it takes to bring it back."""
    del connection
    payload = work.head.payload
    name, more = payload["monitor"], payload["labels_needed"]
    known = scene.registry.monitors.get(name)
    view = DemotionView(
        receiver=work.receiver,
        monitor=name,
        version=payload["version"],
        owner=known.owner if known else "nobody",
        at=datetime.fromtimestamp(payload["at"], UTC),
        why=tuple(payload["why"]),
        k=payload["k"],
        n=payload["n"],
        wanted=payload["wanted_per_mille"] / PER_MILLE,
        wanted_n=payload["wanted_n"],
        labels_needed=None if more == NEVER else more,
        url=page_of(scene, [name]),
        delayed=now - work.since,
    )
    return demotion(view, outbox_id=work.outbox_id)
