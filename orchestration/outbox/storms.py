"""A queue too long to be read becomes one message that counts it."""

from collections import Counter
from datetime import datetime, timedelta

from orchestration.ledger.channels import Channel
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.outbox import NOTICE, Row
from orchestration.outbox.buckets import tokens_at
from orchestration.outbox.lines import place
from orchestration.outbox.settings import Settings
from orchestration.outbox.work import S0, Work, order

STORM = "storm"
BACKLOG = "backlog"  # the reason of a storm that nobody but the queue made
NAMED = 20  # threads and groups that it names


def collapsed(works: list[Work], channel: Channel, now: datetime, settings: Settings) -> list[Work]:
    """The queue of one receiver with its late notices as one message, if they are many."""
    tokens = tokens_at(channel, now, settings)
    late = [
        work
        for number, work in enumerate(works, start=1)
        if _may(work) and _waits(work, number - tokens, now, settings) > settings.late
    ]
    if len(late) <= settings.storm:
        return works
    gone = {work.outbox_id for work in late}
    rest = [work for work in works if work.outbox_id not in gone]
    return sorted([*rest, _storm(late)], key=place)


def _may(work: Work) -> bool:
    row = work.head
    return row.kind == NOTICE and row.untried and row.lane != S0


def _waits(work: Work, before: float, now: datetime, settings: Settings) -> timedelta:
    """How long it will have waited when it is sent after so many others."""
    return now - work.since + timedelta(seconds=max(0.0, before / settings.rate))


def _storm(late: list[Work]) -> Work:
    rows = sorted((row for work in late for row in work.every), key=order)
    counts = Counter[int]()
    for row in rows:
        counts[row.lane] += 1 + int(row.progress.get("rows", 0))
    since = min(row.since for row in rows)
    head = Row(
        outbox_id=digest_parts(STORM, *(row.outbox_id for row in rows)),
        seq=rows[0].seq,
        kind=STORM,
        receiver=rows[0].receiver,
        lane=min(work.lane for work in late),
        payload={
            "reason": BACKLOG,
            "severity": min(counts),
            "n": counts.total(),
            **{f"n_s{lane}": number for lane, number in sorted(counts.items())},
            "threads": _named(rows, "thread"),
            "groups": _named(rows, "group"),
        },
        created_at=since,
        not_before=since,
    )
    return Work((head,), head.lane, absorbed=tuple(rows), outcome="collapsed", new=True)


def _named(rows: list[Row], name: str) -> list[str]:
    worst_first = sorted(rows, key=lambda row: (row.lane, *order(row)))
    return list(dict.fromkeys(row.payload[name] for row in worst_first if name in row.payload))[
        :NAMED
    ]
