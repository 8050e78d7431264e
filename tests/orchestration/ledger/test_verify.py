from dataclasses import replace

from sqlalchemy import Engine, delete, update

from orchestration.alerts.records import AlertState
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.seals import Seal, seal_of
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import alerts, approvals, audit, rollouts
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, alert, changed, opened, person
from tests.support.measuring import share_of


def fill(ledger: Engine) -> None:
    with writing(ledger) as connection:
        for name in ("a1", "a2"):
            opened(connection, alert(name))
            changed(connection, act(1), name, state=AlertState.FIRING)
        change_mode(
            connection,
            approval_id="p1",
            monitor="web/scraping",
            version=2,
            declared=ModeState.SHADOW,
            to=ModeState.REVIEW,
            act=person(2),
        )


def test_a_ledger_as_its_acts_made_it_is_sound(ledger: Engine) -> None:
    fill(ledger)
    with reading(ledger) as connection:
        found = verify(connection, seals=[])
    assert (found.ledger_id, found.rows, found.seals, found.wrong) == ("ledger-1", 6, 0, "")


def test_rows_cut_from_the_end_are_noticed_by_a_seal_only(ledger: Engine) -> None:
    with writing(ledger) as connection:
        append(connection, act=act(), verb="look", object_id="alert:a1")
        seal = seal_of(connection, now=NOON)
        connection.execute(delete(audit).where(audit.c.seq == 2))
        assert verify(connection, seals=[]).wrong == ""
        assert verify(connection, seals=[seal]).wrong == (
            "The audit ends with row 1; row 2 was sealed: rows were cut."
        )


def test_a_ledger_put_in_place_of_another_is_noticed(ledger: Engine) -> None:
    other = Seal("ledger-0", 1, "ab12", NOON)
    with reading(ledger) as connection:
        own = seal_of(connection, now=NOON)
        assert "Every seal is of another ledger" in verify(connection, seals=[other]).wrong
        found = verify(connection, seals=[other, own])
    assert (found.wrong, found.seals) == ("", 1)


def test_of_two_seals_of_one_row_the_first_counts(ledger: Engine) -> None:
    with reading(ledger) as connection:
        own = seal_of(connection, now=NOON)
        wrong = verify(connection, seals=[replace(own, hash="ab12"), own]).wrong
    assert wrong.startswith("Row 1 of the audit is not what was sealed")


def test_an_audit_without_a_row_is_wrong(ledger: Engine) -> None:
    with writing(ledger) as connection:
        connection.execute(delete(audit))
        assert verify(connection, seals=[]).wrong.startswith("The audit has no row")


def test_an_alert_edited_past_the_audit_is_named(ledger: Engine) -> None:
    fill(ledger)
    with writing(ledger) as connection:
        edited = update(alerts).where(alerts.c.alert_id == "a2")
        connection.execute(edited.values(count=7, version=3, shadow=True))
        assert verify(connection, seals=[]).wrong == ""
        connection.execute(edited.values(severity=3))
        assert verify(connection, seals=[]).wrong == (
            "Row alert:a2 is not as its last act left it: it was edited."
        )


def test_an_approval_edited_past_the_audit_is_named(ledger: Engine) -> None:
    fill(ledger)
    with writing(ledger) as connection:
        connection.execute(update(approvals).values(mode="auto"))
        assert verify(connection, seals=[]).wrong == (
            "Row monitor:web/scraping:v2 is not as its last act left it: it was edited."
        )


def test_a_roll_out_edited_past_the_audit_is_named(ledger: Engine) -> None:
    for percent in (1, 10):
        share_of(ledger, "web/scraping", percent)
    with writing(ledger) as connection:
        assert verify(connection, seals=[]).wrong == ""
        connection.execute(update(rollouts).values(percent=100))
        assert verify(connection, seals=[]).wrong == (
            "Row rollout:web/scraping:v1 is not as its last act left it: it was edited."
        )


def test_a_long_audit_is_read_in_batches(ledger: Engine) -> None:
    with writing(ledger) as connection:
        for number in range(1100):
            append(connection, act=act(), verb="look", object_id=f"alert:a{number}")
        assert verify(connection, seals=[]).rows == 1101
