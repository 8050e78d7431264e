"""The tests' Slack without a socket: what the SDK sends by urllib is answered in the process.

The bytes are those of HTTP; only the network is missing. A request is two fault points: before it
is sent, and when Slack has done what it asked and nobody has read the answer yet.
"""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.response import addinfourl

from tests.support.crashes import Faults
from tests.support.outboxes import Clock
from tests.support.slack_server import Answer, Fault, SlackServer

URL = "http://slack.test/api/"


class TimedSlack(SlackServer):
    """A Slack whose messages bear the times of a clock; each request takes so many seconds."""

    def __init__(self, clock: Clock, channels: Sequence[str], *, takes: float) -> None:
        super().__init__()
        self.messages = {channel: [] for channel in channels}
        self.clock = clock
        self.takes = takes
        self._last = 0

    def meet(self, method: str, token: str, body: Answer) -> tuple[Fault | None, Answer]:
        """See SlackServer."""
        self.clock.sleep(self.takes)
        since = self.clock() - datetime(1970, 1, 1, tzinfo=UTC)
        self._last = max(self._last, int(since.total_seconds()) * 1_000_000)
        return super().meet(method, token, body)


class _Wire(urllib.request.HTTPHandler):
    def __init__(self, slack: SlackServer, faults: Faults) -> None:
        super().__init__()
        self.slack = slack
        self.faults = faults

    def http_open(self, req: urllib.request.Request) -> Any:  # noqa: ANN401 - as urllib has it
        """Answer a request."""
        method = urlsplit(req.full_url).path.rpartition("/")[2]
        self.faults.cross(f"request {method}", "before")
        raw = req.data.decode() if isinstance(req.data, bytes) else ""
        is_json = (req.get_header("Content-type") or "").startswith("application/json")
        body = json.loads(raw or "{}") if is_json else dict(parse_qsl(raw))
        fault, answer = self.slack.meet(method, req.get_header("Authorization") or "", body)
        self.faults.cross(f"request {method}", "after")
        if fault is not None and fault.drop:
            raise ConnectionResetError
        text = json.dumps(answer) if fault is None else fault.body
        headers = Message()
        headers["Content-Type"] = "application/json; charset=utf-8"
        for name, value in fault.headers.items() if fault else ():
            headers[name] = value
        status = fault.status if fault else 200
        found = addinfourl(BytesIO(text.encode()), headers, req.full_url, status)
        found.msg = "OK"  # type: ignore[attr-defined]
        return found


@contextmanager
def wired(slack: SlackServer, faults: Faults) -> Iterator[None]:
    """While everything that urllib asks by http is asked of this Slack."""
    urllib.request.install_opener(urllib.request.build_opener(_Wire(slack, faults)))
    try:
        yield
    finally:
        urllib.request.install_opener(urllib.request.build_opener())
