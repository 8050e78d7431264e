from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from launch_checklists.evaluate import evaluate
from launch_checklists.facts import Missing
from launch_checklists.item import Outcome
from launch_checklists.report import Verdict
from launch_checklists.waiver import Waiver
from tests.support.launch import (
    DAY,
    GREEN,
    MONITOR,
    checklist,
    granted,
    report,
    result,
    signed,
    waiver,
    wrong,
)

ITEM = "runbooks.spam"


def with_waiver(by: str = "ana", **more: Any) -> Any:  # noqa: ANN401 - a report
    one = waiver(**more)
    facts = replace(granted(one, by), runbooks={})
    return report(facts, waivers=[one])


def test_a_waiver_that_holds_lets_its_item_pass_and_says_until_when() -> None:
    found = with_waiver()
    assert (found.verdict, found.exit_code(), found.exit_code(strict=True)) == (
        Verdict.WAIVED,
        0,
        4,
    )
    seen = result(found, ITEM).seen
    assert seen.outcome is Outcome.WAIVED
    assert "Waived until 2026-03-15: being rewritten" in seen.observed


def test_it_ends_by_the_calendar_with_no_change_of_code_or_file() -> None:
    one = waiver()
    wanted = checklist(waivers=[one])
    base = replace(granted(one), runbooks={})
    for days, verdict in ((5, Verdict.WAIVED), (6, Verdict.FAIL)):
        now = GREEN.at + timedelta(days=days)
        facts = replace(
            base,
            at=GREEN.at,  # only the day moves
        )
        facts = signed(facts, wanted)
        found = evaluate(wanted, facts, stage=100, now=now)
        roots = wrong(found)
        assert (ITEM in roots) is (verdict is Verdict.FAIL)


@pytest.mark.parametrize(
    ("more", "by", "why"),
    [
        ({}, "ben", "ana has not approved it as it is"),
        ({"approver": "ben", "owner": "ana"}, "ana", "ben has not approved"),
        ({"approver": "wren"}, "wren", "wrote the checklist"),
        ({"item": "enforcement.kill_switch"}, "ana", "cannot be waived"),
        ({"item": "runbooks.spa"}, "ana", "no such item"),
        ({"expires": date(2026, 3, 20)}, "ana", "14 at most"),
        ({"created": date(2026, 3, 11)}, "ana", "renew it once, or mend"),
    ],
)
def test_a_waiver_that_does_not_hold_says_why_and_changes_nothing(
    more: dict[str, Any], by: str, why: str
) -> None:
    found = with_waiver(by, **more)
    assert result(found, ITEM).seen.outcome is Outcome.FAIL
    refused = next(one for one in found.results if one.item.section == "waivers")
    assert refused.seen.outcome is Outcome.FAIL
    assert why in refused.seen.observed
    assert found.verdict is Verdict.FAIL


def test_a_changed_waiver_is_not_the_one_that_was_approved() -> None:
    facts = replace(granted(waiver()), runbooks={})
    found = report(facts, waivers=[waiver(reason="another reason")])
    assert result(found, ITEM).seen.outcome is Outcome.FAIL


def test_a_waiver_of_a_root_lifts_its_own_item_and_nothing_under_it() -> None:
    item = f"monitors.{MONITOR}.scheduled"
    one = waiver(item=item)
    lost = replace(granted(one), monitors={})
    assert f"monitors.{MONITOR}.exists" in wrong(report(lost, waivers=[one]))


def test_of_two_waivers_of_one_item_none_holds() -> None:
    one, other = waiver(), waiver(reason="another reason")
    facts = replace(granted(one), runbooks={})
    found = report(facts, waivers=[one, other])
    assert result(found, ITEM).seen.outcome is Outcome.FAIL


def test_an_error_cannot_be_waived() -> None:
    one = waiver()
    facts = replace(granted(one), runbooks=Missing("the folder cannot be read", broken=True))
    assert result(report(facts, waivers=[one]), ITEM).seen.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"expires": date(2026, 3, 4)}, "wanted an end that is not before"),
        ({"expires": date(2026, 6, 4)}, "90 at most"),
        ({"owner": "ana"}, "wanted somebody else to approve"),
        ({"renewal": 2}, "less than or equal to 1"),
    ],
)
def test_an_impossible_waiver_is_refused_when_it_is_read(more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Waiver.model_validate(waiver(**more))


def test_days_left_are_counted_to_the_last_day() -> None:
    one = Waiver.model_validate(waiver())
    assert [one.left(date(2026, 3, 15) - n * DAY) for n in (7, 3, 1, 0)] == [7, 3, 1, 0]
