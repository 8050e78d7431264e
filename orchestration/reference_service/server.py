"""The service over HTTP."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

from orchestration.reference_service.endpoint import Endpoint, Service
from orchestration.reference_service.errors import ServiceError
from orchestration.reference_service.faults import Faults
from orchestration.reference_service.store import Store

HOST = "127.0.0.1"
log = logging.getLogger(__name__)


@contextmanager
def serve(
    state: Path,
    secret: bytes,
    *,
    clock: Callable[[], datetime],
    port: int = 0,
    faults: Faults | None = None,
) -> Iterator[str]:
    """Serve while in the context, which gives the address; port 0 takes a free one.

    Leaving it takes no more requests, and answers those that are under way. Raises ServiceError.
    """
    store = Store(state, clock)
    try:
        service = Service(store, secret, clock, faults or Faults())
        with _bound(port, service) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield f"http://{HOST}:{server.server_port}"
            finally:
                service.stopping.set()
                server.shutdown()
                thread.join()
                service.hang_up()
    finally:
        store.close()


def _bound(port: int, service: Service) -> "_Server":
    class Bound(Endpoint):
        """One connection to this service."""

    Bound.service = service
    try:
        return _Server((HOST, port), Bound)
    except OSError as error:
        raise ServiceError(
            f"Port {port} cannot be had ({error.strerror}). Choose another, or 0 for a free one."
        ) from error


class _Server(ThreadingHTTPServer):
    """Closing it waits for requests that are under way."""

    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say that a client went away; anything else in full."""
        del request, client_address
        error = sys.exception()
        in_full = None if isinstance(error, OSError) else error
        log.warning("A connection ended: %s", type(error).__name__, exc_info=in_full)
