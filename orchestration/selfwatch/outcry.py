"""Tells of what does not beat: by Slack itself, else by the second notifier; once in a while."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.ledger.ids import digest_parts
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.fallback import text_sender
from orchestration.outbox.results import Sent
from orchestration.selfwatch.beat import Missing
from orchestration.settings import Settings
from orchestration.slack.api import SlackApi, SlackError
from orchestration.slack.health import health
from orchestration.slack.message import Message
from orchestration.slack.text import utc
from orchestration.slack.views import HealthItem, HealthView

AGAIN = timedelta(minutes=30)
HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Told:
    """What was said before: when each thing, and whether its end is still to be said."""

    at: dict[str, datetime] = field(default_factory=dict)
    wrong: bool = False


def cry(
    settings: Settings, api: SlackApi, found: Sequence[Missing], *, now: datetime
) -> tuple[str, ...]:
    """Say what was not said in the last half hour, or that all is well again.

    Gives why nobody could be told, by each way that was tried; nothing where somebody was, or
    nothing was to be said.
    """
    path = settings.home / "heartbeat.json"
    before = read_told(path)
    due = [one for one in found if not _is_recent(before.at.get(one.name), now)]
    well = not found and before.wrong
    if due or well:
        failed = _say(settings, api, due, now)
        if failed:
            return failed
    recent = {name: at for name, at in before.at.items() if _is_recent(at, now)}
    said = dict.fromkeys((one.name for one in due), now)
    wrong = bool(found) and (before.wrong or bool(due))
    write_told(path, Told({**recent, **said}, wrong))
    return ()


def read_told(path: Path) -> Told:
    """What was said; nothing where the file is missing or damaged: then it is said again."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        at = {
            str(name): datetime.fromtimestamp(seconds, UTC) for name, seconds in kept["at"].items()
        }
        return Told(at, bool(kept["wrong"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Told()


def write_told(path: Path, told: Told) -> None:
    """Keep what was said, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"at": {name: at.timestamp() for name, at in told.at.items()}, "wrong": told.wrong}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(kept), encoding="utf-8")
    temporary.replace(path)


def _is_recent(at: datetime | None, now: datetime) -> bool:
    """Whether that was in the last half hour; a time to come was written by another clock."""
    return at is not None and timedelta(0) <= now - at < AGAIN


def _say(
    settings: Settings, api: SlackApi, due: Sequence[Missing], now: datetime
) -> tuple[str, ...]:
    """Tell somebody; how each way failed if none was open.

    A folder in place of Slack is read by nobody, so that the second notifier is told as well.
    """
    message = message_of(settings, due, now)
    failed = []
    try:
        api.post(message.payload())
        if settings.slack.token or not settings.fallback:
            return ()
    except SlackError as error:
        failed.append(f"Slack: {error.code}")
    if settings.fallback:
        how = _elsewhere(settings.fallback, message, due)
        failed = [*failed, f"second notifier: {how}"] if how else []
    return tuple(failed)


def message_of(settings: Settings, due: Sequence[Missing], now: datetime) -> Message:
    """What is posted: what does not beat, or that all does."""
    view = HealthView(
        receiver=settings.health_channel,
        at=now,
        items=tuple(HealthItem("tick", one.name, one.since, one.what) for one in due),
        fine=not due,
    )
    names = [one.name for one in due]
    return health(view, outbox_id=digest_parts(HEARTBEAT, now.isoformat(), *names))


def _elsewhere(url: str, message: Message, due: Sequence[Missing]) -> str:
    """Tell the second notifier; empty, or how it failed."""
    lines = [message.text, *(f"{one.name}, since {utc(one.since)}: {one.what}" for one in due)]
    try:
        result = text_sender(url)(message.metadata.payload["outbox_id"], "\n".join(lines))
    except OutboxError as error:
        return str(error)
    return "" if isinstance(result, Sent) else type(result).__name__
