from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import reading, writing
from orchestration.ledger.states import ModeState
from orchestration.ledger.summary import summary
from tests.support.measuring import judge
from tests.support.operations import Operation, checks, metadata, operations
from tests.support.place import NOW, Place

DAY = timedelta(days=1)
NAME = "chat/a"


@pytest.fixture
def operation(place: Place) -> Iterator[Operation]:
    """A monitor in review, of which 20 drawn alerts were judged right."""
    with operations(place) as found:
        found.finds("loud")
        with found.working() as working, writing(working.engine) as connection:
            judge(connection, NAME, [True] * 20, at=NOW)
        yield found


def row(operation: Operation, days: int) -> tuple[dict[str, object], dg.AssetCheckEvaluation]:
    """What a run so many days later says of the monitor, and its check."""
    result = operation.run("quality_run", NOW + days * DAY)
    (record,) = metadata(result, "quality")["monitors"].records
    return dict(record.data), checks(result, "quality")["measured"]


def in_auto(operation: Operation) -> None:
    with operation.working() as working, writing(working.engine) as connection:
        change_mode(
            connection,
            approval_id="auto",
            monitor=NAME,
            version=1,
            declared=ModeState.REVIEW,
            to=ModeState.AUTO,
            act=Act(Actor("crane-6", "person"), NOW, "good enough"),
        )


def test_a_monitor_s_figures_are_shown_and_nothing_is_written(operation: Operation) -> None:
    row(operation, 1)  # settings come into force
    with operation.working() as working, reading(working.engine) as connection:
        before = summary(connection).rows
    found, check = row(operation, 1)
    assert (found["monitor"], found["n"], found["k"], found["lower"]) == (NAME, 20, 20, 0.861)
    assert found["state"] == "measured"
    assert found["recall"] == "insufficient"
    assert (check.passed, check.metadata["in_auto"].value) == (True, 0)
    with operation.working() as working, reading(working.engine) as connection:
        assert summary(connection).rows == before


def test_a_version_in_auto_without_fresh_labels_is_warned_of(operation: Operation) -> None:
    in_auto(operation)
    assert row(operation, 1)[1].passed
    found, check = row(operation, 31)
    assert found["state"] == "stale"
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["not_measured"].value == NAME
