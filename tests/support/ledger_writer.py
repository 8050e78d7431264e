"""A process that writes to a ledger: `python -m tests.support.ledger_writer URL NAME COUNT [hang]`.

Each transaction opens an alert, lets it fire and queues an intent. With `hang` the last one prints
`inside` and never ends.
"""

import sys
import time

from orchestration.ledger.alert_changes import open_alert, transition
from orchestration.ledger.database import connect, writing
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.states import AlertState
from tests.support.ledgers import act, alert, intent


def main(url: str, name: str, count: int, *, hangs: bool) -> None:
    """Write `count` alerts."""
    engine = connect(url)
    make_ledger(engine, ledger_id=name, act=act())
    for number in range(count):
        key = f"{name}-{number}"
        with writing(engine) as connection:
            open_alert(connection, alert=alert(key), act=act())
            transition(
                connection, alert_id=key, to=AlertState.FIRING, act=act(), intents=[intent(key)]
            )
            if hangs and number == count - 1:
                print("inside", flush=True)  # noqa: T201 - read by the test
                time.sleep(600)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), hangs="hang" in sys.argv)
