from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from orchestration.ledger.database import writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.outbox import Intent, enqueue, oldest_waiting
from orchestration.ledger.tables import outbox
from tests.support.ledgers import NOON, count, intent

HOUR = timedelta(hours=1)


def test_an_intent_that_is_there_is_left_as_it_is(ledger: Engine) -> None:
    with writing(ledger) as connection:
        assert enqueue(connection, intents=[intent()], audit_seq=1, now=NOON) == 1
        connection.execute(update(outbox).values(attempts=3, done_at=NOON))
        again = [intent(), intent("o2")]
        assert enqueue(connection, intents=again, audit_seq=1, now=NOON + HOUR) == 1
        rows = select(outbox.c.outbox_id, outbox.c.attempts, outbox.c.created_at)
        assert connection.execute(rows.order_by(outbox.c.outbox_id)).all() == [
            ("o1", 3, NOON),
            ("o2", 0, NOON + HOUR),
        ]


def test_the_oldest_that_is_not_done_waits(ledger: Engine) -> None:
    with writing(ledger) as connection:
        assert oldest_waiting(connection) is None
        enqueue(connection, intents=[intent("o1")], audit_seq=1, now=NOON)
        enqueue(connection, intents=[intent("o2")], audit_seq=1, now=NOON + HOUR)
        assert oldest_waiting(connection) == NOON
        connection.execute(update(outbox).where(outbox.c.outbox_id == "o1").values(done_at=NOON))
        assert oldest_waiting(connection) == NOON + HOUR


def test_an_intent_belongs_to_an_act(ledger: Engine) -> None:
    with pytest.raises(IntegrityError), writing(ledger) as connection:
        enqueue(connection, intents=[intent()], audit_seq=99, now=NOON)
    with writing(ledger) as connection:
        assert count(connection, "outbox") == 0


def test_an_intent_says_where_it_goes_and_how_urgent_it_is(ledger: Engine) -> None:
    with writing(ledger) as connection:
        enqueue(connection, intents=[intent()], audit_seq=1, now=NOON)
        row = connection.execute(select(outbox)).mappings().one()
    assert (row["kind"], row["receiver"], row["lane"]) == ("notice", "C0ABUSE", 2)
    assert row["payload"] == {"alert": "a1", "count": 3, "groups": ["g1"]}
    waits = ("leased_by", "leased_until", "progress", "error", "outcome", "done_at")
    assert [row[name] for name in waits] == [None] * 6


@pytest.mark.parametrize("field", ["outbox_id", "kind", "receiver"])
def test_words_of_people_are_refused_as_ids(field: str) -> None:
    with pytest.raises(LedgerError, match=f"{field} is a text of 9 characters that is no id"):
        replace(intent(), **{field: "two words"})


@pytest.mark.parametrize(
    "value", ["what somebody wrote", "who@host", ["a1", "two words"], {"a": "b"}, 1.5, None]
)
def test_a_payload_holds_ids_and_counts_only(value: object) -> None:
    with pytest.raises(LedgerError, match="payload 'field'"):
        Intent("o1", "notice", "C0ABUSE", {"field": value}, NOON)  # type: ignore[dict-item]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(LedgerError, match="not_before is 2026-03-02 12:00:00, without a zone"):
        Intent("o1", "notice", "C0ABUSE", {}, NOON.replace(tzinfo=None))
