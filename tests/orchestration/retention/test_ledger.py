from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update

from orchestration.ledger.audit import append, entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.leases import Outcome
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.tables import (
    alert_findings,
    escalations,
    intake,
    metadata,
    outbox,
    problems,
    threads,
    told,
)
from orchestration.ledger.verify import verify
from orchestration.retention.ledger import AT_ONCE, prune_ledger
from orchestration.settings import Keep
from tests.support.ledgers import NOON, act, alert, count, opened

KEEP = Keep()
DAY = timedelta(days=1)
NOW = NOON + 500 * DAY
DONE: Outcome = "sent"


def test_what_is_past_its_time_goes_and_the_rest_stays(ledger: Engine) -> None:
    fill(ledger)
    found = prune_ledger(ledger, KEEP, now=NOW)
    assert found == {
        "outbox": 1,
        "threads": 1,
        "escalations": 1,
        "problems": 1,
        "alert_findings": 1,
        "intake": 1,
    }
    with reading(ledger) as connection:
        assert ids(connection, "outbox") == {"fresh", "waiting"}
        assert ids(connection, "threads") == {"fresh", "open", "told"}
        assert ids(connection, "escalations") == {"fresh"}
        assert ids(connection, "problems") == {"fresh", "lasting"}
        assert ids(connection, "alert_findings") == {"fresh"}
        assert ids(connection, "intake") == {"fresh"}
        assert ids(connection, "told") == {"group"}
        assert ids(connection, "alerts") == {"a1"}


def test_a_dry_run_counts_and_writes_nothing(ledger: Engine) -> None:
    fill(ledger)
    with reading(ledger) as connection:
        before = {name: count(connection, name) for name in metadata.tables}
    found = prune_ledger(ledger, KEEP, now=NOW, dry_run=True)
    assert found == {
        "outbox": 1,
        "threads": 1,
        "problems": 1,
        "alert_findings": 1,
        "intake": 1,
    }
    with reading(ledger) as connection:
        assert {name: count(connection, name) for name in metadata.tables} == before


def test_the_audit_says_how_many_went_and_stays_sound(ledger: Engine) -> None:
    fill(ledger)
    with reading(ledger) as connection:
        before = list(entries(connection))
    prune_ledger(ledger, KEEP, now=NOW)
    with reading(ledger) as connection:
        after = list(entries(connection))
        assert verify(connection, seals=[]).wrong == ""
    assert after[: len(before)] == before
    said = [(row.actor, row.verb, row.object, row.reason) for row in after[len(before) :]]
    assert said[0] == (
        "system:retention",
        "prune",
        "table:outbox",
        "1 rows past their time",
    )
    assert len(said) == 6


def test_pruning_twice_deletes_and_says_nothing(ledger: Engine) -> None:
    fill(ledger)
    prune_ledger(ledger, KEEP, now=NOW)
    with reading(ledger) as connection:
        before = count(connection, "audit")
    assert prune_ledger(ledger, KEEP, now=NOW) == {}
    with reading(ledger) as connection:
        assert count(connection, "audit") == before


def test_more_rows_than_one_transaction_takes_all_go(ledger: Engine) -> None:
    with writing(ledger) as connection:
        seq = append(connection, act=act(), verb="test", object_id="many")
        rows = [taken(f"m{n}", NOON, seq) for n in range(AT_ONCE + 5)]
        connection.execute(insert(intake), rows)
    assert prune_ledger(ledger, KEEP, now=NOW) == {"intake": AT_ONCE + 5}


def ids(connection: Any, table: str) -> set[str]:  # noqa: ANN401 - a connection
    first = next(iter(metadata.tables[table].columns))
    return set(connection.execute(select(first)).scalars())


def fill(ledger: Engine) -> None:
    """Of each table a row that is past its time, and rows that stay for each reason there is."""
    old, fresh = NOW - 91 * DAY, NOW - 89 * DAY
    with writing(ledger) as connection:
        opened(connection, alert("a1"))
        seq = append(connection, act=act(), verb="test", object_id="rows")
        names = ("old", "fresh", "waiting")
        intents = [Intent(name, "notice", "C0ABUSE", {"n": 1}, NOON) for name in names]
        enqueue(connection, intents=intents, audit_seq=seq, now=NOON)
        for name, at in (("old", old), ("fresh", fresh)):
            same = update(outbox).where(outbox.c.outbox_id == name)
            connection.execute(same.values(done_at=at, outcome=DONE))
        closing = {"old": old, "fresh": fresh, "told": old, "open": None}
        connection.execute(insert(threads), [thread(name, at) for name, at in closing.items()])
        connection.execute(insert(told), last_told("told"))
        connection.execute(insert(escalations), [ladder("old"), ladder("fresh")])
        gone = {"old": old, "fresh": fresh, "lasting": None}
        connection.execute(insert(problems), [problem(name, at) for name, at in gone.items()])
        ends = {"old": NOW - 401 * DAY, "fresh": NOW - 399 * DAY}
        connection.execute(insert(intake), [taken(name, at, seq) for name, at in ends.items()])
        found = [finding(name, at, seq) for name, at in ends.items()]
        connection.execute(insert(alert_findings), found)


def thread(name: str, closed_at: datetime | None) -> dict[str, Any]:
    return {
        "thread_id": name,
        "group_key": "group",
        "receiver": "C0ABUSE",
        "route": "all",
        "labels": [],
        "opened_at": NOON,
        "closed_at": closed_at,
        "revision": 1,
    }


def last_told(thread_id: str) -> dict[str, Any]:
    return {
        "group_key": "group",
        "receiver": "C0ABUSE",
        "route": "all",
        "labels": [],
        "at": NOON,
        "reason": "first",
        "state_hash": "h",
        "marks": {},
        "number": 0,
        "thread_id": thread_id,
    }


def ladder(thread_id: str) -> dict[str, Any]:
    return {"thread_id": thread_id, "ladder": "l", "opened_at": NOON, "pointer": 0}


def problem(name: str, gone_at: datetime | None) -> dict[str, Any]:
    return {
        "problem_id": name,
        "kind": "late",
        "object": "o",
        "first_seen": NOON,
        "last_seen": NOON,
        "gone_at": gone_at,
        "page": False,
    }


def taken(monitor: str, end: datetime, seq: int) -> dict[str, Any]:
    return {
        "monitor": monitor,
        "partition": end - timedelta(hours=1),
        "partition_end": end,
        "version": 1,
        "as_of": end,
        "status": "complete",
        "intent": "live",
        "digest": "d",
        "findings": 1,
        "at": end,
        "audit_seq": seq,
    }


def finding(name: str, end: datetime, seq: int) -> dict[str, Any]:
    return {
        "finding_id": name,
        "revision": 1,
        "alert_id": "a1",
        "monitor": "web/scraping",
        "partition": end - timedelta(hours=1),
        "partition_end": end,
        "entity": "ip_7f3a09c2e1d4",
        "window_start": end - timedelta(hours=1),
        "window_end": end,
        "kind": "new",
        "digest": "d",
        "at": end,
        "audit_seq": seq,
    }
