from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.contract import Severity
from orchestration.cases.clocks import (
    begun,
    earlier,
    is_paused,
    next_due,
    paused,
    raised,
    resumed,
    running,
    used,
)
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.triage.clock import Goal
from orchestration.triage.desks import sla_of
from tests.support.cases import DESKS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLA = sla_of(DESKS, "general")


def case(severity: Severity = Severity.S2, now: datetime = NOON) -> Case:
    """A case that waits since a moment."""
    return Case(
        case_id="case_1",
        cluster_id="c",
        source="alert",
        harm="spam",
        product="chat",
        severity=severity,
        score=None,
        contributions={},
        queue="general",
        rule="default",
        restricted=False,
        state=CaseState.TRIAGED,
        opened_at=now,
        changed_at=now,
        **begun(SLA, severity, now),
    )


def test_the_next_goal_is_the_first_action_and_then_the_end() -> None:
    new = case()
    assert next_due(new) == NOON + 4 * HOUR
    assert next_due(replace(new, first_action_at=NOON)) == NOON + 24 * HOUR


def test_the_share_used_is_that_of_the_next_goal() -> None:
    new = case()
    assert used(new, NOON + 2 * HOUR) == 0.5
    assert used(replace(new, first_action_at=NOON), NOON + 6 * HOUR) == 0.25


def test_the_clock_is_the_one_that_was_stored() -> None:
    found = running(case())
    assert (found.sla, found.severity) == (SLA, Severity.S2)
    assert found.clock.started_at == NOON


def test_a_paused_clock_goes_on_where_it_stood() -> None:
    waits = paused(case(), NOON + HOUR)
    assert is_paused(waits)
    assert paused(case(Severity.S1), NOON + HOUR) == case(Severity.S1)
    again = resumed(waits, NOON + 6 * HOUR)
    assert not is_paused(again)
    assert again.resolve_due == NOON + 29 * HOUR
    assert resumed(again, NOON + 9 * HOUR) == again


def test_a_clock_set_back_while_it_paused_makes_nothing_due_earlier() -> None:
    waits = paused(case(), NOON + HOUR)
    assert resumed(waits, NOON).resolve_due == NOON + 24 * HOUR


def test_of_two_clocks_the_one_due_first_is_kept() -> None:
    late, early = case(now=NOON + HOUR), case()
    assert earlier(late, early).resolve_due == early.resolve_due
    assert running(earlier(late, early)).clock.started_at == NOON
    assert earlier(early, late) == early


@given(
    severity=st.sampled_from(Severity),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["pause", "resume", *Severity]), st.integers(min_value=0, max_value=72)
        ),
        max_size=8,
    ),
)
def test_what_is_stored_as_due_is_what_the_clock_says_and_rising_never_makes_it_later(
    severity: Severity, steps: list[tuple[str | Severity, int]]
) -> None:
    found, now = case(severity), NOON
    for step, hours in steps:
        now += hours * HOUR
        before = found
        if step == "pause" and not is_paused(found):
            found = paused(found, now)
        elif isinstance(step, Severity):
            found = raised(found, step, now)
            assert found.resolve_due <= before.resolve_due
            assert found.severity <= before.severity
        else:
            found = resumed(found, now)
            assert found.resolve_due >= before.resolve_due
        clock = running(found)
        assert clock.due(Goal.RESOLVE) == found.resolve_due
        assert found.first_action_due <= found.resolve_due
