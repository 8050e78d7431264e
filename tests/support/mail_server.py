"""A small SMTP server, and a small web server, on free ports of this machine."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class MailBox:
    """What an SMTP server got, and what it answers; None hangs up."""

    port: int = 0
    said: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str | None] = field(default_factory=dict)


@contextmanager
def mail_server() -> Iterator[MailBox]:
    """An SMTP server while in the context."""
    box = MailBox()

    class Talk(socketserver.StreamRequestHandler):
        """One connection."""

        def handle(self) -> None:
            """Answer until the other one leaves."""
            self.wfile.write(b"220 test\r\n")
            for line in self.rfile:
                said = line.decode().strip()
                box.said.append(said)
                verb = said.split(" ")[0].upper()
                if not self._answer(
                    box.answers.get(verb, "354 go" if verb == "DATA" else "250 ok")
                ):
                    return
                if verb == "DATA" and verb not in box.answers:
                    lines = iter(self.rfile.readline, b".\r\n")
                    text = b"".join(lines).decode().replace("\r\n", "\n")
                    mail = message_from_string(text, policy=policy.default)
                    box.mails.append(mail)
                    if not self._answer(box.answers.get("END", "250 ok")):
                        return

        def _answer(self, answer: str | None) -> bool:
            if answer:
                self.wfile.write(f"{answer}\r\n".encode())
            return bool(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        box.port = server.server_address[1]
        with _served(server):
            yield box


@dataclass
class WebBox:
    """What a web server got: path, headers and body; and the status and headers it answers."""

    port: int = 0
    got: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def web_server() -> Iterator[WebBox]:
    """A web server while in the context."""
    box = WebBox()

    class Page(BaseHTTPRequestHandler):
        """One request."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Keep it, and answer; status 0 hangs up."""
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            box.got.append((self.path, dict(self.headers), body))
            if not box.status:
                self.close_connection = True
                return
            self.send_response(box.status)
            for name, value in {**box.headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        box.port = server.server_port
        with _served(server):
            yield box


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
