"""A process that writes to a ledger: `python -m tests.support.ledger_writer URL NAME COUNT [hang]`.

Each transaction opens an alert, lets it fire and queues an intent. With `hang` the last one prints
`inside` and never ends.
"""

import sys
import time

from orchestration.alerts.records import AlertState
from orchestration.ledger.audit import append
from orchestration.ledger.database import connect, writing
from orchestration.ledger.outbox import enqueue
from orchestration.ledger.schema import make_ledger
from tests.support.ledgers import NOON, act, alert, changed, intent, opened


def main(url: str, name: str, count: int, *, hangs: bool) -> None:
    """Write `count` alerts."""
    engine = connect(url)
    make_ledger(engine, ledger_id=name, act=act())
    for number in range(count):
        key = f"{name}-{number}"
        with writing(engine) as connection:
            opened(connection, alert(key))
            changed(connection, act(), key, state=AlertState.FIRING)
            seq = append(connection, act=act(), verb="settle", object_id="intake")
            enqueue(connection, intents=[intent(key)], audit_seq=seq, now=NOON)
            if hangs and number == count - 1:
                print("inside", flush=True)  # noqa: T201 - read by the test
                time.sleep(600)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), hangs="hang" in sys.argv)
