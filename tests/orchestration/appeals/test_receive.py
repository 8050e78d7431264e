import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.appeals.codes import Code
from orchestration.appeals.errors import AppealError
from orchestration.appeals.receive import Received
from orchestration.appeals.waiting import settle_waiting
from orchestration.oncall.errors import PeopleError
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.appeals.houses import PEOPLE, SAM, House, house
from tests.support.executing import DRY

CANARY = "I was hacked, ask john@example.org"


def test_an_appeal_is_queued_with_the_clock_of_queues_yaml(house: House) -> None:
    (suspended,) = house.done("u1")
    found = house.receive(suspended)
    assert (found.code, found.repeated) == ("accepted", False)
    assert found.appeal is not None
    assert (found.appeal.state, found.appeal.enforcement_id) == ("queued", suspended)
    # 40 hours of work from Tuesday noon, eight a day in Dublin.
    assert found.appeal.due_at == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert found.appeal.sla["policy"] == "appeals"
    assert found.appeal.sla["hours"]["zone"] == "Europe/Dublin"
    assert found.appeal.sla["started"] == "2026-03-03T12:00:00+00:00"
    assert house.is_sound()


def test_the_same_reference_twice_is_the_same_appeal(house: House) -> None:
    (suspended,) = house.done("u1")
    first = house.receive(suspended)
    house.forward(hours=3)
    again = house.receive(suspended)
    assert again == Received(first.appeal, Code.ACCEPTED, repeated=True)
    assert len(house.table("appeals")) == 1


def test_a_reference_that_stands_for_another_enforcement_is_said_to(house: House) -> None:
    one, other = house.done("u1", "u2")
    house.appealed(one)
    found = house.receive(other)
    assert (found.code, found.repeated) == ("reference_reused", False)
    assert house.receive(other, "S-2").code == "accepted"


def test_another_products_reference_is_another_appeal(house: House) -> None:
    (suspended,) = house.done("u1")
    assert house.receive(suspended, product="api").code == "unknown_enforcement"
    assert house.receive(suspended).code == "accepted"


def test_an_unknown_enforcement_is_kept_in_the_audit_once_and_may_be_mended(house: House) -> None:
    (suspended,) = house.done("u1")
    for _ in range(2):
        assert house.receive("e-none") == Received(None, Code.UNKNOWN_ENFORCEMENT)
    kept = [row for row in house.table("audit") if row["object"].startswith("appeal_request:")]
    assert [(row["verb"], row["actor"]) for row in kept] == [("refuse", "system:appeals")]
    assert house.receive(suspended).code == "accepted"


def test_one_in_dry_run_is_invalid(house: House) -> None:
    house.room.terms = DRY
    (simulated,) = house.planned("u1")
    found = house.receive(simulated)
    assert found.appeal is not None
    assert (found.code, found.appeal.state, found.appeal.rationale) == (
        "dry_run",
        "invalid",
        "dry_run",
    )
    assert house.receive(simulated) == Received(found.appeal, Code.DRY_RUN, repeated=True)


def test_one_that_was_not_carried_out_is_invalid(house: House) -> None:
    (approved,) = house.planned("u1")
    assert house.receive(approved).code == "not_applied"


def test_one_that_is_reversed_or_being_so_is_invalid(house: House) -> None:
    one, other = house.done("u1", "u2")
    house.floor.reverse(one)
    house.floor.undo()
    house.floor.reverse(other)
    assert house.receive(one).code == "already_reversed"
    found = house.receive(other, "S-2")
    assert found.appeal is not None
    assert (found.code, found.appeal.state) == ("already_reversed", "invalid")


def test_one_that_could_not_be_restored_may_be_appealed(house: House) -> None:
    (suspended,) = house.done("u1")
    house.floor.by_hand("u1", "limited")
    house.floor.reverse(suspended)
    assert house.floor.undo().kept == 1
    assert house.receive(suspended).code == "accepted"


@pytest.mark.parametrize(("days", "code"), [(184, "accepted"), (185, "too_late")])
def test_the_last_day_is_the_one_that_notices_name(house: House, days: int, code: str) -> None:
    (suspended,) = house.done("u1")
    house.forward(days=days, hours=11)
    assert house.receive(suspended).code == code


def test_one_that_is_open_under_another_reference_is_named(house: House) -> None:
    (suspended,) = house.done("u1")
    first = house.receive(suspended)
    assert house.receive(suspended, "S-2") == Received(first.appeal, Code.ALREADY_OPEN)
    assert len(house.table("appeals")) == 1


def test_a_target_means_the_newest_that_can_be_undone(house: House) -> None:
    (warned,) = house.done("u1", action="warn")
    house.forward(hours=1)
    (suspended,) = house.done("u1", decision_id="d2", action="suspend_account")
    about = ("account_id", house.room.name("u1"))
    found = house.receive(about)
    assert found.appeal is not None
    assert found.appeal.enforcement_id == suspended
    assert house.receive(about).repeated
    house.floor.reverse(suspended)
    again = house.receive(about, "S-2")
    assert again.appeal is not None
    assert again.appeal.enforcement_id == warned
    assert house.receive(("account_id", "account_000000000000"), "S-3").appeal is None


@pytest.mark.parametrize(
    "wrong",
    [{"reference": CANARY}, {"reason": CANARY}, {"product": CANARY}, {"reason": ""}],
    ids="-".join,
)
def test_what_somebody_wrote_is_refused_and_not_repeated(
    house: House, wrong: dict[str, str]
) -> None:
    with pytest.raises(AppealError, match="codes and ids only") as refused:
        house.receive("e-1", **{"reference": "S-1", **wrong})
    assert "john" not in str(refused.value)


def test_a_person_needs_the_role_and_is_named_in_the_audit(house: House) -> None:
    (suspended,) = house.done("u1")
    with pytest.raises(PeopleError):
        house.receive(suspended, by=PEOPLE[-1])
    house.receive(suspended, by=SAM)
    mine = [row for row in house.table("audit") if row["verb"] == "receive"]
    assert [row["on_behalf_of"] for row in mine] == ["sam"]


def test_one_whose_outcome_is_unknown_waits_and_is_queued_once_it_was_done(
    ledger: Engine, tmp_path: Path
) -> None:
    lost = Faults([Rule("error_after", ["apply"], tries=5)])
    with house(ledger, tmp_path / "service", faults=lost) as it:
        (suspended,) = it.done("u1")
        assert it.floor.row(suspended).state == "unknown"
        found = it.receive(suspended)
        assert found.appeal is not None
        assert (found.code, found.appeal.state) == ("waits", "received")
        assert settle_waiting(it.engine, it.now) == 0
        it.forward(minutes=30)
        it.floor.reconcile()
        assert it.floor.row(suspended).state == "applied"
        taken = it.next()
        assert taken is not None
        assert taken.appeal_id == found.appeal.appeal_id
        assert taken.due_at == found.appeal.due_at


def test_one_that_was_not_done_after_all_is_invalid_and_its_user_told(
    ledger: Engine, tmp_path: Path
) -> None:
    gone = Faults([Rule("error_before", ["apply"], tries=5)])
    with house(ledger, tmp_path / "service", faults=gone) as it:
        (suspended,) = it.done("u1")
        found = it.receive(suspended)
        assert found.code == "waits"
        it.floor.reverse(suspended)
        it.forward(minutes=30)
        it.floor.undo()
        assert it.floor.row(suspended).state == "blocked"
        assert settle_waiting(it.engine, it.now) == 1
        assert found.appeal is not None
        ended = it.appeal(found.appeal.appeal_id)
        assert (ended.state, ended.rationale) == ("invalid", "already_reversed")
        assert it.notices("appeal") == [("appeal", "queued")]
        assert it.send().sent == 1
        assert it.appeal(ended.appeal_id).state == "invalid"


def test_two_posts_of_one_reference_at_once_are_one_appeal(house: House) -> None:
    (suspended,) = house.done("u1")
    barrier, found = threading.Barrier(4), []

    def post() -> None:
        barrier.wait()
        found.append(house.receive(suspended))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.repeated for one in found) == [False, True, True, True]
    assert len(set(map(_id, found))) == 1
    assert len(house.table("appeals")) == 1


def _id(found: Received) -> str:
    assert found.appeal is not None
    return found.appeal.appeal_id


def test_two_products_posts_of_one_reference_at_once_are_an_appeal_each(house: House) -> None:
    house.room.alert("a-u9", "u9", product="api")
    (mine,), (theirs,) = house.done("u1"), house.done("u9")
    barrier, found = threading.Barrier(2), {}

    def post(product: str, enforcement_id: str) -> None:
        barrier.wait()
        found[product] = house.receive(enforcement_id, product=product)

    threads = [
        threading.Thread(target=post, args=each) for each in (("chat", mine), ("api", theirs))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {product: (one.code, one.repeated) for product, one in found.items()} == {
        "chat": ("accepted", False),
        "api": ("accepted", False),
    }
    rows = {row["product"]: row["enforcement_id"] for row in house.table("appeals")}
    assert rows == {"chat": mine, "api": theirs}
