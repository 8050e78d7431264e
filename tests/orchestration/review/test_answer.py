from dataclasses import fields, replace

import pytest
from sqlalchemy import update

from orchestration.cases.judging import Verdict
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.labels import Label, labels_on
from orchestration.ledger.review_tasks import ReviewTask, TaskState
from orchestration.ledger.tables import golden
from orchestration.measurement.quality import quality
from orchestration.oncall.errors import PeopleError
from orchestration.review.answer import Answered
from orchestration.review.errors import ReviewError
from tests.orchestration.alerts.builders import SPAM, at
from tests.support.cases import ANA, BEN, CARA, VIEWER
from tests.support.review import BENIGN, MINORS, VIOLATING, Desk, task_row

S = TaskState
UNSURE, UNFORBIDDEN = Verdict.INSUFFICIENT, Verdict.NO_POLICY


def episode(desk: Desk, name: str = "a") -> ReviewTask:
    """A task of the uniform slice, of an alert that there is."""
    desk.house.office.found(0, name)
    alert = desk.house.office.alert(name)
    return task_row(name, "episode", unit_id=alert.alert_id, entity=name)


def second_of(first: ReviewTask) -> ReviewTask:
    return replace(
        first,
        task_id=f"{first.task_id}2",
        kind="second",
        of_task=first.task_id,
        rank=first.rank + 1e-9,
    )


def labels(desk: Desk, unit_id: str) -> list[Label]:
    with reading(desk.engine) as connection:
        return labels_on(connection, [unit_id])


def drawn(label: Label) -> tuple[object, ...]:
    """What a label says of how its unit was drawn."""
    return (label.source.value, label.inclusion_prob, label.stratum, label.value, label.rater)


def test_an_answer_to_an_episode_is_a_label_of_the_uniform_slice(desk: Desk) -> None:
    task = episode(desk)
    desk.add(task)
    desk.judged(ANA, "a", VIOLATING)
    (label,) = labels(desk, task.unit_id)
    assert drawn(label) == ("random", 0.5, "uniform", True, "ana")
    assert (label.monitor, label.monitor_version, label.policy_version) == (SPAM, 1, "spam/1")
    with reading(desk.engine) as connection:
        found = quality(connection, SPAM, 1, at(4))
    assert (found.n, found.k) == (1, 1)
    assert desk.is_sound()


def test_an_answer_to_a_window_is_a_label_of_its_stratum_that_no_gate_counts(desk: Desk) -> None:
    desk.add(task_row("a", stratum="near", inclusion_prob=0.25))
    desk.judged(ANA, "a", BENIGN)
    (label,) = labels(desk, "scored:a")
    assert drawn(label) == ("flag_review", 0.25, "near", False, "ana")
    with reading(desk.engine) as connection:
        assert quality(connection, SPAM, 1, at(4)).n == 0


def test_a_second_review_records_the_draw_of_the_first(desk: Desk) -> None:
    first = episode(desk)
    window = task_row("w", stratum="flagged", inclusion_prob=0.75)
    desk.add(first, second_of(first), window, second_of(window))
    desk.judged(ANA, "a", BENIGN)
    desk.judged(BEN, "a2", BENIGN)
    assert [drawn(label) for label in labels(desk, first.unit_id)] == [
        ("random", 0.5, "uniform", False, "ana"),
        ("random", 0.5, "uniform", False, "ben"),
    ]
    desk.judged(ANA, "w", VIOLATING, 4)
    desk.judged(BEN, "w2", VIOLATING, 4)
    assert sorted(drawn(label) for label in labels(desk, "scored:w")) == [
        ("flag_review", 0.75, "flagged", True, "ana"),
        ("flag_review", 0.75, "flagged", True, "ben"),
    ]


def test_what_is_no_truth_is_an_answer_without_a_label(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    desk.judged(ANA, "a", UNSURE)
    desk.judged(ANA, "b", UNFORBIDDEN, 4)
    assert [(row["verdict"], row["label_id"]) for row in desk.rows("answers")] == [
        ("insufficient", None),
        ("no_policy", None),
    ]
    assert desk.rows("labels") == []
    assert [desk.task(name).state for name in "ab"] == [S.ANSWERED, S.ANSWERED]


def test_an_answer_says_when_the_task_was_taken_and_by_what_policy_it_was_judged(
    desk: Desk,
) -> None:
    desk.add(task_row("a"))
    desk.taken(ANA, "a", 3)
    desk.answer(ANA, "a", BENIGN, 3.25)
    (row,) = desk.rows("answers")
    assert (row["taken_at"], row["answered_at"]) == (at(3), at(3.25))
    assert (row["rater"], row["policy_version"], row["golden_version"]) == ("ana", "spam/1", None)
    acts = desk.house.office.desk.audit("answer", "label")
    assert [(act.actor, act.object.split(":")[0]) for act in acts] == [
        ("ana", "label"),
        ("ana", "answer"),
        ("ana", "review_task"),
    ]


def test_the_same_answer_again_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.add(task_row("a"))
    first = desk.judged(ANA, "a", VIOLATING)
    before = desk.house.everything()
    again = desk.answer(ANA, "a", VIOLATING, 9)
    assert (first.new, again.new) == (True, False)
    assert again == replace(first, new=False)
    assert desk.house.everything() == before


def test_another_answer_of_the_same_person_is_refused(desk: Desk) -> None:
    desk.add(task_row("a"))
    desk.judged(ANA, "a", VIOLATING)
    before = desk.house.everything()
    with pytest.raises(ReviewError, match="has answered the task task-a with violating"):
        desk.answer(ANA, "a", BENIGN, 3.2)
    assert desk.house.everything() == before


def test_two_labels_of_one_rater_for_one_unit_are_refused(desk: Desk) -> None:
    """A case is decided between the taking and the answer."""
    task = episode(desk)
    desk.add(task)
    desk.taken(ANA, "a", 3)
    desk.house.office.open(3.05)
    desk.house.office.decided(desk.house.office.case(), 3.1)
    before = desk.house.everything()
    with pytest.raises(ReviewError, match="ana has judged the unit of the task task-a before"):
        desk.answer(ANA, "a", BENIGN, 3.2)
    assert desk.house.everything() == before


def test_who_does_not_have_the_task_is_refused(desk: Desk) -> None:
    desk.add(task_row("a"), task_row("b"))
    for name in ("a", "b"):
        with pytest.raises(ReviewError, match="ana does not have the task"):
            desk.answer(ANA, name)
    desk.taken(BEN, "a")
    with pytest.raises(ReviewError, match="ana does not have the task task-a; wanted one"):
        desk.answer(ANA, "a")
    with pytest.raises(PeopleError, match="none of which may 'answer'"):
        desk.answer(VIEWER, "a")
    with pytest.raises(LedgerError, match="There is no review_task of the id given"):
        desk.answer(ANA, "nothing")
    assert desk.rows("answers") == []


def test_an_answer_after_the_lease_is_refused_and_the_task_waits(desk: Desk) -> None:
    desk.add(task_row("a"))
    desk.taken(ANA, "a", 3)
    with pytest.raises(ReviewError, match=r"ana had the task task-a until .* Take the next"):
        desk.answer(ANA, "a", VIOLATING, 3.5)
    assert desk.rows("answers") == []
    desk.taken(ANA, "a", 3.5)
    assert desk.answer(ANA, "a", VIOLATING, 3.6).new


def test_who_lost_a_skill_since_they_took_a_task_is_refused(desk: Desk) -> None:
    desk.add(task_row("a", monitor=MINORS))
    desk.taken(CARA, "a")
    with pytest.raises(ReviewError, match="wants children, which cara does not have"):
        desk.answer(replace(CARA, skills=frozenset()), "a")


@pytest.mark.parametrize("verdict", [BENIGN, UNSURE, UNFORBIDDEN])
def test_two_answers_that_differ_make_both_tasks_disputed(desk: Desk, verdict: Verdict) -> None:
    first = task_row("a")
    desk.add(first, second_of(first))
    desk.judged(ANA, "a", VIOLATING)
    told = desk.judged(BEN, "a2", verdict)
    assert [desk.task(name).state for name in ("a", "a2")] == [S.DISPUTED, S.DISPUTED]
    assert told == Answered(told.answer_id, "task-a2", verdict, new=True)
    verbs = [act.actor for act in desk.house.office.desk.audit("dispute")]
    assert verbs == ["system:review", "system:review"]


def test_two_answers_that_agree_leave_both_tasks_answered(desk: Desk) -> None:
    first = task_row("a")
    desk.add(first, second_of(first))
    desk.judged(ANA, "a", UNSURE)
    desk.judged(BEN, "a2", UNSURE)
    assert [desk.task(name).state for name in ("a", "a2")] == [S.ANSWERED, S.ANSWERED]


def test_a_golden_answer_names_the_version_of_the_set_and_counts_for_no_gate(desk: Desk) -> None:
    desk.gold("a", since_version=3)
    desk.gold("b", since_version=2, until_version=5, retired_at=at(1), retired_why="wrong")
    desk.judged(ANA, "a", BENIGN)
    (row,) = desk.rows("answers")
    assert row["golden_version"] == 5
    (label,) = labels(desk, "scored:a")
    assert drawn(label) == ("golden", None, None, False, "ana")


def test_an_answer_to_gold_that_leaked_meanwhile_is_kept_without_effect(desk: Desk) -> None:
    desk.gold("a")
    desk.taken(ANA, "a")
    with writing(desk.engine) as connection:
        gone = {"retired_at": at(3), "retired_why": "leaked", "until_version": 2}
        connection.execute(update(golden).values(gone))
    desk.answer(ANA, "a", BENIGN)
    (row,) = desk.rows("answers")
    assert (row["verdict"], row["golden_version"], row["label_id"]) == ("benign", None, None)
    assert desk.rows("labels") == []


def test_nothing_tells_a_rater_that_they_answered_gold(desk: Desk) -> None:
    desk.gold("a")
    desk.add(task_row("b"))
    gold = desk.judged(ANA, "a", BENIGN)
    other = desk.judged(ANA, "b", BENIGN, 4)
    plain = replace(other, answer_id=gold.answer_id, task_id=gold.task_id)
    assert gold == plain
    assert [part.name for part in fields(gold)] == ["answer_id", "task_id", "verdict", "new"]
    assert len(gold.answer_id) == len(other.answer_id)
    assert desk.task("a").state is desk.task("b").state


def test_answers_to_one_golden_item_of_two_people_dispute_nothing(desk: Desk) -> None:
    task = desk.gold("a")
    desk.add(replace(task, task_id="task-b", rank=task.rank + 1e-9))
    desk.judged(ANA, "a", BENIGN)
    desk.judged(BEN, "b", VIOLATING)
    assert [desk.task(name).state for name in "ab"] == [S.ANSWERED, S.ANSWERED]
