from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.ledger.database import reading
from orchestration.ledger.verify import verify
from tests.support.enforcement import DRY, HOUR, LIVE, Room, prompt, terms_of, waiting
from tests.support.ledgers import NOON, count


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def test_a_decision_becomes_one_approved_row_where_nobody_else_is_asked(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    row = room.of("amy")
    assert (row.state, row.standing, row.mode, row.needs) == ("approved", True, "live", 0)
    assert (row.decision_id, row.alert_id, row.monitor, row.version) == (
        "d1",
        "a-amy",
        "chat/mass_messages",
        1,
    )
    assert (row.approved_at, row.expires_at) == (room.now, room.now + timedelta(hours=24))
    batch = room.batch(batch_id)
    assert (batch["source"], batch["mode"], batch["size"]) == ("decisions", "live", 1)
    assert (batch["breach"], batch["admitted_at"]) == (None, None)
    with reading(room.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_a_decision_is_planned_once(room: Room) -> None:
    room.decide("d1", "amy")
    assert len(room.plan()) == 1
    assert room.plan() == []
    assert len(room.rows()) == 1


def test_dry_run_ends_there_and_holds_nothing(room: Room) -> None:
    room.terms = prompt(DRY)
    room.decide("d1", "amy")
    room.decide("d2", "amy", action="suspend_account")
    room.plan()
    assert room.states() == {
        "a-amy suspend_24h": ("blocked", "already"),
        "a-amy suspend_account": ("dry_run", None),
    }
    assert not any(row.standing for row in room.rows().values())


def test_what_is_not_violating_or_has_no_action_is_taken_up_and_comes_to_nothing(
    room: Room,
) -> None:
    room.decide("d1", "amy", outcome="benign", action=None)
    room.decide("d2", "ben", action=None)
    assert room.plan() == []
    with reading(room.engine) as connection:
        assert (count(connection, "enforcements"), count(connection, "batches")) == (0, 0)
    assert room.plan() == []


@pytest.mark.parametrize("name", ["all", "product:chat", "monitor:chat/mass_messages"])
def test_a_kill_switch_blocks(room: Room, name: str) -> None:
    room.throw(name)
    room.decide("d1", "amy")
    room.plan()
    assert room.states() == {"a-amy suspend_24h": ("blocked", "kill_switch")}
    assert not room.of("amy").standing


def test_the_switch_of_another_product_does_not_block(room: Room) -> None:
    room.throw("product:web")
    room.decide("d1", "amy")
    room.plan()
    assert room.of("amy").state == "approved"


def test_what_a_lifted_switch_had_blocked_is_planned_again_within_its_time(room: Room) -> None:
    room.throw("all")
    room.decide("d1", "amy")
    room.plan()
    assert room.unblock() == []
    room.throw("all", on=False)
    room.now += timedelta(hours=23)
    (batch_id,) = room.unblock()
    row = room.of("amy")
    assert (row.state, row.code, row.batch_id) == ("approved", None, batch_id)
    assert room.batch(batch_id)["source"] == "unblocked"
    assert room.unblock() == []


def test_what_a_switch_had_blocked_for_too_long_stays_blocked(room: Room) -> None:
    room.throw("all")
    room.decide("d1", "amy")
    room.plan()
    room.throw("all", on=False)
    room.now += timedelta(hours=24)
    assert room.unblock() == []


def test_one_target_and_class_is_held_by_one_row_that_of_the_longest(room: Room) -> None:
    room.decide("d1", "amy")
    room.decide("d2", "amy/2", action="suspend_account")
    room.plan()
    assert room.states() == {
        "a-amy suspend_24h": ("blocked", "already"),
        "a-amy/2 suspend_account": ("awaiting_approval", None),
    }


def test_irreversible_actions_go_before_others_and_ask_two_people(room: Room) -> None:
    room.decide("d1", "amy")
    room.decide("d2", "amy", action="terminate_account", policy_id="fraud_scams")
    room.plan()
    assert room.states() == {
        "a-amy suspend_24h": ("blocked", "already"),
        "a-amy terminate_account": ("awaiting_approval", None),
    }
    assert {row.needs for row in room.rows().values()} == {0, 2}


@pytest.mark.parametrize(
    ("policy_id", "severity", "needs"),
    [
        ("child_safety", Severity.S0, 2),  # on the ground of law
        ("child_safety", Severity.S1, 1),
        ("sexual_content", Severity.S0, 1),  # on the ground of terms
        ("gone", Severity.S0, 2),  # nobody can say that it is not of law
    ],
)
def test_s0_on_the_ground_of_law_asks_two_people(
    room: Room, policy_id: str, severity: Severity, needs: int
) -> None:
    room.decide("d1", "amy", action="suspend_account", policy_id=policy_id, severity=severity)
    room.plan()
    assert (room.of("amy").state, room.of("amy").needs) == ("awaiting_approval", needs)


@pytest.mark.parametrize("action", ["review", "page_owner", "no_such_action"])
def test_what_is_asked_of_people_or_unknown_is_not_executable(room: Room, action: str) -> None:
    room.decide("d1", "amy", action=action)
    room.plan()
    assert room.states() == {f"a-amy {action}": ("blocked", "not_executable")}


def test_an_action_for_another_type_of_target_is_not_executable(room: Room) -> None:
    room.decide("d1", "amy", action="block_address")
    room.plan()
    assert room.states() == {"a-amy block_address": ("blocked", "not_executable")}


def test_a_retracted_alert_blocks(room: Room) -> None:
    room.decide("d1", "amy")
    room.retracted("a-amy")
    room.plan()
    assert room.states() == {"a-amy suspend_24h": ("blocked", "retracted")}


def test_a_delay_is_the_same_whenever_it_is_asked_for(room: Room) -> None:
    room.terms = waiting(LIVE)
    room.decide("d1", "amy")
    room.plan()
    row = room.of("amy")
    wait = row.not_before - room.now
    key = room.targets.delay_key
    assert HOUR <= wait <= 2 * HOUR
    action = room.terms.enforcement.actions["suspend_24h"]
    assert action.delay is not None
    assert action.delay.of(row.enforcement_id, key) == wait
    assert row.expires_at == row.not_before + timedelta(hours=24)


def test_a_reversed_slot_goes_to_the_decision_on_another_alert(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.decide("d2", "amy/2")
    room.plan()
    assert room.states()["a-amy/2 suspend_24h"] == ("blocked", "already")
    assert room.unblock() == []
    room.reverse("amy")
    room.unblock()
    assert room.states()["a-amy/2 suspend_24h"] == ("approved", None)


def test_what_was_undone_for_an_alert_does_not_come_back_for_it(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.decide("d2", "amy")
    room.plan()
    room.reverse("amy")
    assert room.unblock() == []


def test_an_alert_decided_anew_after_a_reversal_is_sent_under_another_key(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.reverse("amy")
    room.decide("d2", "amy")
    room.plan()
    first, second = sorted(room.rows().values(), key=lambda row: row.state, reverse=True)
    assert (first.state, second.state) == ("reversed", "approved")
    assert first.idempotency_key != second.idempotency_key


def test_one_alert_is_acted_on_once_in_a_class_however_often_it_is_decided(room: Room) -> None:
    room.decide("d1", "amy", action="warn")
    room.decide("d2", "amy", action="notify_owner")
    room.plan()
    states = sorted(room.states().values(), key=str)
    assert states == [("approved", None), ("blocked", "already")]


def test_a_one_off_holds_nothing(room: Room) -> None:
    room.decide("d1", "amy", action="warn")
    room.plan()
    assert (room.of("amy").state, room.of("amy").standing) == ("approved", False)


def test_a_later_decision_ends_what_is_pending_of_the_one_it_supersedes(room: Room) -> None:
    room.decide("d1", "amy", "ben")
    room.plan()
    room.apply("ben")
    room.decide("d2", "amy", "ben", outcome="benign", action=None, supersedes="d1")
    room.plan()
    assert room.states()["a-amy suspend_24h"] == ("blocked", "superseded")
    assert (room.of("ben").state, room.of("ben").flag) == ("applied", "superseded")


def test_a_decision_that_is_superseded_before_it_is_planned_is_never_carried_out(
    room: Room,
) -> None:
    room.decide("d1", "amy")
    room.decide("d2", "amy", outcome="benign", action=None, supersedes="d1")
    assert room.plan() == []
    assert room.rows() == {}


def test_a_breach_blocks_every_row_and_none_is_admitted(room: Room) -> None:
    room.terms = prompt(terms_of(per_run=2))
    room.decide("d1", "amy", "ben", "cat")
    (batch_id,) = room.plan()
    assert set(room.states().values()) == {("blocked", "cap:per_run")}
    batch = room.batch(batch_id)
    assert (batch["breach"], batch["breached_at"]) == ("per_run", room.now)
    assert not any(row.standing or row.admitted_at for row in room.rows().values())


def test_a_breach_in_dry_run_is_shown_and_stops_nothing(room: Room) -> None:
    room.terms = prompt(terms_of("dry_run", per_run=2))
    room.decide("d1", "amy", "ben", "cat")
    (batch_id,) = room.plan()
    assert {state for state, _ in room.states().values()} == {"dry_run"}
    batch = room.batch(batch_id)
    assert batch["breach"] is None
    assert [one["cap"] for one in batch["preview"]["breaches"]] == ["per_run"]


def test_products_are_planned_apart(room: Room) -> None:
    room.alert("a-bob", "bob", product="web", monitor="web/scraping")
    room.decide("d1", "amy", "bob")
    assert len(room.plan()) == 2
    assert {row.product for row in room.rows().values()} == {"chat", "web"}
    assert len({row.batch_id for row in room.rows().values()}) == 2


def test_what_a_machine_decided_fully_passes_the_gates_of_what_acts_by_itself(
    room: Room,
) -> None:
    room.decide("d1", "amy", action="restrict_messaging", automated_decision="fully")
    room.plan()
    assert room.states() == {"a-amy restrict_messaging": ("blocked", "stale_precision")}


def test_times_are_of_the_call(room: Room) -> None:
    room.now = NOON + timedelta(days=3)
    room.decide("d1", "amy")
    room.plan()
    row = room.of("amy")
    assert (row.planned_at, row.not_before) == (room.now, room.now)


def test_a_decision_on_several_alerts_of_one_account_is_carried_out_once(room: Room) -> None:
    room.decide("d1", "amy", "amy/2", "amy/3")
    room.plan()
    room.apply("amy")
    room.now += timedelta(hours=25)
    room.move("amy", "applied", standing=False)  # it has lapsed
    assert room.unblock() == []
    assert sorted(room.states().values(), key=str) == [
        ("applied", None),
        ("blocked", "once"),
        ("blocked", "once"),
    ]


def test_who_was_given_back_their_account_does_not_lose_it_to_the_same_decision(room: Room) -> None:
    room.decide("d1", "amy", "amy/2")
    room.plan()
    room.apply("amy")
    room.reverse("amy")
    assert room.unblock() == []
    assert sorted(code or "" for _, code in room.states().values()) == ["", "once"]


def test_another_decision_that_an_alert_is_benign_ends_what_is_pending_for_it(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.decide("d2", "amy", outcome="benign", action=None)
    room.plan()
    assert room.states() == {"a-amy suspend_24h": ("blocked", "decided")}


def test_another_decision_that_an_alert_is_benign_flags_what_was_done_for_it(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.decide("d2", "amy", outcome="insufficient", action=None)
    room.plan()
    assert (room.of("amy").state, room.of("amy").flag) == ("applied", "decided")
