from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.alerts.errors import AlertError
from orchestration.alerts.records import AlertState, Step
from tests.orchestration.alerts.builders import Desk, at, evaluation, finding


def kinds(result: Step) -> list[str]:
    return [outcome.kind.value for outcome in result.outcomes]


def test_a_partition_run_again_changes_nothing() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    before = desk.state
    result = desk.tick(0, finding(0))
    assert (desk.state, kinds(result), result.intents) == (before, ["again"], ())


def test_an_evaluation_with_a_known_digest_needs_no_findings() -> None:
    desk = Desk()
    desk.step(1.1, evaluation(0, digest="x"), found=(finding(0),))
    desk.step(1.2, evaluation(0, digest="x", as_of=at(1.2)))
    assert (desk.alert().count, desk.alert().retracted) == (1, 0)


def test_what_late_rows_change_is_amended_and_told() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    late = evaluation(0, intent="late", as_of=at(3))
    result = desk.step(3, late, found=(finding(0, digest="more"),))
    assert kinds(result) == ["amended"]
    assert desk.reasons() == ["first", "amended"]


def test_a_score_that_grows_while_its_hour_is_open_is_counted_and_not_told() -> None:
    desk = Desk()
    desk.step(0.5, evaluation(0, as_of=at(0.5)), found=(finding(0),))
    result = desk.step(0.6, evaluation(0, as_of=at(0.6)), found=(finding(0, digest="more"),))
    assert kinds(result) == ["amended"]
    assert desk.reasons() == ["first"]


def test_a_finding_that_is_no_longer_found_is_retracted_and_deletes_nothing() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1, finding(1))
    result = desk.step(3, evaluation(1, intent="late", as_of=at(3)))
    assert kinds(result) == ["retracted"]
    alert = desk.alert()
    assert (alert.state, alert.count, alert.standing) == (AlertState.FIRING, 2, 1)
    assert desk.reasons() == ["first", "retracted"]


def test_an_alert_without_a_standing_finding_is_resolved() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.step(3, evaluation(0, intent="late", as_of=at(3)))
    assert desk.alert().state == AlertState.RESOLVED
    assert desk.reasons() == ["first", "retracted"]


@pytest.mark.parametrize("status", ["stale", "failed"])
def test_only_a_complete_evaluation_retracts(status: str) -> None:
    desk = Desk()
    desk.step(1.1, evaluation(0, status="stale"), found=(finding(0),))
    desk.tick(0, status=status, as_of=at(2))
    assert desk.alert().standing == 1
    desk.tick(0, as_of=at(3))
    assert desk.alert().standing == 0


def test_a_failed_run_does_not_replace_a_complete_one() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    before = desk.state
    desk.tick(0, status="failed", as_of=at(3))
    assert desk.state.taken == before.taken


def test_an_older_run_and_an_older_version_never_replace_a_newer_one() -> None:
    desk = Desk()
    desk.tick(0, finding(0, version=2), version=2)
    before = desk.state
    assert kinds(desk.tick(0, version=1, as_of=at(9))) == []
    old = desk.step(3, evaluation(0, version=2, as_of=at(1)), found=(finding(0, "b", version=2),))
    assert kinds(old) == ["suppressed"]
    assert desk.state.alerts == before.alerts


def test_a_new_version_that_finds_the_same_says_nothing_new() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    result = desk.step(3, evaluation(0, version=2, as_of=at(3)), found=(finding(0, version=2),))
    assert kinds(result) == ["again"]
    assert desk.reasons() == ["first"]


def test_a_replay_of_a_seen_partition_neither_tells_nor_retracts() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    replay = evaluation(0, intent="replay", as_of=at(3))
    result = desk.step(3, replay, found=(finding(0, "b"),))
    assert kinds(result) == ["suppressed"]
    assert (list(desk.state.alerts), desk.alert().standing) == ([desk.alert().key], 1)
    assert desk.reasons() == ["first"]


def test_a_replay_downgrades_nothing_that_a_stale_run_found_live() -> None:
    desk = Desk()
    desk.tick(0, finding(0), status="stale")
    desk.tick(0, intent="replay", as_of=at(3))
    assert desk.alert().standing == 1


def test_a_replay_of_an_unseen_partition_inside_the_horizon_tells() -> None:
    desk = Desk()
    result = desk.step(30, evaluation(0, intent="replay"), found=(finding(0),))
    assert (kinds(result), desk.reasons()) == (["new"], ["first"])


def test_a_crashed_runs_replay_still_tells() -> None:
    desk = Desk()
    desk.tick(0, status="failed")
    desk.step(30, evaluation(0, intent="replay", as_of=at(30)), found=(finding(0),))
    assert desk.reasons() == ["first"]


def test_a_backfill_outside_the_horizon_opens_nothing() -> None:
    desk = Desk()
    result = desk.step(49, evaluation(0, intent="replay"), found=(finding(0),))
    assert (kinds(result), desk.state.alerts, result.intents) == (["suppressed"], {}, ())


def test_late_evidence_on_an_alert_that_has_gone_clean_is_told_and_fires_nothing() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    for hour in (1, 2, 3):
        desk.tick(hour)
    late = evaluation(1, intent="late", as_of=at(5))
    assert kinds(desk.step(5, late, found=(finding(1),))) == ["duplicate"]
    alert = desk.alert()
    assert (alert.state, alert.count, alert.fires) == (AlertState.RESOLVED, 2, 0)
    assert desk.reasons() == ["first", "resolved", "amended"]


def test_the_same_finding_twice_is_one() -> None:
    desk = Desk()
    assert kinds(desk.tick(0, finding(0), finding(0))) == ["new", "again"]
    assert desk.alert().count == 1


def test_a_worse_finding_in_the_same_step_is_not_a_rise() -> None:
    desk = Desk()
    desk.step(
        2.1,
        evaluation(0),
        evaluation(1),
        found=(finding(0), finding(1, severity=Severity.S1)),
    )
    assert (desk.alert().severity, desk.alert().raises) == (Severity.S1, 0)
    assert desk.reasons() == ["first"]


def test_findings_without_their_evaluation_are_refused() -> None:
    with pytest.raises(AlertError, match="came without their evaluation; give both"):
        Desk().step(1.1, found=(finding(0),))


def test_two_evaluations_of_one_version_and_partition_in_one_step_are_refused() -> None:
    with pytest.raises(AlertError, match="came twice in one step"):
        Desk().step(1.1, evaluation(0), evaluation(0, intent="late"))


def test_what_is_older_than_the_memory_changes_nothing() -> None:
    desk = Desk()
    result = desk.step(24 * 15, evaluation(0), found=(finding(0),))
    assert kinds(result) == ["suppressed"]
    assert (desk.state.alerts, desk.state.taken) == ({}, {})


def test_what_is_taken_back_comes_in_an_order_that_no_storage_changes() -> None:
    desk = Desk()
    desk.tick(0, finding(0, "a"), finding(0, "b"), finding(0, "c"))
    ((key, known),) = desk.state.taken.items()
    backwards = replace(known, findings=dict(reversed(known.findings.items())))
    other = Desk(state=replace(desk.state, taken={key: backwards}))
    again = evaluation(0, as_of=at(2), digest="empty")

    first, second = desk.step(2, again), other.step(2, again)

    assert [outcome.kind for outcome in first.outcomes] == ["retracted"] * 3
    assert first.outcomes == second.outcomes
