import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from orchestration.ledger.acts import Act
from orchestration.ledger.database import writing
from orchestration.ledger.review_tasks import TaskState
from orchestration.oncall.errors import PeopleError
from orchestration.review.errors import ReviewError
from orchestration.review.exchange import Imported, export, take_in
from orchestration.review.golden import retire
from orchestration.review.tasks import withdraw
from tests.orchestration.alerts.builders import MINUTE, at
from tests.orchestration.review.test_label_studio import annotation, entry, text
from tests.support.cases import ANA, BEN, LEAD
from tests.support.houses import message
from tests.support.review import BENIGN, MINORS, PLANNER, REGISTRY, Desk, task_row

S = TaskState
CANARY = "canary text: meet me at noon"
RATERS = {"10": "ana", "ben@example.org": "ben"}


def exported(desk: Desk, most: int = 100) -> list[dict[str, Any]]:
    house = desk.house
    return export(
        house.engine,
        house.lake,
        house.names,
        LEAD,
        terms=desk.terms,
        now=at(3),
        most=most,
        registry=REGISTRY,
    )


def imported(
    desk: Desk, whole: str, raters: Mapping[str, str] = RATERS, hour: float = 9
) -> Imported:
    return take_in(
        desk.engine, LEAD, whole, raters, terms=desk.terms, now=at(hour), registry=REGISTRY
    )


def said(name: str, verdict: str, by: object = 10, **changed: object) -> dict[str, Any]:
    """An entry with one annotation, of the fourth hour."""
    given = {"created_at": at(4).isoformat(), "lead_time": 60, **changed}
    return entry(annotation(verdict, completed_by=by, **given), task_id=f"task-{name}")


def whys(done: Imported) -> list[tuple[int, str]]:
    return [(one.place.entry, one.why) for one in done.refused]


def test_what_waits_is_exported_by_rank_and_goes_on_waiting(desk: Desk) -> None:
    desk.add(task_row("a", rank=0.9), task_row("b", rank=0.1), task_row("c", rank=0.5))
    desk.taken(ANA, "b")
    ids = [one["data"]["task_id"] for one in exported(desk)]
    assert ids == ["task-c", "task-a"]
    assert [one["data"]["task_id"] for one in exported(desk, most=1)] == ["task-c"]
    assert desk.task("a").state is S.OPEN
    (first, _) = desk.house.office.desk.audit("export")
    assert (first.actor, first.reason) == ("lea", "2 tasks for Label Studio")


def test_every_kind_is_exported_by_the_same_fields_and_without_what_people_wrote(
    desk: Desk,
) -> None:
    for name in ("a", "b", "c", "d"):
        desk.house.put("messages", message(name, at(0) + MINUTE, CANARY, event_id=f"e-{name}"))
    first = task_row("a", stratum="flagged", entity=desk.house.name("a"))
    second = replace(first, task_id="task-b", kind="second", of_task="task-a", rank=first.rank)
    desk.add(first, replace(second, entity=desk.house.name("b")))
    desk.add(task_row("c", stratum="near", entity=desk.house.name("c")))
    desk.gold("d", entity=desk.house.name("d"))
    found = {one["data"]["task_id"][-1]: one for one in exported(desk)}
    assert sorted(found) == ["a", "b", "c", "d"]
    assert list(found["a"]) == ["data"]
    for name, one in found.items():
        own = {"task_id": f"task-{name}", "entity": desk.house.name(name)}
        evidence = found["a"]["data"]["evidence"].replace("e-a", f"e-{name}")
        assert one["data"] == {**found["a"]["data"], **own, "evidence": evidence}
        assert {type(value) for value in one["data"].values()} == {str}
    assert CANARY not in json.dumps(found)


def test_a_restricted_harm_never_leaves(desk: Desk) -> None:
    lead = replace(LEAD, skills=frozenset({"children"}))
    desk.add(task_row("a", monitor=MINORS))
    house = desk.house
    found = export(
        *(house.engine, house.lake, house.names, lead),
        terms=desk.terms,
        now=at(3),
        most=9,
        registry=REGISTRY,
    )
    assert found == []


def test_only_leads_export_and_import(desk: Desk) -> None:
    house = desk.house
    with pytest.raises(PeopleError, match="none of which may 'adjudicate'"):
        export(*(house.engine, house.lake, house.names, ANA), terms=desk.terms, now=at(3), most=9)
    with pytest.raises(PeopleError, match="none of which may 'adjudicate'"):
        take_in(desk.engine, ANA, "[]", {}, terms=desk.terms, now=at(3))


def test_an_answer_from_there_is_its_raters_in_the_leads_act(desk: Desk) -> None:
    desk.add(task_row("a", stratum="near", inclusion_prob=0.25))
    done = imported(desk, text(said("a", "violating")))
    assert (done.new, done.known, done.refused) == (1, 0, ())
    (row,) = desk.rows("answers")
    assert (row["rater"], row["verdict"]) == ("ana", "violating")
    assert (row["taken_at"], row["answered_at"]) == (at(4) - MINUTE, at(4))
    (label,) = desk.rows("labels")
    assert (label["rater"], label["source"], label["stratum"]) == ("ana", "flag_review", "near")
    acts = desk.house.office.desk.audit("take", "answer")
    assert {(act.actor, act.on_behalf_of, act.reason) for act in acts} == {
        ("lea", "ana", "imported from Label Studio")
    }
    assert desk.task("a").state is S.ANSWERED
    assert desk.is_sound()


def test_the_same_file_again_is_known_and_changes_nothing(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    whole = text(said("a", "violating"), said("b", "insufficient", {"email": "ben@example.org"}))
    assert imported(desk, whole).new == 2
    before = desk.house.everything()
    done = imported(desk, whole, hour=10)
    assert (done.new, done.known, done.refused) == (0, 2, ())
    assert desk.house.everything() == before


def test_two_people_there_dispute_a_unit_as_they_would_here(desk: Desk) -> None:
    first = task_row("a")
    desk.add(first, replace(first, task_id="task-a2", kind="second", of_task="task-a"))
    whole = text(said("a", "violating"), said("a2", "benign", "ben@example.org"))
    assert imported(desk, whole).new == 2
    assert [desk.task(name).state for name in ("a", "a2")] == [S.DISPUTED, S.DISPUTED]


def test_what_cannot_be_taken_in_is_told_and_the_rest_is_taken_in(desk: Desk) -> None:
    desk.add(*(task_row(name) for name in "abcdefg"), task_row("h", "episode"))
    desk.add(task_row("m", monitor=MINORS))
    twin = replace(task_row("t"), unit_id="scored:a", rank=0.999)
    desk.add(twin)
    assert desk.take(BEN, 8.9) == "task-a"
    desk.judged(ANA, "b", BENIGN, 8)
    whole = text(
        said("a", "violating"),  # ben has it
        said("b", "violating"),  # ana said otherwise
        said("b", "violating", "ben@example.org"),  # ana has answered it
        said("nothing", "violating"),
        said("c", "violating", 99),
        said("d", "violating", created_at=at(30).isoformat()),
        said("d", "violating", created_at=at(1).isoformat()),
        said("e", "nonsense"),
        said("h", "violating"),  # its alert is not in the ledger
        said("m", "violating"),
        said("a", "benign", "ben@example.org"),
        said("t", "benign", "ben@example.org"),  # the same unit as a
        said("f", "benign"),
    )
    done = imported(desk, whole)
    assert whys(done) == [
        (1, "leased"),
        (2, "changed"),
        (3, "answered"),
        (4, "unknown_task"),
        (5, "unknown_rater"),
        (6, "time"),
        (7, "time"),
        (8, "choice"),
        (9, "unknown_unit"),
        (10, "may_not"),
        (12, "judged_before"),
    ]
    assert (done.new, done.known) == (2, 0)
    given = {(row["task_id"], row["rater"], row["verdict"]) for row in desk.rows("answers")}
    assert given == {
        ("task-b", "ana", "benign"),
        ("task-a", "ben", "benign"),
        ("task-f", "ana", "benign"),
    }
    assert desk.task("h").state is S.OPEN
    assert desk.is_sound()


def test_no_address_comes_into_the_ledger_or_the_report(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    whole = text(
        said("a", "benign", "ben@example.org"),
        said("b", "benign", {"email": "unknown@example.org", "first_name": "Una"}),
    )
    done = imported(desk, whole)
    assert whys(done) == [(2, "unknown_rater")]
    for secret in ("example.org", "Una"):
        assert secret not in desk.house.everything()
        assert secret not in repr(done)


def test_a_file_that_breaks_off_writes_nothing(desk: Desk) -> None:
    desk.add(task_row("a"))
    before = desk.house.everything()
    with pytest.raises(ReviewError, match="Nothing was imported"):
        imported(desk, text(said("a", "violating"))[:-2])
    assert desk.house.everything() == before


def test_a_rater_who_is_nobody_here_is_refused_before_anything_is_read(desk: Desk) -> None:
    with pytest.raises(PeopleError, match="There is no person with that id"):
        imported(desk, "[]", {"10": "nobody"})


def test_our_own_id_stands_for_itself(desk: Desk) -> None:
    desk.add(task_row("a"))
    assert imported(desk, text(said("a", "benign", "ben")), {}).new == 1
    assert desk.rows("answers")[0]["rater"] == "ben"


def test_gold_that_leaked_meanwhile_is_kept_as_an_answer_without_effect(desk: Desk) -> None:
    desk.gold("a")
    retire(desk.engine, LEAD, "gold-a", "leaked", now=at(5))
    assert desk.task("a").state is S.WITHDRAWN
    done = imported(desk, text(said("a", "benign")))
    assert (done.new, done.refused) == (1, ())
    (row,) = desk.rows("answers")
    assert (row["verdict"], row["golden_version"], row["label_id"]) == ("benign", None, None)
    assert desk.task("a").state is S.WITHDRAWN


def test_a_window_that_was_withdrawn_meanwhile_is_told(desk: Desk) -> None:
    desk.add(task_row("a"))
    with writing(desk.engine) as connection:
        withdraw(connection, [task_row("a")], Act(PLANNER, at(4), "its window is gone"))
    assert whys(imported(desk, text(said("a", "benign")))) == [(1, "withdrawn")]


def test_a_file_of_many_hundreds_is_taken_in_whole_and_a_cut_one_goes_on(desk: Desk) -> None:
    names = [f"{number:03}" for number in range(230)]
    desk.add(*(task_row(name, rank=0.5) for name in names))
    entries = [said(name, "benign") for name in names]
    assert imported(desk, text(*entries[:120])).new == 120
    done = imported(desk, text(*entries), hour=10)
    assert (done.new, done.known, done.refused) == (110, 120, ())
    assert len(desk.rows("answers")) == len(desk.rows("labels")) == 230
    assert desk.is_sound()
