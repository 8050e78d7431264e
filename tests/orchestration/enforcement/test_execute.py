import pytest

from orchestration.enforcement.switches import throw
from orchestration.executors.dry_run import Refusing
from orchestration.executors.errors import DryRunError
from orchestration.executors.protocol import Order, Receipt
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import protections
from orchestration.ledger.verify import verify
from tests.support.executing import DRY, LEAD, MONITOR, Floor, hours, terms_of


def test_what_is_approved_is_done_with_its_prior_value_receipt_and_end(floor: Floor) -> None:
    (suspended,) = floor.approve("u1", action="suspend_24h")
    assert floor.run().applied == 1
    row = floor.row(suspended)
    assert (row.state, row.standing, row.prior) == ("applied", True, '"active"')
    assert row.receipt
    assert (row.applied_at, row.ends_at) == (hours(0), hours(24))
    assert (row.leased_by, row.leased_until, row.attempts) == (None, None, 1)
    assert floor.value("u1") == "suspended"
    assert floor.effects() == {("applied", "e-u1-suspend_24h"): 1}
    with reading(floor.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_a_strike_and_a_notice_are_written_with_it(floor: Floor) -> None:
    floor.approve("u1", action="suspend_24h")
    floor.run()
    (strike,) = floor.table("strikes")
    assert (strike["policy_id"], strike["weight"]) == ("spam", 1)
    assert strike["expires_at"] == hours(180 * 24)
    (notice,) = floor.table("notices")
    assert (notice["kind"], notice["state"], notice["queued_at"]) == ("applied", "queued", hours(0))
    fields = notice["fields"]
    assert fields["reference"] == "e-u1-suspend_24h"
    assert (fields["policy"], fields["version"], fields["ground"]) == ("spam", 1, "terms")
    assert (fields["since"], fields["until"]) == (
        "2026-03-02T12:00:00+00:00",
        "2026-03-03T12:00:00+00:00",
    )
    statement = fields["statement"]
    assert statement["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert statement["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert statement["puid"] == "e-u1-suspend_24h"


def test_the_ledger_never_has_the_real_id(floor: Floor) -> None:
    floor.approve("canary-7f3a", enforcement_id="e1", idempotency_key="k1", batch_id="b1")
    floor.run()
    floor.reverse("e1")
    floor.undo()
    for name in ("enforcements", "batches", "strikes", "notices", "reversals", "audit"):
        found = floor.table(name)
        assert found
        assert "canary" not in str(found)


def test_a_warning_occupies_nothing_and_needs_no_statement(floor: Floor) -> None:
    (warned,) = floor.approve("u1", action="warn")
    floor.run()
    assert not floor.row(warned).standing
    assert floor.table("notices")[0]["fields"]["statement"] is None
    assert floor.value("u1", "notice") == "warned"


def test_an_account_that_was_suspended_by_hand_stays_so_and_is_recorded(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.by_hand("u1", "suspended")
    assert floor.run().applied == 1
    assert (floor.row(done).state, floor.row(done).prior) == ("applied", '"suspended"')
    assert floor.effects() == {}


def test_nothing_is_sent_before_its_time(floor: Floor) -> None:
    floor.approve("u1", not_before=hours(1))
    assert floor.run().applied == 0
    floor.clock.forward(hours=1)
    assert floor.run().applied == 1


def test_in_dry_run_nothing_reaches_the_service(floor: Floor) -> None:
    floor.approve("u1", "u2")
    floor.terms = DRY
    assert floor.run().held == 2
    assert floor.effects() == {}
    assert floor.states() == {"approved": 2}


def test_a_dry_run_row_is_never_claimed(floor: Floor) -> None:
    floor.approve("u1")
    floor.terms = DRY
    floor.plan("u2", mode="dry_run", batch_id="b-dry")
    floor.terms = terms_of()
    assert floor.run().applied == 1
    assert floor.effects() == {("applied", "e-u1-suspend_account"): 1}


def test_the_wall_of_dry_run_raises_and_loses_nothing(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    with pytest.raises(DryRunError):
        floor.run(executor=Refusing(floor.executor))
    assert floor.row(done).state == "approved"
    floor.clock.forward(hours=1)
    assert floor.run().applied == 1


@pytest.mark.parametrize("name", ["all", "product:chat", f"monitor:{MONITOR}"])
def test_a_kill_switch_holds_rows_untouched(floor: Floor, name: str) -> None:
    (held,) = floor.approve("u1")
    before = floor.row(held)
    throw(floor.engine, who=LEAD, name=name, on=True, reason="stop", now=hours(0))
    assert floor.run().held == 1
    assert floor.row(held) == before
    throw(floor.engine, who=LEAD, name=name, on=False, reason="go on", now=hours(0))
    assert floor.run().applied == 1


def test_what_another_monitor_found_goes_on(floor: Floor) -> None:
    floor.approve("u1", batch_id="b1")
    floor.approve("u2", batch_id="b2", monitor="chat/pile_on")
    name = f"monitor:{MONITOR}"
    throw(floor.engine, who=LEAD, name=name, on=True, reason="stop", now=hours(0))
    ran = floor.run()
    assert (ran.applied, ran.held) == (1, 1)
    assert floor.effects() == {("applied", "e-u2-suspend_account"): 1}


class Throwing:
    """The real executor; after so many calls somebody throws the kill switch."""

    def __init__(self, floor: Floor, after: int) -> None:
        self.floor, self.left = floor, after

    def apply(self, order: Order) -> Receipt:
        receipt = self.floor.executor.apply(order)
        self.left -= 1
        if self.left == 0:
            now = self.floor.clock()
            throw(self.floor.engine, who=LEAD, name="all", on=True, reason="stop", now=now)
        return receipt


def test_a_switch_thrown_in_mid_batch_stops_the_rest(floor: Floor) -> None:
    floor.approve(*(f"u{n}" for n in range(10)))
    ran = floor.run(executor=Throwing(floor, 3), workers=1)
    assert (ran.applied, ran.put_off, ran.stopped) == (3, 7, "kill_switch")
    assert floor.states() == {"applied": 3, "approved": 7}
    assert floor.effects().total() == 3


def test_what_expired_is_not_done(floor: Floor) -> None:
    (late,) = floor.approve("u1", expires_at=hours(1))
    floor.clock.forward(hours=1)
    assert floor.run().blocked == 1
    row = floor.row(late)
    assert (row.state, row.code, row.standing) == ("expired", "expired", False)
    assert floor.effects() == {}


def test_who_was_protected_since_is_left_alone(floor: Floor) -> None:
    (first,) = floor.approve("u1")
    floor.clock.forward(hours=1)
    row = {"entity_type": "account_id", "entity": floor.row(first).target, "reason": "journalist"}
    with writing(floor.engine) as connection:
        connection.execute(protections.insert().values(**row, by="heron-7", at=hours(1)))
    assert floor.run().blocked == 1
    assert (floor.row(first).state, floor.row(first).code) == ("blocked", "protected")


def test_who_was_protected_when_people_approved_is_acted_on(floor: Floor) -> None:
    floor.clock.forward(hours=1)
    (first,) = floor.approve("u1")
    row = {"entity_type": "account_id", "entity": floor.row(first).target, "reason": "journalist"}
    with writing(floor.engine) as connection:
        connection.execute(protections.insert().values(**row, by="heron-7", at=hours(0)))
    assert floor.run().applied == 1


def test_a_breach_of_a_cap_applies_none_of_the_batch(floor: Floor) -> None:
    floor.approve(*(f"u{n}" for n in range(60)), batch_id="b1")
    floor.terms = terms_of(per_run=59)
    ran = floor.run()
    assert (ran.applied, ran.breached) == (0, ("b1",))
    assert floor.states() == {"blocked": 60}
    assert {row.code for row in floor.rows().values()} == {"cap:per_run"}
    assert floor.effects() == {}


def test_a_policy_that_does_not_allow_it_any_more_stops_it(floor: Floor) -> None:
    (gone,) = floor.approve("u1", policy_id="scraping")
    assert floor.run().blocked == 1
    assert floor.row(gone).code == "policy_changed"
