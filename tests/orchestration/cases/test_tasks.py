from dataclasses import replace
from pathlib import Path

import pytest

import orchestration
from monitors.harms import Harm
from orchestration.cases.errors import CaseError
from orchestration.cases.tasks import certify, open_tasks, queues_of, recertify, reviewers
from orchestration.cases.terms import Terms
from orchestration.intake.settings import in_force
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Roster
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, CARA, POLICIES, TERMS, VIEWER, Office, person

SHIPPED = (Path(orchestration.__file__).parent / "policies.yaml").read_text(encoding="utf-8")


def first_policies(office: Office, folder: Path) -> None:
    """The shipped policies come into force."""
    path = folder / "policies.yaml"
    path.write_text(SHIPPED, encoding="utf-8")
    in_force(office.engine, name="policies", path=path, parse=str, now=at(0))


def bumped(policy_id: str, version: int = 2) -> Terms:
    items = tuple(
        replace(policy, version=version) if policy.id == policy_id else policy
        for policy in POLICIES.items
    )
    return replace(TERMS, policies=replace(POLICIES, items=items))


def asked(office: Office, who: str | None = None) -> list[tuple[str, str]]:
    with reading(office.engine) as connection:
        return [(task.person, task.object) for task in open_tasks(connection, who)]


def test_policies_that_nobody_changed_ask_nothing(office: Office, tmp_path: Path) -> None:
    assert recertify(office.engine, bumped("child_safety"), now=at(1)) == 0
    first_policies(office, tmp_path)
    assert recertify(office.engine, TERMS, now=at(1)) == 0
    assert asked(office) == []


def test_a_new_version_asks_those_who_decide_by_it(office: Office, tmp_path: Path) -> None:
    first_policies(office, tmp_path)
    assert recertify(office.engine, bumped("child_safety"), now=at(1)) == 1
    assert asked(office) == [("cara", "policy:child_safety:2")]
    with reading(office.engine) as connection:
        (task,) = open_tasks(connection)
    assert (task.policy, task.due_at) == (("child_safety", 2), at(1 + 14 * 24))
    assert office.is_sound()


def test_the_same_version_asks_once_and_later_people_too(office: Office, tmp_path: Path) -> None:
    first_policies(office, tmp_path)
    terms = bumped("child_safety")
    assert recertify(office.engine, terms, now=at(1)) == 1
    assert recertify(office.engine, terms, now=at(2)) == 0
    dora = person("dora", skills=("children",))
    more = replace(terms, roster=Roster((*terms.roster.people, dora)))
    assert recertify(office.engine, more, now=at(3)) == 1
    assert asked(office, "dora") == [("dora", "policy:child_safety:2")]


def test_somebody_certifies_themselves_and_nobody_else(office: Office, tmp_path: Path) -> None:
    first_policies(office, tmp_path)
    recertify(office.engine, bumped("child_safety"), now=at(1))
    with reading(office.engine) as connection:
        (task,) = open_tasks(connection)
    with pytest.raises(CaseError, match="no task of yours"):
        certify(office.engine, ANA, task.task_id, now=at(2))
    with pytest.raises(PeopleError, match="none of which may 'certify'"):
        certify(office.engine, VIEWER, task.task_id, now=at(2))
    assert certify(office.engine, CARA, task.task_id, now=at(2)) == 1
    assert certify(office.engine, CARA, task.task_id, now=at(3)) == 0
    assert asked(office) == []
    acts = office.desk.audit("certify")
    assert [(act.actor, act.object) for act in acts] == [("cara", f"task:{task.task_id}")]


def test_knowing_the_newest_version_settles_the_older_ones(office: Office, tmp_path: Path) -> None:
    first_policies(office, tmp_path)
    recertify(office.engine, bumped("child_safety", 2), now=at(1))
    recertify(office.engine, bumped("child_safety", 3), now=at(2))
    assert asked(office) == [("cara", "policy:child_safety:2"), ("cara", "policy:child_safety:3")]
    with reading(office.engine) as connection:
        newest = open_tasks(connection)[-1]
    assert certify(office.engine, CARA, newest.task_id, now=at(3)) == 2
    assert asked(office) == []


def test_a_harm_leads_to_every_queue_whose_rule_may_match_it() -> None:
    assert queues_of(TERMS.desks, Harm.CHILD_SAFETY) == {"children"}
    assert queues_of(TERMS.desks, Harm.SPAM) == {"general"}
    narrow = replace(TERMS.desks.rules[2], match={"product": frozenset({"chat"})})
    desks = replace(TERMS.desks, rules=(narrow, *TERMS.desks.rules))
    assert queues_of(desks, Harm.CHILD_SAFETY) == {"fraud", "children"}
    assert queues_of(desks, Harm.SPAM) == {"fraud", "general"}


def test_reviewers_are_those_who_review_with_the_skills() -> None:
    assert reviewers(TERMS, [Harm.CHILD_SAFETY]) == ["cara"]
    assert reviewers(TERMS, [Harm.SPAM]) == ["ana", "ben", "cara", "eva", "lea"]
    assert BEN.id not in reviewers(TERMS, [Harm.FRAUD_SCAMS])
