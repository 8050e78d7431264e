from dataclasses import replace

import pytest

from orchestration.cases.judging import Verdict
from orchestration.ledger.database import reading
from orchestration.ledger.labels import labels_on, latest
from orchestration.ledger.review_tasks import TaskState
from orchestration.measurement.quality import quality
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role
from orchestration.review.adjudicate import Dispute, disputes
from orchestration.review.errors import ReviewError
from tests.orchestration.alerts.builders import SPAM, at
from tests.support.cases import ANA, BEN, LEAD, person
from tests.support.review import BENIGN, MINORS, VIOLATING, Desk, task_row

S = TaskState


def listed(desk: Desk) -> list[Dispute]:
    with reading(desk.engine) as connection:
        return disputes(connection)


def test_a_dispute_is_listed_once_with_both_answers(desk: Desk) -> None:
    desk.disputed("b", raters=(ANA, BEN), first=task_row("b"))
    desk.disputed("a", raters=(BEN, ANA), first=task_row("a"))
    found = listed(desk)
    assert [one.task.task_id for one in found] == ["task-a", "task-b"]
    assert (found[1].raters, found[1].verdicts) == (("ana", "ben"), (VIOLATING, BENIGN))
    assert (found[0].raters, found[0].since) == (("ana", "ben"), at(3.1))


def test_what_is_settled_counts_before_both_answers_and_keeps_the_draw(desk: Desk) -> None:
    desk.house.office.found(0, "a")
    unit = desk.house.office.alert("a").alert_id
    first = task_row("a", "episode", unit_id=unit, entity="a")
    desk.disputed("a", raters=(ANA, BEN), first=first)
    with reading(desk.engine) as connection:
        assert quality(connection, SPAM, 1, at(4)).n == 1
    done = desk.settle("a", VIOLATING)
    assert done.new
    assert sorted(done.task_ids) == ["task-a", "task-a2"]
    with reading(desk.engine) as connection:
        labels = labels_on(connection, [unit])
        (counts,) = latest(labels)
        found = quality(connection, SPAM, 1, at(6))
    assert (counts.source, counts.value, counts.rater) == ("adjudication", True, "lea")
    assert (counts.inclusion_prob, counts.stratum) == (0.5, "uniform")
    assert counts.supersedes in {label.label_id for label in labels if label.rater == "ben"}
    assert (found.n, found.k, len(labels)) == (1, 1, 3)
    assert [desk.task(name).state for name in ("a", "a2")] == [S.SETTLED, S.SETTLED]
    assert listed(desk) == []
    assert desk.is_sound()


def test_a_window_is_settled_by_either_of_its_tasks(desk: Desk) -> None:
    desk.disputed("a", raters=(ANA, BEN), first=task_row("a", stratum="near"))
    desk.settle("a2", BENIGN)
    with reading(desk.engine) as connection:
        (counts,) = latest(labels_on(connection, ["scored:a"]))
    assert (counts.source, counts.value, counts.stratum) == ("adjudication", False, "near")


def test_the_same_settlement_again_changes_nothing_and_another_is_refused(desk: Desk) -> None:
    desk.disputed("a", raters=(ANA, BEN), first=task_row("a"))
    first = desk.settle("a", VIOLATING)
    before = desk.house.everything()
    again = desk.settle("a2", VIOLATING, hour=6)
    assert (again.label_id, again.new) == (first.label_id, False)
    with pytest.raises(ReviewError, match="settled as violating by lea; wanted the same"):
        desk.settle("a", BENIGN, hour=6)
    assert desk.house.everything() == before


def test_a_lead_who_judged_the_unit_cannot_settle_it(desk: Desk) -> None:
    desk.disputed("a", raters=(LEAD, BEN), first=task_row("a"))
    with pytest.raises(ReviewError, match="lea has judged the unit of the task task-a"):
        desk.settle("a")
    other = person("lou", Role.LEAD)
    assert desk.settle("a", who=other).new


def test_only_leads_settle(desk: Desk) -> None:
    desk.disputed("a", raters=(ANA, BEN), first=task_row("a"))
    with pytest.raises(PeopleError, match="none of which may 'adjudicate'"):
        desk.settle("a", who=person("cid"))


def test_a_lead_without_the_skills_of_the_harm_cannot_settle_it(desk: Desk) -> None:
    raters = (person("dan", skills=("children",)), person("eli", skills=("children",)))
    desk.disputed("a", raters=raters, first=task_row("a", monitor=MINORS))
    with pytest.raises(ReviewError, match="wants children, which lea does not have"):
        desk.settle("a")
    assert desk.settle("a", who=replace(LEAD, skills=frozenset({"children"}))).new


@pytest.mark.parametrize("verdict", [Verdict.INSUFFICIENT, Verdict.NO_POLICY])
def test_a_dispute_is_settled_as_violating_or_benign_only(desk: Desk, verdict: Verdict) -> None:
    desk.disputed("a", raters=(ANA, BEN), first=task_row("a"))
    with pytest.raises(ReviewError, match="wanted violating or benign"):
        desk.settle("a", verdict)
    assert desk.task("a").state is S.DISPUTED


def test_what_nobody_disputes_is_not_settled(desk: Desk) -> None:
    desk.add(task_row("a"))
    with pytest.raises(ReviewError, match="The task task-a is open; wanted one that is disputed"):
        desk.settle("a")
