"""Slack in a folder, for an installation without a token: what Slack would get, line by line.

`<folder>/<channel>.jsonl` holds one JSON object a line: `ts`, `op` (post, update, ephemeral) and
`payload`; `views.jsonl` holds the dialogues. Lines are only added. A line that a crash cut off was
never acknowledged: readers leave it out and the next writer removes it.
"""

import errno
import fcntl
import json
import mmap
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from orchestration.slack.api import (
    SKEW,
    Identity,
    Payload,
    Posted,
    SlackDownError,
    SlackGoneError,
    SlackRefusedError,
    outbox_id_of,
    slack_time,
)

CHANNEL = re.compile(r"[A-Z0-9]{2,40}")
VIEWS = "views"
Content = bytes | mmap.mmap  # complete lines; a map, so that a long file is not read for its end


class Line(TypedDict):
    """One line of a file."""

    ts: str
    op: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it now stands; `payload` is of its last update, `thread_ts` as first posted."""

    ts: str
    thread_ts: str | None
    payload: Payload
    updates: int = 0


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class DiskSlack:
    """Slack in a folder; any number of processes may share it."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._clock = clock

    def post(self, payload: Payload) -> Posted:
        """See SlackApi."""
        channel, thread = payload.get("channel"), payload.get("thread_ts")
        name = _known(channel)
        with _faults():
            ts = self._add(name, "post", payload, None, must_hold=thread)
        return Posted(name, ts)

    def update(self, channel: str, ts: str, payload: Payload) -> None:
        """See SlackApi."""
        with _faults():
            self._add(_known(channel), "update", payload, ts, must_hold=ts)

    def ephemeral(self, channel: str, user: str, payload: Payload) -> None:
        """See SlackApi."""
        with _faults():
            self._add(_known(channel), "ephemeral", {**payload, "user": user}, None)

    def open_view(self, trigger_id: str, view: Payload) -> None:
        """See SlackApi."""
        with _faults():
            self._add(VIEWS, "view", {"trigger_id": trigger_id, "view": view}, None)

    def find(
        self, channel: str, *, since: datetime, outbox_id: str, thread_ts: str | None
    ) -> str | None:
        """See SlackApi."""
        oldest = slack_time(since - SKEW)
        with _faults():
            content = _whole(self._path(_known(channel)))
            if thread_ts is not None and not _holds(content, thread_ts):
                raise SlackGoneError("thread_not_found")
            for line in _lines(content):
                payload = line["payload"]
                if (
                    line["op"] == "post"
                    and _order(line["ts"]) >= _order(oldest)
                    and payload.get("thread_ts") == thread_ts
                    and outbox_id_of(payload) == outbox_id
                ):
                    return line["ts"]
        return None

    def identity(self) -> Identity:
        """See SlackApi."""
        return Identity(team="DISK", bot_user="DISK")

    def channels(self) -> list[str]:
        """Channels that have messages."""
        return sorted(path.stem for path in self._folder.glob("*.jsonl") if path.stem != VIEWS)

    def messages(self, channel: str) -> list[Message]:
        """Messages as they now stand, oldest first; those that only one person saw are left out."""
        found: dict[str, Message] = {}
        with _faults():
            content = _whole(self._path(_known(channel)))
        for line in _lines(content):
            ts, payload = line["ts"], line["payload"]
            if line["op"] == "post":
                found[ts] = Message(ts, payload.get("thread_ts"), payload)
            elif line["op"] == "update" and ts in found:
                found[ts] = replace(found[ts], payload=payload, updates=found[ts].updates + 1)
        return list(found.values())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.jsonl"

    def _add(
        self, name: str, op: str, payload: Payload, ts: str | None, *, must_hold: object = None
    ) -> str:
        """Append one line under the file's lock; its `ts`, a new one unless given."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._path(name).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with _mapped(file.fileno()) as content:
                end = content.rfind(b"\n") + 1
                torn = end < len(content)
                if must_hold is not None and not _holds(content, must_hold):
                    gone = "message_not_found" if op == "update" else "thread_not_found"
                    raise SlackGoneError(gone)
                given = ts or _next_ts(_newest(content, end), self._clock())
            if torn:
                file.truncate(end)
            line: Line = {"ts": given, "op": op, "payload": dict(payload)}
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return given


@contextmanager
def _faults() -> Iterator[None]:
    """What the disk does not do comes back as Slack being down."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "fault").lower()
        raise SlackDownError(f"disk_{name}", unknown=True) from error


@contextmanager
def _mapped(descriptor: int) -> Iterator[Content]:
    if os.fstat(descriptor).st_size == 0:
        yield b""  # nothing cannot be mapped
        return
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        yield content


def _known(channel: object) -> str:
    """The channel's id, which is its file's name; refused if it cannot be one."""
    if not isinstance(channel, str) or not CHANNEL.fullmatch(channel):
        raise SlackRefusedError("channel_not_found")
    return channel


def _whole(path: Path) -> bytes:
    """Every complete line; nothing where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    return content[: content.rfind(b"\n") + 1]


def _lines(content: bytes) -> Iterator[Line]:
    for raw in content.split(b"\n")[:-1]:
        yield _line(raw)


def _line(raw: bytes) -> Line:
    """A line as we wrote it; SlackDownError if somebody changed it."""
    try:
        line = json.loads(raw)
        return {"ts": str(line["ts"]), "op": str(line["op"]), "payload": dict(line["payload"])}
    except (KeyError, TypeError, ValueError) as error:
        raise SlackDownError("disk_bad_line", unknown=False) from error


def _holds(content: Content, ts: object) -> bool:
    """Whether a message of this `ts` was posted. Newest lines are looked at first."""
    start = json.dumps({"ts": ts, "op": "post"})[:-1].encode()
    return content.rfind(b"\n" + start) >= 0 or content[: len(start)] == start


def _newest(content: Content, end: int) -> str | None:
    """The last `ts` that was given out; an update repeats the one of its message."""
    while end > 0:
        start = content.rfind(b"\n", 0, end - 1) + 1
        line = _line(content[start:end])
        if line["op"] != "update":
            return line["ts"]
        end = start
    return None


def _next_ts(newest: str | None, now: datetime) -> str:
    """The time, or just after the newest where the clock stands still or went back."""
    ts = slack_time(now)
    if newest is None or _order(ts) > _order(newest):
        return ts
    seconds, micros = _order(newest)
    total = seconds * 1_000_000 + micros + 1
    return f"{total // 1_000_000}.{total % 1_000_000:06d}"


def _order(ts: str) -> tuple[int, int]:
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros)
