from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Mode, Severity
from orchestration.enforcement.protections import protect
from orchestration.enforcement.reverse import (
    OfMonitor,
    preview_reversal,
    reverse_monitor,
    reverse_one,
)
from orchestration.ledger.database import reading, writing
from orchestration.oncall.roles import Role
from tests.support.enforcement import (
    ANA,
    DAY,
    LIVE,
    MONITOR,
    Room,
    changed_action,
    eager,
    somebody,
)
from tests.support.ledgers import act, changed

ROW = "a-amy restrict_messaging"
STALE = ("blocked", "stale_precision")


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=eager(LIVE))


def judged(room: Room, right: int = 14, wrong: int = 0, **more: int) -> None:
    """An alert about amy, and labels of drawn units of its monitor's version."""
    room.measure(right, wrong, **more)
    room.alert("a-amy", "amy")


def test_what_passes_every_gate_is_approved_with_what_it_relied_on(room: Room) -> None:
    judged(room)
    room.plan_auto()
    row = room.of("amy")
    assert (row.state, row.automated, row.decision_id, row.needs) == ("approved", "fully", None, 0)
    assert row.lower == pytest.approx(0.8074, abs=0.00005)  # 0.05 ** (1 / 14)
    assert (row.n, row.version, row.standing) == (14, 1, True)
    assert room.plan_auto() == []


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.REVIEW, Mode.DRAFT])
def test_only_a_monitor_in_auto_acts_by_itself(room: Room, mode: Mode) -> None:
    judged(room)
    assert room.plan_auto(mode) == []
    assert room.rows() == {}


def test_too_low_a_bound_blocks(room: Room) -> None:
    judged(room, 14, 1)
    room.plan_auto()
    assert room.states() == {ROW: STALE}


def test_too_few_labels_block(room: Room) -> None:
    action = room.terms.enforcement.actions["restrict_messaging"]
    assert action.gate is not None
    gate = replace(action.gate, min_n=15)
    room.terms = changed_action(room.terms, "restrict_messaging", gate=gate)
    judged(room)
    room.plan_auto()
    assert room.states() == {ROW: STALE}


def test_labels_that_are_too_old_block(room: Room) -> None:
    action = room.terms.enforcement.actions["restrict_messaging"]
    assert action.gate is not None
    gate = replace(action.gate, max_label_age=timedelta(days=2))
    room.terms = changed_action(room.terms, "restrict_messaging", gate=gate)
    judged(room, days=2)  # and it is a day later
    room.plan_auto()
    assert room.states() == {ROW: STALE}


def test_without_labels_it_is_blocked_once_and_not_each_tick(room: Room) -> None:
    room.alert("a-amy", "amy")
    assert len(room.plan_auto()) == 1
    assert room.states() == {ROW: STALE}
    assert room.plan_auto() == []
    assert len(room.rows()) == 1


def test_labels_of_another_version_say_nothing(room: Room) -> None:
    room.measure(14, version=1)
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], version=2)
    room.alert("a-amy", "amy", version=2)
    room.plan_auto()
    assert room.states() == {ROW: STALE}


def test_an_alert_of_an_older_version_is_blocked(room: Room) -> None:
    judged(room)
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], version=2)
    room.plan_auto()
    assert room.states() == {ROW: STALE}


def test_a_new_version_voids_what_is_pending(room: Room) -> None:
    judged(room)
    room.plan_auto()
    assert room.of("amy").state == "approved"
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], version=2)
    room.plan_auto()
    assert room.states() == {ROW: STALE}
    assert not room.of("amy").standing


def test_a_monitor_that_left_auto_voids_what_is_pending(room: Room) -> None:
    judged(room)
    room.plan_auto()
    room.plan_auto(Mode.REVIEW)
    assert room.states() == {ROW: STALE}


def test_drift_or_a_failed_golden_set_block(room: Room) -> None:
    room.unfit = "drift"
    judged(room)
    room.plan_auto()
    assert room.states() == {ROW: STALE}


@pytest.mark.parametrize("severity", [Severity.S0, Severity.S1])
def test_s0_and_s1_are_never_left_to_a_machine(room: Room, severity: Severity) -> None:
    room.measure(14)
    room.alert("a-amy", "amy", severity=severity, worst=severity)
    room.plan_auto()
    assert room.states() == {ROW: ("blocked", "not_automatic")}


def test_an_alert_whose_severity_a_person_lowered_is_as_grave_as_it_was(room: Room) -> None:
    room.measure(14)
    room.alert("a-amy", "amy", severity=Severity.S2, worst=Severity.S1)
    room.plan_auto()
    assert room.states() == {ROW: ("blocked", "not_automatic")}


@pytest.mark.parametrize("action", ["suspend_account", "terminate_account"])
def test_what_is_never_automatic_is_blocked(room: Room, action: str) -> None:
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], action=action)
    judged(room)
    room.plan_auto()
    assert room.states() == {f"a-amy {action}": ("blocked", "not_automatic")}


def test_what_is_asked_of_people_is_left_to_the_case(room: Room) -> None:
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], action="review")
    judged(room)
    assert room.plan_auto() == []


def test_a_protected_entity_is_left_to_people(room: Room) -> None:
    protect(
        room.engine,
        who=ANA,
        entity_type="account_id",
        entity=room.name("amy"),
        tag="government",
        reason="an office",
        rules=room.terms.enforcement,
        now=room.now,
    )
    judged(room)
    room.plan_auto()
    assert room.states() == {ROW: ("blocked", "protected")}


def test_a_kill_switch_blocks(room: Room) -> None:
    room.throw("all")
    judged(room)
    room.plan_auto()
    assert room.states() == {ROW: ("blocked", "kill_switch")}


def test_an_alert_that_people_have_decided_is_theirs(room: Room) -> None:
    room.measure(14)
    room.decide("d1", "amy", outcome="benign", action=None)
    assert room.plan_auto() == []


@pytest.mark.parametrize("parts", [{"shadow": True}, {"retracted": 1}])
def test_shadow_and_retracted_alerts_are_left_alone(room: Room, parts: dict[str, int]) -> None:
    judged(room)
    with writing(room.engine) as connection:
        changed(connection, act(3), "a-amy", **parts)
    assert room.plan_auto() == []


def test_a_measurement_that_grew_old_voids_what_is_pending(room: Room) -> None:
    judged(room)
    room.plan_auto()
    room.now += 30 * DAY
    room.plan_auto()
    assert room.states() == {ROW: STALE}


@pytest.mark.parametrize(
    ("outcome", "action"), [("benign", None), ("insufficient", None), ("violating", "warn")]
)
def test_people_who_say_otherwise_end_what_a_machine_has_pending(
    room: Room, outcome: str, action: str | None
) -> None:
    judged(room)
    room.plan_auto()
    room.decide("d1", "amy", outcome=outcome, action=action)
    room.plan()
    assert room.states()[ROW] == ("blocked", "decided")


def test_people_who_say_the_same_leave_what_a_machine_has_pending(room: Room) -> None:
    judged(room)
    room.plan_auto()
    room.decide("d1", "amy", action="restrict_messaging")
    room.plan()
    assert sorted(row.state for row in room.rows().values()) == ["approved", "blocked"]


@pytest.mark.parametrize(
    ("outcome", "action", "flag"),
    [("benign", None, "decided"), ("violating", "warn", "decided"), ("violating", None, None)],
)
def test_people_who_say_otherwise_of_what_a_machine_did_have_it_flagged(
    room: Room, outcome: str, action: str | None, flag: str | None
) -> None:
    judged(room)
    room.plan_auto()
    room.apply("amy")
    room.decide("d1", "amy", outcome=outcome, action=action)
    room.plan()
    (row,) = [one for one in room.rows().values() if one.decision_id is None]
    assert (row.state, row.flag) == ("applied", flag)


def test_what_people_gave_back_no_new_version_of_the_monitor_takes_again(room: Room) -> None:
    judged(room)
    room.plan_auto()
    room.apply("amy")
    reverse_one(
        room.engine,
        who=somebody("lea", Role.LEAD),
        enforcement_id=room.of("amy").enforcement_id,
        reason="it was wrong",
        now=room.now,
    )
    room.reverse("amy")
    room.monitors[MONITOR] = replace(room.monitors[MONITOR], version=2)
    room.measure(14, version=2)
    with writing(room.engine) as connection:
        changed(connection, act(4), "a-amy", version=2)
    assert room.plan_auto() == []
    assert room.of("amy").state == "reversed"


def test_what_never_goes_on_is_no_part_of_what_a_monitors_reversal_touches(room: Room) -> None:
    judged(room, 14, 1)
    room.plan_auto()
    which = OfMonitor(MONITOR, room.now - DAY)
    with reading(room.engine) as connection:
        rules = room.terms.enforcement
        assert preview_reversal(connection, which, rules=rules, now=room.now).size == 0
    lead = somebody("lea", Role.LEAD)
    asked = reverse_monitor(room.engine, who=lead, which=which, reason="wrong", now=room.now)
    assert asked.size == 0
    assert room.states() == {ROW: STALE}
