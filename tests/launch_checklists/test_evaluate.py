"""One thing is broken at a time: its item is named, its consequences under it, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from launch_checklists.facts import Missing, Quality
from launch_checklists.item import Outcome
from launch_checklists.report import Verdict
from tests.support.launch import GREEN, monitor_facts, report, wrong
from tests.support.launch_broken import BROKEN, E, U


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named_first_and_only_it_changes(what: str) -> None:
    facts, roots, consequences = BROKEN[what]
    found = report(facts)
    assert wrong(found) == roots
    under = {one.item.id: one.root for one in found.results if one.root}
    (root,) = roots
    assert under == dict.fromkeys(consequences, root)
    first, *rest = found.ordered()
    assert first.item.id == root
    assert {one.item.id for one in rest[: len(under)]} == consequences
    assert found.verdict in {Verdict.FAIL, Verdict.NOT_EVALUATED}
    assert found.exit_code() == (3 if E in roots.values() else 1)
    assert first.seen.observed and first.seen.fix  # noqa: PT018 - both are read together


def test_all_green_passes_with_every_item_shown() -> None:
    found = report()
    assert (found.verdict, found.exit_code(), found.exit_code(strict=True)) == ("pass", 0, 0)
    assert len({one.item.id for one in found.results}) == len(found.results)
    assert {one.item.section for one in found.results} == {
        *("identity", "harms", "monitors", "data", "alerting", "runbooks", "capacity"),
        *("enforcement", "appeals", "red_team", "quality", "attestations", "signoffs"),
    }


@pytest.mark.parametrize(
    "name",
    ["monitors", "events", "teams", "runbooks", "routes", "queues", "rules", "drills", "people"],
)
@pytest.mark.parametrize(("broken", "outcome"), [(False, U), (True, E)])
def test_what_cannot_be_looked_at_never_passes(
    name: str,
    broken: bool,  # noqa: FBT001 - a parameter
    outcome: Outcome,
) -> None:
    missing: dict[str, Any] = {name: Missing("it does not answer", broken=broken)}
    found = report(replace(GREEN, **missing))
    assert outcome in set(wrong(found).values())
    assert found.exit_code() in {1, 3}


@pytest.mark.parametrize(("stage", "verdict"), [(1, "pass"), (10, "pass"), (50, "fail")])
def test_requirements_rise_with_the_stage(stage: Any, verdict: str) -> None:  # noqa: ANN401 - a literal
    facts = monitor_facts(quality=Quality(0, 0, None, None, "insufficient"), seeded={})
    assert report(facts, stage).verdict == verdict


def test_the_same_facts_give_the_same_report() -> None:
    assert report().digest == report().digest
    assert [one.seen for one in report().results] == [one.seen for one in report().results]
