import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert
from upath import UPath

from orchestration.forgetting.errors import ForgetError
from orchestration.forgetting.forget import Forgotten, Place, forget, look
from orchestration.forgetting.subject import Subject
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Entry, append, entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import write
from orchestration.ledger.tables import batches
from orchestration.ledger.verify import verify
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.intake.builders import rows, taken
from tests.support.forgetting import ANN, BOB, NOW, REGISTRY, crowded, naming, read

SUBJECT = Subject("account_id", ANN)
ADMIN = Person("tapir-8", "U0TAPIR8", frozenset({Role.ADMIN}), ZoneInfo("UTC"))
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def place(ledger: Engine, tmp_path: Path) -> Place:
    """An installation that took in what was found about Ann and Bob."""
    lake = crowded(tmp_path / "lake")
    found = Place(lake, ledger, Pseudonyms(tmp_path / "home"), REGISTRY)
    taken(ledger, lake, NOW, names=found.pseudonyms.names)
    return found


def done(place: Place, reason: str = "request 12") -> Forgotten:
    return forget(place, SUBJECT, who=ADMIN, reason=reason, now=LATER)


def audited(place: Place) -> list[Entry]:
    with reading(place.engine) as connection:
        return [row for row in entries(connection) if row.object.startswith("forgotten:")]


def stored(place: Place, table: str) -> list[dict[str, object]]:
    with reading(place.engine) as connection:
        return rows(connection, table)


def everything(place: Place) -> str:
    """All that the ledger says, in every table."""
    names = ("audit", "alerts", "alert_findings", "intake", "outbox", "threads", "told")
    return json.dumps([stored(place, name) for name in names], default=str)


def test_looking_says_what_there_is_and_changes_nothing(place: Place) -> None:
    before, said = read(place.lake), everything(place)
    found = look(place, SUBJECT)
    assert found.rows["events/logins"] == 7
    assert found.alerts == 1
    assert found.names == {"account_id": place.pseudonyms.name("account_id", ANN)}
    assert read(place.lake).keys() == before.keys()
    assert everything(place) == said


def test_the_lake_and_the_ledger_do_not_know_the_id_afterwards(
    place: Place, tmp_path: Path
) -> None:
    found = look(place, SUBJECT)
    made = done(place)
    assert made.rows == found.rows
    assert (made.alerts, made.keys) == (1, 1)
    assert naming(tmp_path / "home", ANN) == []
    assert [path for path in naming(tmp_path / "lake", ANN) if "quarantine" not in path] == []
    assert ANN not in everything(place)
    assert look(place, SUBJECT).nothing


def test_the_old_name_belongs_to_nobody_and_a_new_one_is_another(place: Place) -> None:
    before = place.pseudonyms.names("account_id", [ANN, BOB])
    done(place)
    assert place.pseudonyms.known("account_id", [ANN, BOB]) == {BOB: before[BOB]}
    assert {row["entity"] for row in stored(place, "alerts")} >= set(before.values())
    assert place.pseudonyms.name("account_id", ANN) not in before.values()


def test_no_finding_in_the_ledger_can_be_computed_from_the_id(place: Place) -> None:
    in_lake = {
        identity
        for path, frame in read(place.lake).items()
        if path.startswith("findings/")
        for identity in frame["finding_id"]
    }
    name = place.pseudonyms.name("account_id", ANN)
    before = stored(place, "alert_findings")
    mine = [row for row in before if row["entity"] == name]
    assert mine
    assert {row["finding_id"] for row in mine} <= in_lake
    done(place)
    after = stored(place, "alert_findings")
    theirs = [row for row in after if row["entity"] == name]
    assert len(theirs) == len(mine)
    assert {row["finding_id"] for row in theirs} & in_lake == set()
    assert [row for row in after if row not in theirs] == [row for row in before if row not in mine]


def test_the_audit_says_who_why_and_how_many_but_not_of_whom(place: Place) -> None:
    name = place.pseudonyms.name("account_id", ANN)
    made = done(place)
    begun, ended = audited(place)
    n = sum(made.rows.values())
    assert (begun.verb, begun.actor, begun.reason) == (
        "forget",
        "tapir-8",
        f"begun: {n} rows of 10 tables, 1 alerts: request 12",
    )
    assert (ended.verb, ended.object) == ("forgotten", made.forgotten_id)
    assert ended.reason == f"{n} rows of 10 tables, 2 findings cut off: request 12"
    assert name not in json.dumps([begun.reason, begun.object, ended.reason, ended.object])
    with reading(place.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_doing_it_again_does_and_writes_nothing(place: Place) -> None:
    done(place)
    before = everything(place)
    assert done(place) == Forgotten({}, 0, 0, "")
    assert everything(place) == before


class Crash(Exception):  # noqa: N818 - what happens, not what is wrong
    pass


@pytest.mark.parametrize("files", [1, 5])
def test_one_that_was_broken_off_is_repeated_to_the_end(
    place: Place, tmp_path: Path, files: int
) -> None:
    seen: list[UPath] = []

    def crash(path: UPath) -> None:
        seen.append(path)
        if len(seen) == files:
            raise Crash

    with pytest.raises(Crash):
        forget(place, SUBJECT, who=ADMIN, reason="request 12", now=LATER, rewritten=crash)
    assert place.pseudonyms.known("account_id", [ANN]) != {}
    assert [row.verb for row in audited(place)] == ["forget"]
    made = done(place)
    assert made.keys == 1
    assert [row.verb for row in audited(place)] == ["forget", "forget", "forgotten"]
    assert [path for path in naming(tmp_path / "lake", ANN) if "quarantine" not in path] == []
    assert look(place, SUBJECT).nothing


def test_a_crash_before_the_key_is_destroyed_leaves_it_to_the_next_run(place: Place) -> None:
    kept = place.pseudonyms.path.read_bytes()
    done(place)
    place.pseudonyms.path.write_bytes(kept)  # as if the process had died just before
    made = done(place)
    assert (made.rows, made.keys) == ({}, 1)
    assert place.pseudonyms.known("account_id", [ANN]) == {}


def test_the_alert_ends_when_its_findings_are_gone_and_bobs_goes_on(place: Place) -> None:
    names = place.pseudonyms.names("account_id", [ANN, BOB])
    done(place)
    took = taken(place.engine, place.lake, LATER, names=place.pseudonyms.names)
    assert took.unready == 0
    by_name = {row["entity"]: row for row in stored(place, "alerts")}
    assert by_name[names[ANN]]["count"] == by_name[names[ANN]]["retracted"]
    assert by_name[names[ANN]]["state"] == "resolved"
    assert by_name[names[BOB]]["retracted"] == 0
    again = taken(place.engine, place.lake, LATER, names=place.pseudonyms.names)
    assert (again.evaluations, again.unready) == (0, 0)


def test_only_one_who_may_can(place: Place) -> None:
    before = everything(place)
    engineer = replace(ADMIN, roles=frozenset({Role.ENGINEER, Role.ONCALL, Role.APPROVER}))
    with pytest.raises(PeopleError, match="wanted one of admin"):
        forget(place, SUBJECT, who=engineer, reason="request 12", now=LATER)
    assert everything(place) == before


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        (f"{ANN} asked us", "names who is to be forgotten"),
        ("x" * 201, "wanted at most 200"),
        ("two\nlines", "one printable line"),
    ],
)
def test_a_reason_that_would_tell_or_break_the_end_is_refused_first(
    place: Place, reason: str, wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        done(place, reason)
    assert look(place, SUBJECT).rows["events/logins"] == 7
    assert audited(place) == []


def suspended(place: Place, state: EnforcementState) -> None:
    """An action on Ann that got as far as a state."""
    name = place.pseudonyms.name("account_id", ANN)
    planned = Enforcement(
        enforcement_id="e1",
        idempotency_key="k1",
        batch_id="b1",
        product="accounts",
        policy_id="account_takeover",
        policy_version=1,
        target_type="account_id",
        target=name,
        action="suspend_account",
        action_class="access",
        mode="live",
        state=EnforcementState.PLANNED,
        automated="not",
        needs=0,
        planned_at=NOW,
        not_before=NOW,
    )
    by = Act(Actor("enforcement", "system"), NOW, "a test")
    with writing(place.engine) as connection:
        seq = append(connection, act=by, verb="plan", object_id="batch:b1")
        batch = {"batch_id": "b1", "audit_seq": seq, "source": "test", "mode": "live"}
        connection.execute(insert(batches), {**batch, "planned_at": NOW, "size": 1, "preview": {}})
        write(connection, ENFORCEMENTS, before={}, after=[planned], act=by)
        row = planned
        for step in (EnforcementState.APPROVED, EnforcementState.EXECUTING, state):
            standing = step is not EnforcementState.FAILED
            after = replace(row, state=step, standing=standing)
            write(connection, ENFORCEMENTS, before={"e1": row}, after=[after], act=by)
            row = after


@pytest.mark.parametrize("state", [EnforcementState.APPLIED, EnforcementState.UNKNOWN])
def test_nobody_is_forgotten_while_an_action_stands_unless_told_so(
    place: Place, state: EnforcementState
) -> None:
    suspended(place, state)
    assert look(place, SUBJECT).standing == 1
    with pytest.raises(ForgetError, match="1 actions stand against the entity or are under way"):
        done(place)
    assert look(place, SUBJECT).rows["events/logins"] == 7
    assert audited(place) == []
    left = forget(place, SUBJECT, who=ADMIN, reason="request 12", now=LATER, leave_standing=True)
    assert left.keys == 1


def test_an_action_that_failed_keeps_nobody_from_being_forgotten(place: Place) -> None:
    suspended(place, EnforcementState.FAILED)
    assert done(place).keys == 1
