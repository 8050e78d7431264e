from typing import Any

import pytest

from orchestration.acts.doing import Done
from orchestration.acts.errors import ActError
from orchestration.acts.false_positives import CODES, false_positives
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.slack.modals import Code
from tests.orchestration.acts.desks import HERON, OTTER, VIEWER, Desk
from tests.orchestration.alerts.builders import THEFT, at, finding


def mark(
    desk: Desk, *entities: str, who: Person = HERON, code: str = "test", **more: object
) -> Done:
    named: dict[str, Any] = {
        "thread_id": desk.thread().thread_id,
        "alert_ids": [desk.alert(entity).alert_id for entity in entities],
        "now": at(2),
        **more,
    }
    return false_positives(desk.engine, who=who, code=code, terms=desk.terms, **named)


def test_a_candidate_label_is_made_for_those_named_and_nothing_else_changes(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    states, clicked = desk.states(), desk.seen()
    assert mark(desk, "a") == Done("false_positive", "heron-7", 1)
    (row,) = desk.rows("labels")
    assert (row.unit_id, row.value, row.source, row.rater, row.code) == (
        *(desk.alert("a").alert_id, False, "candidate", "heron-7", "test"),
    )
    assert (row.monitor, row.monitor_version, row.inclusion_prob) == ("chat/mass_dm", 1, None)
    assert (desk.states(), desk.seen()) == (states, clicked)
    ((receiver, payload),) = desk.acts()
    assert (receiver, payload["verb"], payload["n"], payload["code"]) == (
        *("C0ABUSE", "false_positive", 1, "test"),
    )
    assert desk.is_sound()


def test_saying_the_same_again_writes_nothing(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    mark(desk, "a", "b")
    before = desk.everything()
    assert mark(desk, "a", "b", now=at(3)) == Done("false_positive", "heron-7", 2, again=True)
    assert mark(desk, "a", now=at(3)).again
    assert desk.everything() == before


def test_another_reason_takes_the_place_of_the_persons_own_label(desk: Desk) -> None:
    desk.tick(0, finding(0))
    mark(desk, "a")
    mark(desk, "a", code="expected", now=at(3))
    mark(desk, "a", who=OTTER, now=at(4))
    rows = sorted(desk.rows("labels"), key=lambda row: row.created_at)
    assert [(row.rater, row.code) for row in rows] == [
        ("heron-7", "test"),
        ("heron-7", "expected"),
        ("otter-2", "test"),
    ]
    assert [row.supersedes for row in rows] == [None, rows[0].label_id, None]


def test_alerts_of_another_thread_are_refused_all_together(desk: Desk) -> None:
    desk.tick(0, finding(0, "b", monitor=THEFT), monitor=THEFT)
    desk.tick(1, finding(1, "a"))
    before = desk.everything()
    with pytest.raises(ActError, match="1 of 2 alerts are not of this thread"):
        mark(desk, "a", "b")
    assert desk.everything() == before


def test_what_was_resolved_in_the_thread_can_still_be_called_false(desk: Desk) -> None:
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    assert mark(desk, "a", now=at(4)).n == 1


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"alert_ids": []}, "0 alerts were named; wanted 1 to 20"),
        ({"alert_ids": [f"a{n}" for n in range(21)]}, "21 alerts were named"),
        ({"code": "because"}, "no such reason code; use one of expected, test"),
    ],
)
def test_refuses_what_no_dialog_sends(desk: Desk, more: dict[str, object], wanted: str) -> None:
    desk.tick(0, finding(0))
    with pytest.raises(ActError, match=wanted):
        mark(desk, "a", **more)  # type: ignore[arg-type]


def test_somebody_without_a_role_for_it_is_refused(desk: Desk) -> None:
    desk.tick(0, finding(0))
    with pytest.raises(PeopleError, match="none of which may 'false_positive'"):
        mark(desk, "a", who=VIEWER)


def test_the_codes_are_those_of_slacks_dialog() -> None:
    assert set(CODES) == {code.value for code in Code}
