"""Requests as they came, and how each was answered, so that a test can tell what was asked."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count, islice
from typing import Any

from orchestration.reference_service.faults import Kind
from orchestration.reference_service.fields import stamp

MOST = 100_000  # requests that are kept, the newest
PAGE = 1000  # requests given at once


@dataclass(slots=True)
class Line:
    """A request: `key` is what it acts, asks or tells under, `of` the application to restore.

    `of` is null for all but restorations, `fault` for what met none, `status` while nothing is
    answered, and for ever where the connection was cut.
    """

    seq: int
    at: str
    on: str
    key: str
    of: str | None
    fault: Kind | None
    status: int | None = None


class Journal:
    """Signed requests that name a key, in their order; kept while the service runs."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=MOST)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def note(
        self, at: datetime, on: str, key: str, *, of: str | None = None, fault: Kind | None = None
    ) -> Line:
        """Note a request before it is carried out; whoever answers it sets the status."""
        with self._lock:
            line = Line(next(self._numbers), stamp(at), on, key, of, fault)
            self._lines.append(line)
        return line

    def after(self, number: int) -> list[dict[str, Any]]:
        """Requests after a number, in order, a thousand at most. Numbers begin at 1."""
        with self._lock:
            first = self._lines[0].seq if self._lines else 0
            start = max(0, number + 1 - first)
            return [asdict(line) for line in islice(self._lines, start, start + PAGE)]
