from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from orchestration.appeals.codes import Outcome
from orchestration.appeals.errors import AppealError
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import labels_on
from orchestration.ledger.tables import grants
from orchestration.measurement.quality import quality
from orchestration.oncall.errors import PeopleError
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.appeals.houses import (
    APPROVER,
    PEOPLE,
    REVIEWER,
    START,
    House,
    house,
)
from tests.support.enforcement import ANA, BEN, MONITOR
from tests.support.ledgers import person

OVERTURNED, UPHELD, PARTIAL = Outcome.OVERTURNED, Outcome.UPHELD, Outcome.PARTIAL


def test_overturned_is_one_reversal_one_label_no_strike_and_a_queued_notice(house: House) -> None:
    (suspended,) = house.done("u1")
    assert house.floor.value("u1") == "suspended"
    decided = house.decided(suspended)
    assert (decided.code, decided.labels, decided.by_people) == ("overturned", 1, False)

    (reversal,) = house.table("reversals")
    assert (reversal["kind"], reversal["appeal_id"]) == ("appeal", decided.appeal.appeal_id)
    assert (reversal["asked_by"], reversal["size"]) == ("sam", 1)
    assert house.floor.row(suspended).reversal_id == reversal["reversal_id"]
    assert decided.appeal.reversal_id == reversal["reversal_id"]

    (label,) = house.table("labels")
    assert (label["unit_id"], label["value"], label["source"]) == ("a-u1", False, "appeal")
    assert (label["rater"], label["monitor"], label["monitor_version"]) == ("sam", MONITOR, 1)
    assert (label["inclusion_prob"], label["stratum"]) == (None, None)

    (strike,) = house.table("strikes")
    assert strike["removed_at"] == START
    assert house.notices("appeal") == [("appeal", "queued")]
    assert house.appeal(decided.appeal.appeal_id) == decided.appeal
    assert house.is_sound()

    assert house.floor.undo().restored == 1
    assert house.floor.value("u1") == "active"
    assert house.floor.row(suspended).state == "reversed"
    assert len(house.table("reversals")) == len(house.table("labels")) == 1
    assert house.table("strikes")[0]["removed_at"] == START
    assert house.notices() == [("applied", "queued"), ("appeal", "queued"), ("restored", "queued")]
    assert house.is_sound()


def test_all_of_it_works_with_every_kill_switch_on(house: House) -> None:
    (suspended,) = house.done("u1")
    for name in ("all", "product:chat", f"monitor:{MONITOR}"):
        house.room.throw(name)
    decided = house.decided(suspended)
    assert house.floor.undo().restored == 1
    assert house.floor.value("u1") == "active"
    assert house.send().sent == 3
    assert house.appeal(decided.appeal.appeal_id).state == "notified"


def test_the_label_never_counts_as_a_drawn_one(house: House) -> None:
    house.room.measure(20)
    (suspended,) = house.done("u1")
    house.decided(suspended)
    with reading(house.engine) as connection:
        found = quality(connection, MONITOR, 1, house.now)
        assert [label.source for label in labels_on(connection, ["a-u1"])] == ["appeal"]
    assert (found.n, found.k) == (20, 20)


def test_upheld_leaves_all_as_it_is_and_tells_of_redress(house: House) -> None:
    (suspended,) = house.done("u1")
    decided = house.decided(suspended, UPHELD)
    assert (decided.code, decided.labels, decided.appeal.reversal_id) == ("upheld", 0, None)
    assert (decided.appeal.outcome, decided.appeal.rationale) == ("upheld", "violation_confirmed")
    assert house.table("reversals") == house.table("labels") == []
    assert house.table("strikes")[0]["removed_at"] is None
    assert house.notices("appeal") == [("appeal", "queued")]
    assert house.floor.undo().restored == 0


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        (UPHELD, {"rationale": "no_violation"}, "rationale for upheld"),
        (OVERTURNED, {"rationale": "because I say so"}, "rationale for overturned"),
        (OVERTURNED, {"action": "warn"}, "Leave it out"),
    ],
)
def test_what_contradicts_itself_is_refused(
    house: House, outcome: Outcome, more: dict[str, str], said: str
) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.claim(appeal_id)
    with pytest.raises(AppealError, match=said):
        house.decide(appeal_id, outcome, **more)


def test_nobody_decides_what_they_had_a_part_in_since(house: House) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.claim(appeal_id)
    given = {"grant_id": "g-sam", "object": f"enforcement:{suspended}", "person": "sam"}
    with writing(house.engine) as connection:
        seq = append(
            connection, act=person(24 * 60, who="sam"), verb="approve", object_id="grant:g-sam"
        )
        row = {**given, "verdict": "approve", "at": START, "audit_seq": seq}
        connection.execute(insert(grants), row)
    with pytest.raises(AppealError, match="leave the appeal to somebody else"):
        house.decide(appeal_id)
    with pytest.raises(PeopleError):
        house.decide(appeal_id, who=PEOPLE[-1])
    for who in (REVIEWER, APPROVER):
        with pytest.raises(AppealError):
            house.decide(appeal_id, who=who)


@pytest.mark.parametrize("outcome", [UPHELD, OVERTURNED])
@pytest.mark.parametrize("carried_out", [True, False])
def test_what_was_reversed_meanwhile_is_moot(
    house: House, outcome: Outcome, *, carried_out: bool
) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.appealed(suspended)
    house.claim(appeal_id)
    asked = house.floor.reverse(suspended)
    if carried_out:
        house.floor.undo()
    decided = house.decide(appeal_id, outcome)
    assert (decided.code, decided.appeal.outcome) == ("moot", "moot")
    assert (decided.appeal.state, decided.appeal.reversal_id) == ("overturned", asked.reversal_id)
    assert len(house.table("reversals")) == 1
    assert house.table("strikes")[0]["removed_at"] is not None
    assert len(house.table("labels")) == (outcome is OVERTURNED)
    house.floor.undo()
    assert house.floor.value("u1") == "active"
    assert house.send().sent == 3
    assert house.appeal(appeal_id).state == "notified"
    assert house.is_sound()


def test_a_warning_is_taken_back_by_its_strike_and_a_notice(house: House) -> None:
    (warned,) = house.done("u1", action="warn")
    house.decided(warned)
    assert house.table("strikes")[0]["removed_at"] == START
    assert house.floor.undo().ended == 1
    assert house.notices() == [("applied", "queued"), ("appeal", "queued"), ("retracted", "queued")]


def test_what_no_machine_can_undo_is_flagged_for_people(house: House) -> None:
    house.account("u1")
    house.room.decide("d-u1", "u1", action="terminate_account", policy_id="fraud_scams")
    house.room.plan()
    (row,) = house.room.rows().values()
    house.room.approve(ANA, row.enforcement_id)
    house.room.approve(BEN, row.enforcement_id)
    assert house.floor.run().applied == 1
    assert house.decided(row.enforcement_id).by_people
    assert house.floor.undo().kept == 1
    assert house.floor.row(row.enforcement_id).flag == "restore:irreversible"
    (notice,) = [one for one in house.table("notices") if one["kind"] == "appeal"]
    assert notice["fields"]["by_people"] is True


def test_an_appeal_that_lost_its_answer_at_the_service_is_restored_all_the_same(
    ledger: Engine, tmp_path: Path
) -> None:
    with house(
        ledger, tmp_path / "service", faults=Faults([Rule("error_after", ["restore"], tries=5)])
    ) as it:
        (suspended,) = it.done("u1")
        it.decided(suspended)
        assert it.floor.undo().unclear == 1
        it.forward(minutes=20)
        assert it.floor.undo().restored == 1
        assert it.floor.value("u1") == "active"
        assert [kind for kind, _ in it.floor.client.effects()] == ["applied", "restored"]
