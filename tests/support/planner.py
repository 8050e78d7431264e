"""A planner in a process of its own: `python -m tests.support.planner URL HOME`.

It says `ready`, waits for a line, plans what was decided, and prints how many batches it made.
"""

import sys
from pathlib import Path

from orchestration.ledger.database import connect
from tests.support.enforcement import LIVE, Room, prompt


def main(url: str, home: str) -> None:
    """Plan once."""
    engine = connect(url)
    room = Room(engine, Path(home), terms=prompt(LIVE))
    print("ready", flush=True)  # noqa: T201 - read by the test
    sys.stdin.readline()
    print(len(room.plan()), flush=True)  # noqa: T201 - read by the test
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
