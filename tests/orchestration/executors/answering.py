"""A web server that answers every request with the same bytes."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(status: str, body: bytes, *headers: str) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the first lines of the requests that it got."""
    got: list[str] = []
    head = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    answer = "\r\n".join([*head, "", ""]).encode() + body

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            got.append(self.rfile.readline().decode().strip())
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.rfile.read(length)
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", got
        finally:
            server.shutdown()
            thread.join()
