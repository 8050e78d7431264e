"""The executor that asks a service over HTTP. `docs/executors.md` is the service's side of it."""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from orchestration.executors import wire
from orchestration.executors.connections import Connections, place_of
from orchestration.executors.errors import ExecutorError, Refused, Slow, Unclear, Unreachable
from orchestration.executors.protocol import Notice, Order, Receipt, check_key, check_value
from orchestration.executors.signing import checked, signed
from orchestration.executors.wire import Answer, NotAdmitted

TIMEOUT = timedelta(seconds=10)
PATIENCE = timedelta(seconds=20)
TRIES = 5
FIRST = 0.2  # seconds before the second retry, then twice as long each; the first has no wait
ACTIONS, NOTICES = "/v1/actions", "/v1/notices"
Read = TypeVar("Read")


class HttpExecutor:
    """Asks the service at `url`; safe for several threads, which share its open connections.

    `timeout` is for each wait on the network. What failed is sent again under the same key, up to
    five times, as long as all pauses together stay within `patience`. `clock` dates signatures, so
    it is the service's time, whatever else is simulated. Raises ConfigurationError.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        *,
        clock: Callable[[], datetime],
        timeout: timedelta = TIMEOUT,
        patience: timedelta = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._place = place_of(url)
        self._secret = checked(secret)
        self._clock = clock
        self._patience = patience.total_seconds()
        self._sleep = sleep
        self._connections = Connections(self._place, timeout)

    def apply(self, order: Order) -> Receipt:
        """Do it, once per key."""
        body = wire.order_body(order)

        def read(answer: Answer) -> Receipt:
            return wire.receipt_of(answer, order.key, ("applied", "already"))

        return self._ask("POST", ACTIONS, read, body=body, key=order.key)

    def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
        """Give back what the application `of` replaced."""
        check_key(of)
        check_value("prior", prior)
        body = wire.restore_body(order, of, prior)

        def read(answer: Answer) -> Receipt:
            return wire.receipt_of(answer, order.key, ("restored", "changed_since"))

        return self._ask("POST", f"{ACTIONS}/{of}/restore", read, body=body, key=order.key)

    def find(self, key: str) -> Receipt | None:
        """What was done under a key."""
        check_key(key)
        try:
            return self._ask(
                "GET",
                f"{ACTIONS}/{key}",
                lambda answer: wire.receipt_of(answer, key, wire.OUTCOMES),
                key=key,
            )
        except Refused as error:
            if error.code == wire.UNKNOWN_KEY:
                return None
            raise

    def tell(self, notice: Notice) -> None:
        """Pass a notice on to the user."""
        body = wire.notice_body(notice)
        self._ask("POST", NOTICES, lambda _: None, body=body, key=notice.id)

    def close(self) -> None:
        """Close idle connections. It may be used again."""
        self._connections.close()

    def _ask(
        self, method: str, path: str, read: Callable[[Answer], Read], *, key: str, body: bytes = b""
    ) -> Read:
        """Send until there is an answer that can be read, or patience ends."""
        waited, unclear = 0.0, False
        for attempt in range(1, TRIES + 1):
            try:
                return read(wire.checked(self._once(method, path, body, key)))
            except (Unclear, Unreachable, Slow, NotAdmitted) as error:
                unclear = unclear or isinstance(error, Unclear)
                pause = _pause(error, key, attempt)
                waited += pause
                if isinstance(error, NotAdmitted) or attempt == TRIES or waited > self._patience:
                    raise self._last(error, unclear=unclear) from error
            self._sleep(pause)
        raise AssertionError("The last try either returns or raises.")

    def _once(self, method: str, path: str, body: bytes, key: str) -> Answer:
        full = self._place.prefix + path
        headers = signed(self._secret, method, full, body, now=self._clock())
        headers["Idempotency-Key"] = key
        if body:
            headers["Content-Type"] = "application/json"
        return self._connections.exchange(method, full, body, headers)

    def _last(self, error: ExecutorError, *, unclear: bool) -> ExecutorError:
        """What is raised at the end. A later no takes nothing back of an earlier unclear try."""
        if unclear and not isinstance(error, Unclear):
            return Unclear(
                f"An earlier try may have been carried out, and the last met this: {error} "
                "Ask what became of it."
            )
        return error


def _pause(error: ExecutorError, key: str, attempt: int) -> float:
    """Seconds to wait; by the key between half and all, so that orders come apart."""
    if isinstance(error, Slow):
        return error.retry_after.total_seconds()
    if attempt == 1:
        return 0.0
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return FIRST * 2.0 ** (attempt - 2) * (0.5 + share / 2)
