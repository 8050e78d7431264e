from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Monitor
from orchestration.acts.errors import ActError
from orchestration.acts.promotion import approve, demote, roll_out
from orchestration.intake.modes import standings, watched
from orchestration.ledger.approvals import last_approval
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.rollouts import rollouts_of
from orchestration.ledger.states import ModeState
from orchestration.measurement.rollout import of
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from tests.support.enforcement import ANA, somebody
from tests.support.ledgers import NOON, alert, opened
from tests.support.measuring import judge, relabel, ruled
from tests.support.monitors import failed_logins

HOUR = timedelta(hours=1)
REVIEW, AUTO = ModeState.REVIEW, ModeState.AUTO
MONITOR = replace(failed_logins, action="warn")
ENGINEER = somebody("emil", Role.ENGINEER)


def promoted(
    ledger: Engine, to: ModeState = AUTO, who: Person = ANA, monitor: Monitor = MONITOR, **more: str
) -> None:
    fit = (lambda _monitor, _version: more["fit"]) if "fit" in more else None
    approve(ledger, who=who, monitor=monitor, to=to, reason="why", fit=fit, now=NOON + HOUR)


def in_review(ledger: Engine, right: int = 0, wrong: int = 0) -> None:
    """A version in review, with labels of drawn units."""
    promoted(ledger, REVIEW)
    more_labels(ledger, [True] * right + [False] * wrong)


def more_labels(ledger: Engine, values: list[bool], first: int = 0) -> None:
    with writing(ledger) as connection:
        judge(connection, MONITOR.id, values, at=NOON, first=first)


def rolled(ledger: Engine, percent: int, who: Person = ANA, **more: str) -> bool:
    """Set the share; whether it was that already."""
    fit = (lambda _monitor, _version: more["fit"]) if "fit" in more else None
    given = {"who": who, "monitor": MONITOR, "reason": "why", "now": NOON + HOUR}
    return roll_out(ledger, percent=percent, fit=fit, **given)[1]  # type: ignore[arg-type]


def shares(ledger: Engine) -> list[int]:
    with reading(ledger) as connection:
        version = (MONITOR.id, MONITOR.version)
        return [row.percent for row in rollouts_of(connection, [version])[version]]


def mode(ledger: Engine, monitor: Monitor = MONITOR) -> str:
    with reading(ledger) as connection:
        return watched(connection, [monitor], now=NOON + HOUR)[monitor.id].mode.value


# What operations.md predicts for labels that are all right.
@pytest.mark.parametrize(("line", "last"), [(0.80, 14), (0.90, 29), (0.95, 59)])
def test_a_good_version_is_promoted_with_exactly_the_last_label_that_it_takes(
    ledger: Engine, tmp_path: Path, line: float, last: int
) -> None:
    ruled(ledger, tmp_path, line, last)
    in_review(ledger, last - 1)
    with pytest.raises(ActError, match=r"may not act by itself: .* 1 labels more, all right"):
        promoted(ledger)
    assert (mode(ledger), shares(ledger)) == ("review", [])
    more_labels(ledger, [True], first=last - 1)
    promoted(ledger)
    assert (mode(ledger), shares(ledger)) == ("auto", [1])


def test_a_refusal_says_which_figure_what_is_wanted_and_how_many_labels_more(
    ledger: Engine, tmp_path: Path
) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14, 1)
    with pytest.raises(ActError) as refusal:
        promoted(ledger)
    assert str(refusal.value) == (
        "accounts/failed_logins version 1 may not act by itself: lower bound 0.721 (14 of 15 "
        "right, one-sided 95 %), 0.80 wanted. 7 labels more, all right, would do."
    )


def test_where_no_number_of_labels_does_it_says_so(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 10, 10)
    with pytest.raises(ActError, match="No number of labels does with so many wrong: tune it"):
        promoted(ledger)


def test_a_failed_check_keeps_it_from_auto_and_is_named(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    with pytest.raises(ActError, match=r"its check canary failed\. Labels are enough; mend"):
        promoted(ledger, fit="check:canary")
    promoted(ledger, fit="waits:canary")
    assert mode(ledger) == "auto"


def test_a_refusal_leaves_nothing_behind(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 13)
    with reading(ledger) as connection:
        before = len(list(entries(connection)))
    with pytest.raises(ActError):
        promoted(ledger)
    with reading(ledger) as connection:
        last = last_approval(connection, monitor=MONITOR.id, version=1)
        assert len(list(entries(connection))) == before
    assert last is not None
    assert last.mode is REVIEW


def test_only_an_approver_who_did_not_write_it_promotes_to_auto(
    ledger: Engine, tmp_path: Path
) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    with pytest.raises(ActError, match="needs one of the roles admin, approver"):
        promoted(ledger, who=ENGINEER)
    with pytest.raises(ActError, match="test is an author of"):
        promoted(ledger, who=somebody("test"))
    with pytest.raises(PeopleError, match="none of which may 'promote'"):
        promoted(ledger, who=somebody("rita", Role.REVIEWER))
    assert mode(ledger) == "review"


def test_auto_is_reached_from_review_only(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    with pytest.raises(LedgerError, match="is shadow and cannot become auto"):
        promoted(ledger)


def test_a_new_version_begins_in_shadow_and_with_no_labels(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    promoted(ledger)
    after = replace(MONITOR, version=2)
    assert mode(ledger, after) == "shadow"
    promoted(ledger, REVIEW, monitor=after)
    with pytest.raises(ActError, match="version 2 may not act by itself: 0 labels of drawn units"):
        promoted(ledger, monitor=after)
    with reading(ledger) as connection:
        assert standings(connection, [after], now=NOON + HOUR)[after.id].labels_needed == 14


def test_a_version_is_taken_back_by_name_and_only_from_auto(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    given = {"who": ENGINEER, "monitor": MONITOR, "reason": "odd", "now": NOON + HOUR}
    with pytest.raises(ActError, match="not approved for auto, so there is nothing to take back"):
        demote(ledger, **given)  # type: ignore[arg-type]
    promoted(ledger)
    assert demote(ledger, **given).approved_by == "emil"  # type: ignore[arg-type]
    assert mode(ledger) == "review"


def test_a_share_goes_up_by_a_step_and_down_at_once(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    with pytest.raises(ActError, match="is not approved for auto, so that it acts on nobody"):
        rolled(ledger, 10)
    promoted(ledger)
    for skipped in (50, 100):
        with pytest.raises(ActError, match="wanted the next step of 0 %, 1 %, 10 %, 50 %, 100 %"):
            rolled(ledger, skipped)
    assert not rolled(ledger, 10)
    assert rolled(ledger, 10)  # again: nothing is written
    assert not rolled(ledger, 50)
    assert not rolled(ledger, 100)
    assert not rolled(ledger, 0)
    assert not rolled(ledger, 1)
    assert shares(ledger) == [1, 10, 50, 100, 0, 1]
    with reading(ledger) as connection:
        acts = [row for row in entries(connection) if row.verb == "roll_out"]
    assert [row.object for row in acts] == ["rollout:accounts/failed_logins:v1"] * 6
    assert all(later.before == before.after for before, later in pairwise(acts))


def test_up_takes_an_approver_and_down_anybody_who_may_promote(
    ledger: Engine, tmp_path: Path
) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    promoted(ledger)
    with pytest.raises(ActError, match="needs one of the roles admin, approver"):
        rolled(ledger, 10, who=ENGINEER)
    with pytest.raises(PeopleError):
        rolled(ledger, 0, who=somebody("rita", Role.REVIEWER))
    rolled(ledger, 0, who=ENGINEER)
    assert shares(ledger) == [1, 0]


def test_no_step_up_while_measurement_does_not_allow_auto(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    promoted(ledger)
    with pytest.raises(ActError, match="its check hit_rate failed"):
        rolled(ledger, 10, fit="check:hit_rate")
    more_labels(ledger, [False], first=14)
    with pytest.raises(ActError, match="14 of 15 right"):
        rolled(ledger, 10)
    rolled(ledger, 0)
    assert shares(ledger) == [1, 0]


def test_no_step_up_while_those_acted_on_do_worse_than_the_others(
    ledger: Engine, tmp_path: Path
) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    promoted(ledger)
    rolled(ledger, 10)
    version = (MONITOR.id, 1)
    with writing(ledger) as connection:
        share = of(rollouts_of(connection, [version])[version])
        entities = {f"u{at}": f"account_{at:012x}" for at in range(600)}
        begun = {"opened_at": NOON + HOUR, "monitor": MONITOR.id, "version": 1}
        opened(
            connection,
            *(alert(unit, entity=entity, **begun) for unit, entity in entities.items()),
        )
        # About 60 in the roll-out are not what the monitor says, and 540 outside are.
        values = {unit: not share.holds(entity) for unit, entity in entities.items()}
        relabel(connection, MONITOR.id, values, at=NOON)
    with pytest.raises(ActError, match="do worse than the others: violating"):
        rolled(ledger, 50)
    assert not rolled(ledger, 1)


def test_promoted_again_it_begins_with_one_percent_again(ledger: Engine, tmp_path: Path) -> None:
    ruled(ledger, tmp_path)
    in_review(ledger, 14)
    promoted(ledger)
    rolled(ledger, 10)
    demote(ledger, who=ANA, monitor=MONITOR, reason="odd", now=NOON + HOUR)
    promoted(ledger)
    assert shares(ledger) == [1, 10, 1]
