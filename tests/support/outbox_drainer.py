"""A process that drains an outbox.

`python -m tests.support.outbox_drainer URL FOLDER AHEAD [hang]`: a message is a line in a file of
the folder, named by its id. The clock is so many seconds ahead. With `hang` it prints `sent` after
the first message, and never records it.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.ledger.database import connect
from orchestration.outbox.drain import drain
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Result, Sent
from orchestration.outbox.settings import Settings
from orchestration.outbox.work import Work


def main(url: str, folder: Path, ahead: float, *, hangs: bool) -> None:
    """Drain until nothing waits."""

    def send(work: Work, seen: Progress) -> Result:
        page = folder / work.outbox_id
        if seen.first_try or not page.exists():
            with page.open("a") as lines:
                lines.write("sent\n")
        if hangs:
            print("sent", flush=True)  # noqa: T201 - read by the test
            time.sleep(600)
        return Sent()

    engine = connect(url)
    found = drain(
        engine,
        deliver=send,
        clock=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        limit=10_000,
        deadline=timedelta(seconds=120),
        worker="test",
        settings=Settings(burst=1000),
    )
    print(found.sent)  # noqa: T201 - read by the test
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), hangs="hang" in sys.argv)
