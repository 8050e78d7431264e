"""A process that executes: `python -m tests.support.enforcer LEDGER HOME SERVICE MINUTES [hang N]`.

Its clock stands so many minutes after noon. It reconciles, executes and undoes, and prints how
many rows it applied and restored. With `hang N` it prints `sent` once N calls have acted, and never
ends.
"""

import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from orchestration.executors.protocol import Executor, Order, Receipt
from orchestration.ledger.database import connect
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.reference_service.services import Client, Clock
from tests.support.executing import Floor
from tests.support.ledgers import NOON


class Hanging:
    """The real executor, which hangs after so many calls have acted, before anybody hears."""

    def __init__(self, behind: Executor, after: int) -> None:
        self.behind, self.left = behind, after
        self.lock = threading.Lock()

    def apply(self, order: Order) -> Receipt:
        """Act, and perhaps never come back."""
        return self._hung(self.behind.apply(order))

    def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
        """Undo, and perhaps never come back."""
        return self._hung(self.behind.restore(order, of=of, prior=prior))

    def find(self, key: str) -> Receipt | None:
        """Look."""
        return self.behind.find(key)

    def _hung(self, receipt: Receipt) -> Receipt:
        with self.lock:
            self.left -= 1
            hangs = self.left <= 0
        if self.left == 0:
            print("sent", flush=True)  # noqa: T201 - read by the test
        if hangs:
            time.sleep(600)
        return receipt


def main(url: str, home: Path, service: str, minutes: float, *, hangs_after: int) -> None:
    """Execute until nothing is due."""
    engine, clock = connect(url), Clock(NOON + timedelta(minutes=minutes))
    floor = Floor(engine, Client(service, clock), clock, Pseudonyms(home))
    if hangs_after:
        floor.executors["http"] = Hanging(floor.executor, hangs_after)
    found = floor.reconcile().applied
    applied = found + floor.run().applied
    print(applied, floor.undo().restored)  # noqa: T201 - read by the test
    floor.client.close()
    engine.dispose()


if __name__ == "__main__":
    hangs = int(sys.argv[6]) if "hang" in sys.argv else 0
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]), hangs_after=hangs)
