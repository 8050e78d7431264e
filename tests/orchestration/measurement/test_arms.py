from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, insert

from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.rollouts import rollouts_of
from orchestration.ledger.tables import alert_findings, appeals
from orchestration.measurement.arms import arms
from orchestration.measurement.rollout import of
from tests.support.enforcement import LIVE, MONITOR, Room, eager
from tests.support.ledgers import NOON, act
from tests.support.measuring import relabel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    """A room whose monitor is rolled out to all since noon; amy was found an hour later."""
    room = Room(ledger, tmp_path, terms=eager(LIVE))
    room.roll_out(100)
    room.alert("a-amy", "amy", opened_at=NOON + HOUR)
    return room


def seen(room: Room, now: datetime = NOON + DAY) -> dict[str, tuple[object, ...]]:
    """What is known of each account: arm, violating, appealed, overturned, repeated."""
    with reading(room.engine) as connection:
        rolled = of(rollouts_of(connection, [(MONITOR, 1)])[MONITOR, 1])
        found = arms(connection, rolled, now)
    names = {room.name(account): account for account in ("amy", "bob")}
    rows = found.filter(pl.col("entity").is_in(list(names)))
    return {names[row[0]]: row[1:] for row in rows.iter_rows()}


def appealed(room: Room, account: str, outcome: str | None) -> None:
    """The enforcement on an account is appealed, and decided unless the outcome is None."""
    row: dict[str, object] = {
        "appeal_id": f"appeal-{account}",
        "enforcement_id": room.of(account).enforcement_id,
        "product": "chat",
        "reference": account,
        "reason": "mistake",
        "state": "notified" if outcome else "received",
        "received_at": NOON,
        "sla": {},
        "due_at": NOON + DAY,
        "outcome": outcome,
    }
    with writing(room.engine) as connection:
        connection.execute(insert(appeals), row)


def found_again(room: Room, *hours: float, kind: str = "new", revision: int = 1) -> None:
    """The monitor finds amy in windows that end so many hours after noon."""
    with writing(room.engine) as connection:
        seq = append(connection, act=act(), verb="intake", object_id="intake")
        rows = [
            {
                "finding_id": f"f-{hour}",
                "revision": revision,
                "alert_id": "a-amy",
                "monitor": MONITOR,
                "partition": NOON,
                "partition_end": NOON + HOUR,
                "entity": room.name("amy"),
                "window_start": NOON,
                "window_end": NOON + hour * HOUR,
                "kind": kind,
                "digest": "d",
                "at": NOON,
                "audit_seq": seq,
            }
            for hour in hours
        ]
        connection.execute(insert(alert_findings), rows)


def test_of_whom_nothing_is_known_nothing_is_said(room: Room) -> None:
    assert seen(room) == {"amy": ("candidate", None, None, None, None)}


def test_without_a_roll_out_there_is_nobody(ledger: Engine) -> None:
    with reading(ledger) as connection:
        found = arms(connection, of([]), NOON)
    assert (found.height, found.columns[:2]) == (0, ["entity", "arm"])


def test_the_arm_is_that_of_the_share_when_an_entity_was_first_found(room: Room) -> None:
    with writing(room.engine) as connection:
        rows = rollouts_of(connection, [(MONITOR, 1)])[MONITOR, 1]
    assert rows[0].at == NOON
    room.roll_out(0)  # also at noon, before amy was found
    room.alert("a-amy/2", "amy", opened_at=NOON + 2 * HOUR)
    assert seen(room)["amy"][0] == "control"


def test_what_was_found_before_or_in_shadow_or_by_another_version_is_left_out(room: Room) -> None:
    room.alert("a-bob", "bob", opened_at=NOON - HOUR)
    room.alert("a-bob/2", "bob", opened_at=NOON + HOUR, shadow=True)
    room.alert("a-bob/3", "bob", opened_at=NOON + HOUR, version=2)
    room.alert("a-bob/4", "bob", opened_at=NOON + HOUR, monitor="web/scraping")
    assert set(seen(room)) == {"amy"}


@pytest.mark.parametrize("value", [True, False])
def test_a_drawn_alert_says_whether_it_was_right(room: Room, *, value: bool) -> None:
    with writing(room.engine) as connection:
        relabel(connection, MONITOR, {"a-amy": value}, at=NOON + HOUR)
    assert seen(room)["amy"][1] is value


@pytest.mark.parametrize(
    ("outcome", "overturned"),
    [("overturned", True), ("partial", True), ("upheld", False), (None, False)],
)
def test_what_was_applied_is_appealed_or_not(
    room: Room, outcome: str | None, *, overturned: bool
) -> None:
    room.measure(14)
    room.plan_auto()
    assert seen(room)["amy"][2:4] == (None, None)  # nothing was done yet
    room.apply("amy")
    assert seen(room)["amy"][2:4] == (False, False)
    appealed(room, "amy", outcome)
    assert seen(room)["amy"][2:4] == (True, overturned)


@pytest.mark.parametrize(
    ("hours", "again"), [(25, False), (26, True), (7 * 24 + 1, True), (7 * 24 + 2, False)]
)
def test_found_again_is_from_the_second_day_to_the_seventh(
    room: Room, hours: int, *, again: bool
) -> None:
    found_again(room, hours)
    before_end = NOON + HOUR + 7 * DAY - timedelta(microseconds=1)
    assert seen(room, before_end)["amy"][4] is None
    assert seen(room, NOON + HOUR + 7 * DAY)["amy"][4] is again


def test_what_was_taken_back_was_not_found(room: Room) -> None:
    found_again(room, 48)
    found_again(room, 48, kind="retracted", revision=2)
    assert seen(room, NOON + 9 * DAY)["amy"][4] is False
