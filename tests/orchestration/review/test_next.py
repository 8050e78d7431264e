import json
from dataclasses import fields, replace
from datetime import datetime, timedelta

import polars as pl
import pytest

from monitors.registry import Registry
from orchestration.ledger.review_tasks import TaskState
from orchestration.oncall.errors import PeopleError
from orchestration.review import next as review_next
from orchestration.review.errors import ReviewError
from orchestration.review.next import TaskView, show, take
from tests.orchestration.alerts.builders import MINUTE, SPAM, at
from tests.support.cases import ANA, BEN, CARA, ENGINEER, LEAD, VIEWER, person
from tests.support.houses import message
from tests.support.review import BENIGN, MINORS, REGISTRY, SCAMS, VIOLATING, Desk, task_row

CANARY = "canary text: meet me at noon"


def test_tasks_are_given_by_rank_and_each_to_one_person(desk: Desk) -> None:
    desk.add(task_row("a", rank=0.9), task_row("b", rank=0.1), task_row("c", rank=0.5))
    assert [desk.take(who) for who in (ANA, BEN, CARA)] == ["task-b", "task-c", "task-a"]
    assert desk.take(LEAD) is None


def test_what_is_overdue_goes_before_what_is_not(desk: Desk) -> None:
    desk.add(task_row("a", rank=0.1), task_row("b", rank=0.9, due_at=at(3)))
    assert desk.take(ANA, 3) == "task-b"


def test_who_has_a_task_is_given_it_again_and_nothing_is_written(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.taken(ANA, "a", 3)
    until = desk.task("a").leased_until
    acts = len(desk.rows("audit"))
    assert desk.take(ANA, 3.4) == "task-a"
    assert desk.task("a").leased_until == until == at(3.5)
    assert len(desk.rows("audit")) == acts


def test_a_lease_that_ran_out_goes_to_the_next_person(desk: Desk) -> None:
    desk.add(task_row("a"))
    desk.taken(ANA, "a", 3)
    assert desk.take(BEN, 3.4) is None
    assert desk.take(BEN, 3.5) == "task-a"
    verbs = [act.verb for act in desk.house.office.desk.audit("take", "release")]
    assert verbs == ["take", "release", "take"]


def test_who_does_not_answer_tasks_is_refused(desk: Desk) -> None:
    desk.add(task_row("a"))
    for who in (VIEWER, ENGINEER):
        with pytest.raises(PeopleError, match="none of which may 'answer'"):
            desk.take(who)


def test_a_restricted_harm_is_offered_to_who_has_its_skills_alone(desk: Desk) -> None:
    desk.add(task_row("a", monitor=MINORS), task_row("b", monitor=SCAMS))
    assert desk.take(ANA) is None
    assert desk.take(CARA) == "task-a"


def test_a_task_whose_monitor_is_gone_is_offered_to_nobody(desk: Desk) -> None:
    desk.add(task_row("a"))
    gone = Registry({}, {})
    assert take(desk.engine, ANA, terms=desk.terms, now=at(3), registry=gone) is None
    house = desk.house
    with pytest.raises(ReviewError, match="is watched no more"):
        show(desk.engine, house.lake, house.names, desk.task("a"), terms=desk.terms, registry=gone)


def test_a_unit_is_never_given_to_who_answered_it_as_another_task(desk: Desk) -> None:
    first = task_row("a", rank=0.1)
    desk.add(
        first,
        replace(first, task_id="task-a2", kind="second", of_task="task-a", rank=0.2),
        replace(task_row("a3", rank=0.3), unit_id=first.unit_id),
    )
    desk.judged(ANA, "a", VIOLATING)
    assert desk.take(ANA, 4) is None
    assert desk.take(BEN, 4) == "task-a2"


def test_a_second_review_that_is_judged_first_keeps_its_rater_from_the_other(desk: Desk) -> None:
    first = task_row("a", rank=0.2)
    second = replace(first, task_id="task-a2", kind="second", of_task="task-a", rank=0.1)
    desk.add(first, second)
    desk.judged(ANA, "a2", VIOLATING)
    assert desk.take(ANA, 4) is None
    assert desk.take(BEN, 4) == "task-a"


def test_an_episode_is_never_given_to_who_decided_or_has_its_case(desk: Desk) -> None:
    office = desk.house.office
    office.found(0, "a", "b")
    office.open(1.2)
    for name in "ab":
        alert = office.alert(name)
        desk.add(task_row(name, "episode", unit_id=alert.alert_id, entity=name))
    office.decided(office.case_of("a"), 1.5)
    office.reviewed(office.case_of("b"), 1.6, BEN)
    assert desk.take(ANA) == "task-b"
    assert desk.take(BEN) == "task-a"


def test_a_window_is_never_given_to_who_decided_on_its_entity(desk: Desk) -> None:
    office = desk.house.office
    office.found(0, "a")
    office.open(1.2)
    office.decided(office.case_of("a"), 1.5)
    desk.add(task_row("w", entity="a"), task_row("x", entity="other"))
    assert desk.take(ANA) == "task-x"
    assert desk.take(BEN) == "task-w"


def test_a_person_is_given_so_many_tasks_a_day_of_their_zone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_next, "PER_DAY", 1)
    desk.add(task_row("a"), task_row("b"))
    desk.judged(ANA, "a", BENIGN)
    with pytest.raises(ReviewError, match=r"at most 1 .*Go on after 2026-03-03T00:00:00\+00:00"):
        desk.take(ANA, 4)
    assert desk.take(ANA, 24) == "task-b"


def test_answers_of_others_count_against_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_next, "PER_DAY", 1)
    desk.add(task_row("a"), task_row("b"))
    desk.judged(ANA, "a", BENIGN)
    assert desk.take(BEN, 4) == "task-b"


def _plain(view: TaskView) -> dict[str, object]:
    """All of a view as values, its evidence as rows."""
    found = {part.name: getattr(view, part.name) for part in fields(view)}
    return {**found, "evidence": view.evidence.to_dicts()}


def _kinds(desk: Desk) -> dict[str, str]:
    """One task of each kind and stratum, by what it is; all of accounts that wrote alike."""
    house, kinds = desk.house, ("flagged", "near", "bulk", "null", "episode", "second", "golden")
    for kind in kinds:
        events = [message(kind, at(0) + n * MINUTE, CANARY) for n in range(3)]
        house.put("messages", *events)
    house.found(0, "flagged", "episode", score=9.0, evidence={"recipients": 77})
    names = {kind: house.name(kind) for kind in kinds}
    for stratum in ("flagged", "near", "bulk", "null"):
        probability = 1.0 if stratum in {"flagged", "near"} else 0.01
        desk.add(
            task_row(stratum, stratum=stratum, entity=names[stratum], inclusion_prob=probability)
        )
    alert = house.office.alert(names["episode"])
    desk.add(task_row("episode", "episode", unit_id=alert.alert_id, entity=names["episode"]))
    desk.add(task_row("second", "second", of_task="task-bulk", entity=names["second"]))
    desk.gold("golden", entity=names["golden"])
    return names


def test_every_kind_of_task_is_shown_by_the_same_fields_of_the_same_types(desk: Desk) -> None:
    names = _kinds(desk)
    views = {kind: _plain(desk.view(kind)) for kind in names}
    assert len(views) == 7
    first = views["bulk"]
    for view in views.values():
        assert list(view) == list(first)
        assert {key: type(value) for key, value in view.items()} == {
            key: type(value) for key, value in first.items()
        }
        own = {"task_id": view["task_id"], "entity": view["entity"]}
        assert view == {**first, **own, "evidence": view["evidence"]}
        for row, other in zip(
            view["evidence"],  # type: ignore[call-overload]
            first["evidence"],
            strict=True,
        ):
            assert {**row, "event_ids": ""} == {**other, "event_ids": ""}


def test_a_view_is_literally_this(desk: Desk) -> None:
    _kinds(desk)
    view = desk.view("flagged")
    house = desk.house
    policy = desk.terms.policies.of_harm(REGISTRY.monitors[SPAM].harm)
    assert policy is not None
    assert _plain(view) == {
        "task_id": "task-flagged",
        "product": "chat",
        "harm": "spam",
        "policy": f"spam/{policy.version}",
        "wording": policy.text,
        "entity_type": "account_id",
        "entity": house.name("flagged"),
        "starts": "Monday 00:00:00",
        "length": timedelta(hours=1),
        "evidence": [
            {
                "contract": "messages",
                "product": "chat",
                "events": 3,
                "first_after": 0,
                "last_after": 120,
                "facts": view.evidence["facts"][0],
                "event_ids": view.evidence["event_ids"][0],
            }
        ],
    }


@pytest.mark.parametrize("word", ["score", "threshold", "stratum", "kind", "golden", "monitor"])
def test_nothing_of_a_view_names_what_the_monitor_said(desk: Desk, word: str) -> None:
    _kinds(desk)
    view = desk.view("flagged")
    assert word not in [part.name for part in fields(view)]
    assert word not in view.evidence.columns
    assert f'"{word}"' not in str(view.evidence["facts"].to_list())


def test_evidence_is_counts_and_ids_of_the_window_alone(desk: Desk) -> None:
    house = desk.house
    house.put(
        "messages",
        message("eve", at(0) + MINUTE, CANARY, recipient_id="r1", event_id="e1"),
        message("eve", at(0) + 2 * MINUTE, CANARY, recipient_id="r2", event_id="e2"),
        message("eve", at(1), CANARY, recipient_id="r3", event_id="after"),
        message("bob", at(0) + MINUTE, CANARY, recipient_id="r4", event_id="bobs"),
    )
    desk.add(task_row("a", entity=house.name("eve")))
    rows = desk.view("a").evidence
    assert rows.select(
        "contract", "product", "events", "first_after", "last_after", "event_ids"
    ).rows() == [("messages", "chat", 2, 60, 120, '["e2", "e1"]')]
    facts = pl.Series([rows["facts"][0]]).str.json_decode(
        pl.Struct({"recipient_id": pl.Int64, "account_id": pl.Int64})
    )
    assert facts.to_list() == [{"recipient_id": 2, "account_id": 1}]
    shown = str(_plain(desk.view("a")))
    assert CANARY not in shown
    assert "eve" not in shown.replace("event", "").replace("every", "")


def test_scores_that_come_with_events_and_what_no_event_fills_are_left_out(desk: Desk) -> None:
    house = desk.house
    sent = {"score_spam": 0.97, "reported": True}
    house.put(
        "messages",
        message("eve", at(0) + MINUTE, CANARY, sender_age_days=3.0, **sent),
        message("eve", at(0) + 2 * MINUTE, CANARY, sender_age_days=4.0),
    )
    desk.add(task_row("a", entity=house.name("eve")))
    facts = json.loads(desk.view("a").evidence["facts"][0])
    assert facts == {
        "account_id": 1,
        "recipient_id": 1,
        "reported": 1,
        "sender_age_days_max": 4.0,
        "sender_age_days_sum": 7.0,
    }


def test_an_entity_that_nothing_tells_any_more_has_no_evidence(desk: Desk) -> None:
    desk.add(task_row("a", entity="account_0123456789ab"))
    assert desk.view("a").evidence.is_empty()


def test_a_view_is_of_no_ledger_row(desk: Desk) -> None:
    desk.add(task_row("a"))
    before = desk.house.everything()
    desk.view("a")
    assert desk.house.everything() == before
    assert desk.task("a").state is TaskState.OPEN


def test_the_due_time_is_compared_with_now_and_nothing_else(desk: Desk) -> None:
    late: datetime = at(3) - timedelta(microseconds=1)
    desk.add(task_row("a", rank=0.9, due_at=late), task_row("b", rank=0.1))
    assert desk.take(person("dan"), late - MINUTE) == "task-b"
    assert desk.take(person("eli"), at(3)) == "task-a"
