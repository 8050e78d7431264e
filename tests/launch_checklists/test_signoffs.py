from dataclasses import replace
from datetime import timedelta

import pytest

from launch_checklists.evaluate import evaluate
from launch_checklists.facts import Facts, Missing, Quality, Signature
from launch_checklists.item import Outcome
from tests.support.launch import (
    GREEN,
    NOW,
    checklist,
    declared,
    monitor_facts,
    report,
    result,
    signed,
)

SIGNED = "signoffs.product"


def outcome(facts: Facts) -> Outcome:
    found = evaluate(checklist(), facts, stage=100, now=facts.at)
    return result(found, SIGNED).seen.outcome


def test_a_signature_holds_while_only_time_and_figures_go_on() -> None:
    facts = signed(GREEN, checklist())
    later = replace(facts, at=NOW + timedelta(minutes=30))
    assert (outcome(facts), outcome(later)) == (Outcome.PASS, Outcome.PASS)
    better = replace(monitor_facts(quality=Quality(61, 59, 0.91, NOW, "measured")))
    assert outcome(replace(better, signed=facts.signed)) is Outcome.PASS


def test_a_changed_outcome_version_or_requirement_voids_it() -> None:
    facts = signed(GREEN, checklist())
    for changed in (replace(facts, runbooks={}), monitor_facts(version=4)):
        assert outcome(replace(changed, signed=facts.signed)) is Outcome.FAIL
    wider = declared()["capacity"] | {"forecast_p90_per_day": 41}
    found = evaluate(checklist(capacity=wider), facts, stage=100, now=NOW)
    assert result(found, SIGNED).seen.outcome is Outcome.FAIL


def test_another_stage_is_another_state() -> None:
    facts = signed(GREEN, checklist(), 10)
    found = evaluate(checklist(), facts, stage=100, now=NOW)
    assert result(found, SIGNED).seen.outcome is Outcome.FAIL


@pytest.mark.parametrize("person", ["wren", "ana", "nobody"])
def test_authors_and_those_without_the_role_sign_in_vain(person: str) -> None:
    digest = report().digest
    facts = replace(GREEN, signed=(Signature("tns_eng", person, digest, NOW),))
    found = evaluate(checklist(), facts, stage=100, now=NOW)
    assert result(found, "signoffs.tns_eng").seen.outcome is Outcome.FAIL


def test_signatures_that_cannot_be_read_are_no_signatures() -> None:
    broken = replace(GREEN, signed=Missing("the ledger does not answer", broken=True))
    assert outcome(broken) is Outcome.ERROR
