from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from launch_checklists.checklist import Checklist
from launch_checklists.item import Outcome
from tests.support.launch import checklist, declared, report, result


def test_a_harm_that_is_not_mentioned_is_required() -> None:
    harms = [one for one in declared()["harms"] if one["id"] != "fraud_scams"]
    found = report(harms=harms)
    missing = result(found, "harms.fraud_scams")
    assert (missing.seen.outcome, missing.item.level) == (Outcome.FAIL, "blocker")
    assert missing.seen.fix == "Add `- id: fraud_scams` to harms."


@pytest.mark.parametrize("approver", ["wren", "nobody"])
def test_a_harm_is_ruled_out_only_by_somebody_who_may(approver: str) -> None:
    harms = declared()["harms"]
    out = {"id": "cbrn", "not_applicable": {"reason": "no answers", "approver": approver}}
    found = report(harms=[out if one["id"] == "cbrn" else one for one in harms])
    assert result(found, "harms.cbrn").seen.outcome is Outcome.FAIL


def test_a_surface_that_nothing_watches_is_named() -> None:
    harms = declared()["harms"]
    harms[0]["monitors"][0]["surfaces"] = ["web"]
    seen = result(report(harms=harms), "harms.spam.surfaces").seen
    assert (seen.outcome, seen.observed) == (Outcome.FAIL, "nothing watches ios.")


def test_child_safety_is_never_waived() -> None:
    assert not result(report(), "harms.child_safety").item.waivable
    assert not result(report(), "attestations.child_safety_route").item.waivable


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"surfces": ["web"]}, "Extra inputs"),
        ({"product": {**declared()["product"], "stages": [200]}}, "1, 10, 50 or 100"),
        ({"product": {**declared()["product"], "stages": [10, 1]}}, "rising"),
        ({"harms": declared()["harms"] * 2}, "is there twice"),
        ({"kill_switch": {"owner": "a-team", "drill_within": "a month"}}, "30m, 2h or 14d"),
        ({"schema": "launch/v2"}, "launch/v1"),
    ],
)
def test_a_wrong_checklist_is_refused(more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        checklist(**more)


def test_lengths_are_written_as_people_write_them() -> None:
    found = checklist()
    assert found.slack.tested_within == timedelta(days=7)
    dumped = found.model_dump(mode="json", by_alias=True)
    assert dumped["slack"]["tested_within"] == "7d"
    assert Checklist.model_validate(dumped) == found
