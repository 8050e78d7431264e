from datetime import UTC, datetime, timedelta

import pytest

from monitors.canary import Rows, events_of
from monitors.contract import Monitor
from monitors.errors import MonitorError
from monitors.registry import contract_of, registry
from monitors.trial import canary_fires

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LOGINS = contract_of("logins")


def test_writes_rows_from_the_start_of_the_partition_on() -> None:
    rows = Rows(
        "logins",
        n=3,
        at=timedelta(minutes=5),
        every=timedelta(minutes=1),
        values={"account_id": "canary-{i}", "ip": "192.0.2.1", "succeeded": False},
    )
    found = events_of((rows,), LOGINS, product="accounts", start=START)
    assert found.select("event_id", "occurred_at", "product", "account_id", "succeeded").rows() == [
        ("canary-0-0", START + timedelta(minutes=5), "accounts", "canary-0", False),
        ("canary-0-1", START + timedelta(minutes=6), "accounts", "canary-1", False),
        ("canary-0-2", START + timedelta(minutes=7), "accounts", "canary-2", False),
    ]
    assert found["received_at"].equals(found["occurred_at"])
    assert found["country"].null_count() == 3
    assert dict(found.schema) == dict(LOGINS.schema)


def test_writes_history_before_the_partition() -> None:
    rows = Rows("logins", n=1, at=timedelta(days=-2), values={"succeeded": True})
    found = events_of((rows,), LOGINS, product="accounts", start=START)
    assert found["occurred_at"].to_list() == [START - timedelta(days=2)]


def test_leaves_rows_of_other_contracts_out_and_keeps_ids_apart() -> None:
    other = Rows("prompts", n=9, values={"text": "hello"})
    one, two = Rows("logins", n=1), Rows("logins", n=1)
    found = events_of((one, other, two), LOGINS, product="accounts", start=START)
    assert found["event_id"].to_list() == ["canary-0-0", "canary-2-0"]


def test_restricted_text_can_be_written() -> None:
    rows = Rows("prompts", n=1, values={"text": "hello"})
    found = events_of((rows,), contract_of("prompts"), product="chat", start=START)
    assert found["text"].to_list() == ["hello"]


def test_refuses_a_column_that_the_contract_does_not_have() -> None:
    rows = Rows("logins", n=1, values={"succeded": True})
    with pytest.raises(MonitorError, match=r"fills \['succeded'\], and 'logins' has no such"):
        events_of((rows,), LOGINS, product="accounts", start=START)


def test_a_monitor_that_finds_nothing_fails_its_canary() -> None:
    alive = registry().get("accounts/credential_stuffing")
    fields = {name: getattr(alive, name) for name in alive.__dataclass_fields__}
    dead = Monitor(**(fields | {"threshold": 19.0}))
    assert canary_fires(alive, START)
    assert not canary_fires(dead, START)
