from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.seals import seal_of, seals_in, write_seal
from orchestration.ledger.tables import intake
from orchestration.selfwatch.faults import Fault
from orchestration.selfwatch.of_ledger import of_ledger, of_settings
from tests.support.ledgers import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def faults(
    ledger: Engine, home: Path, after: timedelta, *, made_after: timedelta | None = None
) -> list[Fault]:
    """What is wrong so long after noon, when the ledger was made."""
    made_at = None if made_after is None else NOON + made_after
    with reading(ledger) as connection:
        return of_ledger(connection, home=home, made_at=made_at, now=NOON + after)


def taken(ledger: Engine, after: timedelta) -> None:
    row = {
        "monitor": "web/scraping",
        "partition": NOON,
        "partition_end": NOON + HOUR,
        "version": 1,
        "as_of": NOON,
        "status": "complete",
        "intent": "live",
        "digest": "d",
        "findings": 0,
        "at": NOON + after,
        "audit_seq": 1,
    }
    with writing(ledger) as connection:
        connection.execute(insert(intake), row)


def test_a_new_ledger_has_no_fault(ledger: Engine, tmp_path: Path) -> None:
    assert faults(ledger, tmp_path, HOUR) == []


@pytest.mark.parametrize(
    ("minutes", "found"),
    [(5, []), (6, [Fault("outbox", "outbox", page=True)])],
)
def test_what_waits_for_more_than_five_minutes_is_a_fault_that_pages(
    ledger: Engine, tmp_path: Path, minutes: int, found: list[Fault]
) -> None:
    row = Intent("o1", "notice", "C0ABUSE", {"n": 1}, NOON)
    with writing(ledger) as connection:
        enqueue(connection, intents=[row], audit_seq=1, now=NOON)

    assert faults(ledger, tmp_path, minutes * MINUTE) == found


def test_what_is_to_be_told_later_does_not_wait(ledger: Engine, tmp_path: Path) -> None:
    row = Intent("o1", "digest", "C0ABUSE", {"n": 1}, NOON + DAY)
    with writing(ledger) as connection:
        enqueue(connection, intents=[row], audit_seq=1, now=NOON)

    assert faults(ledger, tmp_path, HOUR) == []


def test_nothing_taken_in_for_two_hours_while_evaluations_go_on_pages(
    ledger: Engine, tmp_path: Path
) -> None:
    taken(ledger, HOUR)
    stuck = [Fault("intake", "intake", page=True)]

    assert faults(ledger, tmp_path, 3 * HOUR, made_after=2 * HOUR) == []
    assert faults(ledger, tmp_path, 4 * HOUR, made_after=2 * HOUR) == stuck


def test_nothing_taken_in_ever_counts_from_the_ledgers_first_row(
    ledger: Engine, tmp_path: Path
) -> None:
    stuck = [Fault("intake", "intake", page=True)]
    assert faults(ledger, tmp_path, 3 * HOUR, made_after=HOUR) == stuck


def test_where_nothing_is_evaluated_nothing_has_to_be_taken_in(
    ledger: Engine, tmp_path: Path
) -> None:
    taken(ledger, HOUR)

    assert faults(ledger, tmp_path, 30 * HOUR, made_after=HOUR) == []
    assert faults(ledger, tmp_path, 30 * HOUR) == []


def test_a_ledger_without_a_seal_of_two_days_is_a_fault(ledger: Engine, tmp_path: Path) -> None:
    unsealed = [Fault("seal", "ledger")]

    assert faults(ledger, tmp_path, 2 * DAY) == []
    assert faults(ledger, tmp_path, 2 * DAY + MINUTE) == unsealed
    with reading(ledger) as connection:
        write_seal(seals_in(tmp_path), seal=seal_of(connection, now=NOON + 2 * DAY))
    assert faults(ledger, tmp_path, 4 * DAY) == []
    assert faults(ledger, tmp_path, 4 * DAY + MINUTE) == unsealed


def test_seals_that_cannot_be_read_are_a_fault(ledger: Engine, tmp_path: Path) -> None:
    seals_in(tmp_path).parent.mkdir()
    seals_in(tmp_path).write_text("{", encoding="utf-8")

    assert faults(ledger, tmp_path, HOUR) == [Fault("seal", "unreadable")]


def test_each_settings_file_that_is_wrong_is_a_fault() -> None:
    assert of_settings({"rota": "rota.yaml:3: it is wrong."}) == [Fault("settings", "rota")]
