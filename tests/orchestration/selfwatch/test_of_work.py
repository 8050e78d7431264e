from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, update

from monitors.contract import Severity
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import batches, enforcements, notices
from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.of_work import of_work
from tests.orchestration.alerts.builders import at
from tests.support.cases import Office
from tests.support.executing import Floor, floor
from tests.support.ledgers import NOON, act

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def ground(ledger: Engine, tmp_path: Path) -> Iterator[Floor]:
    with floor(ledger, tmp_path / "floor") as found:
        yield found


def change(ground: Floor, **values: object) -> None:
    with writing(ground.engine) as connection:
        connection.execute(update(enforcements).values(**values))


def found(engine: Engine, now: object = NOON) -> list[Fault]:
    with reading(engine) as connection:
        return of_work(connection, now=now)  # type: ignore[arg-type]


def test_where_nothing_is_to_be_done_nothing_is_wrong(ledger: Engine) -> None:
    assert found(ledger) == []


def test_a_batch_that_a_cap_stopped_pages_until_it_is_resumed_or_given_up(ground: Floor) -> None:
    ground.plan("a", "b", batch_id="batch-of-two")
    with writing(ground.engine) as connection:
        connection.execute(update(batches).values(breach="per_day", breached_at=NOON))
    assert found(ground.engine) == []  # nothing of it waits for people

    change(ground, state="blocked", code="cap:per_day", standing=False)
    assert found(ground.engine) == [Fault("cap", "batch batch-of-two", page=True)]

    with writing(ground.engine) as connection:
        connection.execute(update(batches).values(resumed_at=NOON))
    assert found(ground.engine) == []


def test_an_order_nobody_knows_of_is_told_after_a_quarter_of_an_hour(ground: Floor) -> None:
    ground.plan("a")
    change(ground, state="unknown", executing_at=NOON)

    assert found(ground.engine, NOON + 15 * MINUTE) == []
    assert found(ground.engine, NOON + 16 * MINUTE) == [Fault("unknown", "enforcement")]


def test_a_worker_that_never_came_back_counts_as_unknown(ground: Floor) -> None:
    ground.plan("a")
    change(ground, state="executing", executing_at=NOON, leased_until=NOON + 20 * MINUTE)

    assert found(ground.engine, NOON + 19 * MINUTE) == []
    assert found(ground.engine, NOON + 20 * MINUTE) == [Fault("unknown", "enforcement")]


@pytest.mark.parametrize(
    ("state", "after", "wrong"),
    [("queued", HOUR, False), ("queued", 61 * MINUTE, True), ("failed", MINUTE, True),
     ("sent", 9 * HOUR, False)],
)  # fmt: skip
def test_users_who_are_not_told_are_a_fault(
    ledger: Engine, state: str, after: timedelta, *, wrong: bool
) -> None:
    with writing(ledger) as connection:
        seq = append(connection, act=act(), verb="queue", object_id="notice:n-1")
        row = {"notice_id": "n-1", "audit_seq": seq, "kind": "applied", "enforcement_id": "e-1"}
        row |= {"product": "chat", "target_type": "account_id", "target": "account_1"}
        row |= {"fields": {}, "state": state, "queued_at": NOON, "attempts": 1}
        connection.execute(insert(notices).values(**row))

    assert found(ledger, NOON + after) == ([Fault("notices", "notices")] if wrong else [])


def test_a_grave_case_that_is_late_pages_and_another_does_not(ledger: Engine) -> None:
    office = Office(ledger)
    office.found(0, "account_aaaaaaaaaaaa", severity=Severity.S1)
    office.open(2)
    (case,) = office.cases()
    assert case.first_action_due == at(3)  # S1 has an hour

    assert found(ledger, at(3) - MINUTE) == []
    assert found(ledger, at(3)) == [Fault("sla", case.case_id, page=True)]
    office.reviewed(case, 3)
    assert found(ledger, at(3)) == []
    assert found(ledger, at(15)) == [Fault("sla", case.case_id, page=True)]


def test_a_case_of_s2_is_in_the_asset_and_pages_nobody(ledger: Engine) -> None:
    office = Office(ledger)
    office.found(0, "account_aaaaaaaaaaaa")
    office.open(2)

    assert found(ledger, at(500)) == []
