"""A tiny Slack over real HTTP, whose faults a test scripts; it keeps messages and pages them."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "xoxb-of-the-tests"  # noqa: S105 - opens nothing
BOT = "U0BOT"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What one request meets. `done` is whether it takes effect before it fails.

    `hang` gives no answer until the server stops; `drop` cuts the connection.
    """

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    hang: bool = False
    drop: bool = False


def refused(code: str) -> Fault:
    """Slack's own way to say no."""
    return Fault(body=json.dumps({"ok": False, "error": code}))


def busy(seconds: str) -> Fault:
    """Too many requests."""
    body = json.dumps({"ok": False, "error": "ratelimited"})
    return Fault(status=429, body=body, headers={"Retry-After": seconds})


class SlackServer:
    """The state of it; `calls` are the requests it saw, by method and body."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Answer]] = {"C0ALERTS": [], "C0OTHER": []}
        self.people: dict[str, str] = {}  # whom the bot may write to, and where that is kept
        self.calls: list[tuple[str, Answer]] = []
        self.shown: list[Answer] = []
        self.page = 1000
        self.base_url = ""
        self.stopping = threading.Event()
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self._lock = threading.Lock()
        self._last = 1_772_452_800_000_000

    def fail(self, method: str, *faults: Fault) -> None:
        """The next requests of a method meet these, one each."""
        self._faults[method].extend(faults)

    def befriend(self, user: str, channel: str) -> None:
        """Let the bot write to a person; what it writes is in that channel."""
        self.people[user] = channel
        self.messages[channel] = []

    def delete(self, channel: str, ts: str) -> None:
        """What a person does who deletes a message."""
        kept = [message for message in self.messages[channel] if message["ts"] != ts]
        self.messages[channel] = kept

    def meet(self, method: str, token: str, body: Answer) -> tuple[Fault | None, Answer]:
        """The fault that a request meets, and the answer it would have had."""
        with self._lock:
            self.calls.append((method, body))
            fault = self._faults[method].pop(0) if self._faults[method] else None
            if fault is not None and not fault.done:
                return fault, {}
            if token != f"Bearer {TOKEN}":
                return fault, no("invalid_auth")
            answer = getattr(self, "_" + method.replace(".", "_"))(body)
            return fault, answer

    def _auth_test(self, body: Answer) -> Answer:
        del body
        return {"ok": True, "team_id": "T0TEAM", "user_id": BOT, "bot_id": "B0BOT"}

    def _chat_postMessage(self, body: Answer) -> Answer:  # noqa: N802 - Slack's name
        to: str = body["channel"]
        channel = self.people.get(to, to)
        kept = self.messages.get(channel)
        if kept is None:
            return no("channel_not_found")
        if "thread_ts" in body and body["thread_ts"] not in [message["ts"] for message in kept]:
            return no("thread_not_found")
        self._last += 1_000_000
        ts = f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
        kept.append({**body, "ts": ts, "user": BOT})
        return {"ok": True, "channel": channel, "ts": ts}

    def _chat_update(self, body: Answer) -> Answer:
        for message in self.messages.get(body["channel"], []):
            if message["ts"] == body["ts"]:
                message.update(body)
                return {"ok": True, "channel": body["channel"], "ts": body["ts"]}
        return no("message_not_found")

    def _chat_postEphemeral(self, body: Answer) -> Answer:  # noqa: N802 - Slack's name
        self.shown.append(body)
        return {"ok": True, "message_ts": "1.000000"}

    def _views_open(self, body: Answer) -> Answer:
        self.shown.append(body)
        return {"ok": True, "view": {"id": "V0VIEW"}}

    def _conversations_open(self, body: Answer) -> Answer:
        if body["users"] not in self.people:
            return no("user_not_found")
        return {"ok": True, "channel": {"id": self.people[body["users"]]}}

    def _conversations_history(self, body: Answer) -> Answer:
        kept = self.messages.get(body["channel"])
        if kept is None:
            return no("channel_not_found")
        found = [m for m in kept if "thread_ts" not in m and m["ts"] > body.get("oldest", "0")]
        return self._paged(found[::-1], body)

    def _conversations_replies(self, body: Answer) -> Answer:
        kept = self.messages[body["channel"]]
        if body["ts"] not in [message["ts"] for message in kept]:
            return no("thread_not_found")
        found = [m for m in kept if body["ts"] in (m["ts"], m.get("thread_ts"))]
        return self._paged(found, body)

    def _paged(self, found: list[Answer], body: Answer) -> Answer:
        first = int(body.get("cursor", "0"))
        after = first + min(self.page, int(body["limit"]))
        if body.get("include_all_metadata") != "1":
            found = [{k: v for k, v in m.items() if k != "metadata"} for m in found]
        more = {"next_cursor": str(after) if after < len(found) else ""}
        return {"ok": True, "messages": found[first:after], "response_metadata": more}


def no(code: str) -> Answer:
    """An answer that refuses."""
    return {"ok": False, "error": code}


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # many clients at once are not reset


@contextmanager
def running() -> Iterator[SlackServer]:
    """A server on a free port."""
    slack = SlackServer()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            is_json = self.headers.get_content_type() == "application/json"
            body = json.loads(raw or "{}") if is_json else dict(parse_qsl(raw))
            token = self.headers.get("Authorization", "")
            fault, answer = slack.meet(self.path.rpartition("/")[2], token, body)
            if fault is None:
                self._answer(200, json.dumps(answer), {})
            elif fault.hang:
                slack.stopping.wait(60)
            elif not fault.drop:
                self._answer(fault.status, fault.body, fault.headers)

        def _answer(self, status: int, body: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Endpoint) as server:
        slack.base_url = f"http://127.0.0.1:{server.server_port}/api/"
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield slack
        finally:
            slack.stopping.set()
            server.shutdown()
            thread.join()
