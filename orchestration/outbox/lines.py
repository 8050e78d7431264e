"""What could be sent to one receiver now, in order: threads keep theirs, what waits is merged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from orchestration.ledger.outbox import DIGEST, NOTICE, Row
from orchestration.outbox.work import S0, Work, alone, order, together


def queue(rows: Iterable[Row], now: datetime) -> list[Work]:
    """Messages for one receiver, the first first: S0, then by lane, then by age."""
    threads: dict[str, list[Row]] = defaultdict(list)
    digests: list[Row] = []
    works: list[Work] = []
    for row in sorted(rows, key=order):
        if row.thread is not None:
            threads[row.thread].append(row)
        elif not (row.is_due(now) and row.is_free(now)):
            continue
        elif row.kind == DIGEST and _untold(row):
            digests.append(row)
        else:
            works.append(alone(row))
    if digests:
        works.append(together(digests))
    for line in threads.values():
        works += _of_thread(line, now)
    return sorted(works, key=place)


def place(work: Work) -> tuple[int, int, str]:
    """Order among messages."""
    return (work.lane, work.seq, work.outbox_id)


def _of_thread(line: list[Row], now: datetime) -> list[Work]:
    """Messages of a thread. None while somebody sends one: both might begin the thread."""
    if not all(row.is_free(now) for row in line):
        return []
    urgent = [alone(row) for row in line if row.lane == S0 and row.is_due(now)]
    return urgent + _hurried(list(_in_line(line, now)))


def _in_line(line: list[Row], now: datetime) -> Iterator[Work]:
    """All but S0, oldest first, up to one that was tried and waits to be tried again."""
    run: list[Row] = []
    for row in line:
        if row.lane == S0:
            continue
        if row.kind == NOTICE and _untold(row):
            run.append(row)
            continue
        if not row.is_due(now) and row.untried:
            continue  # asked for later than what comes after it
        yield from _merged(run, now)
        run = []
        if not row.is_due(now):
            return
        yield alone(row)
    yield from _merged(run, now)


def _merged(run: list[Row], now: datetime) -> Iterator[Work]:
    """The newest that is due, with all before it, also those asked for later."""
    due = [at for at, row in enumerate(run) if row.is_due(now)]
    if due:
        yield together(run[: due[-1] + 1])


def _hurried(works: list[Work]) -> list[Work]:
    """What stands before something urgent in a thread is as urgent."""
    lane = max((work.lane for work in works), default=0)
    found = []
    for work in reversed(works):
        lane = min(lane, work.lane)
        found.append(replace(work, lane=lane))
    return found[::-1]


def _untold(row: Row) -> bool:
    """Whether another may tell it."""
    return row.untried and row.lane != S0
