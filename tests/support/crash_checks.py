"""What must be so after any crashes: every finding accounted for, everything told exactly once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from orchestration.alerts.records import Reason
from orchestration.intake.manifests import Names, pending
from orchestration.lake import Lake
from orchestration.ledger.database import connect, reading
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import metadata
from orchestration.ledger.verify import verify
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings
from orchestration.slack.api import outbox_id_of
from tests.support.crash_homes import CHANNELS, START

Row = Mapping[str, Any]
Messages = Mapping[str, Sequence[Mapping[str, Any]]]
EVER = START - timedelta(days=60)
FOUND = ("new", "duplicate")
TOLD_BY_ANOTHER = ("merged", "collapsed")


@dataclass(frozen=True)
class Ledger:
    """Every row of the tables that matter."""

    alerts: Sequence[Row]
    alert_findings: Sequence[Row]
    intake: Sequence[Row]
    outbox: Sequence[Row]
    threads: Sequence[Row]
    told: Sequence[Row]


def wrongs(settings: Settings, messages: Messages) -> list[str]:
    """Everything that is not as it must be, in words; nothing where all is well."""
    engine = connect(settings.ledger)
    try:
        with reading(engine) as connection:
            found = Ledger(*(_rows(connection, name) for name in Ledger.__dataclass_fields__))
            verdict = verify(connection, seals=[]).wrong
    finally:
        engine.dispose()
    said = [
        *([f"the ledger: {verdict}"] if verdict else []),
        *_findings(found, Lake(settings.lake), Pseudonyms(settings.home).names),
        *_counts(found),
        *_doubled(messages),
        *_parents(found, messages),
        *_queued(found),
        *_untold(found, messages),
    ]
    return [*said, *(f"a channel nobody named: {c}" for c in messages if c not in CHANNELS)]


def _rows(connection: Connection, name: str) -> Sequence[Row]:
    table = metadata.tables[name]
    order = [table.c.audit_seq] if "audit_seq" in table.c else []
    if "revision" in table.c:
        order.append(table.c.revision)
    return [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]


def _findings(found: Ledger, lake: Lake, names: Names) -> Iterator[str]:
    """The ledger's findings are the lake's, of the evaluations that stand there."""
    there = pending(lake, known={}, names=names, oldest=EVER, horizon=EVER)
    if there.unready:
        yield f"{there.unready} manifests do not agree with their findings"
    cursor = {(r["monitor"], r["partition"], r["as_of"], r["digest"]) for r in found.intake}
    wanted = {
        (e.monitor, e.partition, e.as_of, e.digest)
        for e in (one.evaluation for one in there.evaluated)
    }
    if cursor != wanted:
        yield f"{len(wanted - cursor)} evaluations not taken in, {len(cursor - wanted)} not there"
    in_lake = {
        (f.monitor, f.partition, f.finding_id, f.digest)
        for one in there.evaluated
        for f in one.findings
    }
    standing: dict[tuple[object, ...], tuple[object, ...] | None] = {}
    for row in found.alert_findings:
        place = (row["entity"], row["window_start"], row["window_end"], row["subkey"])
        known = (row["monitor"], row["partition"], row["finding_id"], row["digest"])
        standing[*known[:2], *place] = None if row["kind"] == "retracted" else known
    in_ledger = {known for known in standing.values() if known}
    if in_ledger != in_lake:
        lost, made_up = len(in_lake - in_ledger), len(in_ledger - in_lake)
        yield f"{lost} findings of the lake are not in the ledger, {made_up} are there alone"


def _counts(found: Ledger) -> Iterator[str]:
    """Each finding is counted in one alert, once (I28)."""
    kinds: dict[str, Counter[str]] = {row["alert_id"]: Counter() for row in found.alerts}
    for row in found.alert_findings:
        kinds[row["alert_id"]][row["kind"]] += 1
    for row in found.alerts:
        counted = kinds[row["alert_id"]]
        standing = sum(counted[kind] for kind in FOUND)
        if (row["count"], row["retracted"]) != (standing, counted["retracted"]):
            yield f"alert {row['alert_id'][:8]} counts {row['count']} and has {dict(counted)}"


def _doubled(messages: Messages) -> Iterator[str]:
    for channel, kept in messages.items():
        ids = Counter((outbox_id_of(one), one.get("thread_ts")) for one in kept)
        for (name, _), number in ids.items():
            if number > 1 or name is None:
                yield f"{number} messages {str(name)[:8]} in {channel}"


def _parents(found: Ledger, messages: Messages) -> Iterator[str]:
    """Every thread that the ledger places somewhere is there, and replies are in one."""
    for row in found.threads:
        there = [m["ts"] for m in messages[row["receiver"]] if outbox_id_of(m) == row["thread_id"]]
        if there != ([row["ts"]] if row["ts"] else []):
            yield f"thread {row['thread_id'][:8]} is at {row['ts']} and has parents at {there}"
    places = {(row["receiver"], row["ts"]) for row in found.threads}
    for channel, kept in messages.items():
        for one in kept:
            if "thread_ts" in one and (channel, one["thread_ts"]) not in places:
                yield f"a reply in {channel} to what is no thread's parent"


def _queued(found: Ledger) -> Iterator[str]:
    """What receivers are said to know was queued to be told them."""
    ids = {row["outbox_id"] for row in found.outbox}
    for row in found.told:
        parts = (row["group_key"], row["receiver"], row["reason"], row["state_hash"])
        if row["reason"] != Reason.STORM and digest_parts("notice", *parts) not in ids:
            yield f"group {row['group_key'][:8]} was never told of {row['reason']}"


def _untold(found: Ledger, messages: Messages) -> Iterator[str]:
    """Every row of the outbox ended in a message that is there."""
    rows = {row["outbox_id"]: row for row in found.outbox}
    parents = {row["thread_id"]: row["ts"] for row in found.threads}
    for row in found.outbox:
        last = row
        while last["outcome"] in TOLD_BY_ANOTHER:
            last = rows[last["progress"]["into"]]
        if last["outcome"] != "sent":
            yield f"a {row['kind']} came to {last['outcome']} ({last['error']})"
        elif not _is_there(last, parents, messages):
            reason = row["payload"].get("reason", "")
            yield f"a {row['kind']} {reason} {row['outbox_id'][:8]} is nowhere in {row['receiver']}"


def _is_there(row: Row, parents: Mapping[str, str | None], messages: Messages) -> bool:
    progress, thread = row["progress"] or {}, row["payload"].get("thread")
    kept = messages[row["receiver"]]
    at = {(outbox_id_of(one), one.get("thread_ts")): one["ts"] for one in kept}
    if row["kind"] not in ("notice", "act"):
        return "unchanged" in progress or (row["outbox_id"], None) in at
    parent = parents[thread]
    if row["payload"].get("reason") == Reason.FIRST or "began" in progress:
        return at.get((thread, None)) == parent is not None
    return (row["outbox_id"], parent) in at
