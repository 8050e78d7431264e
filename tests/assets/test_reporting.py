import json
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from orchestration.ledger.database import reading
from orchestration.ledger.summary import summary
from sensors.cases import cases
from tests.support.operations import Operation, checks, metadata, operations
from tests.support.place import NOW, Place

CANARY = "canary-55c0@example.com"
DAY = timedelta(days=1)


@pytest.fixture
def operation(place: Place) -> Iterator[Operation]:
    """Two cases, open since two in the afternoon of a Tuesday."""
    with operations(place) as found:
        found.finds("loud", CANARY)
        found.tick(cases)
        yield found


def test_health_counts_cases_and_of_too_little_data_says_so(operation: Operation) -> None:
    result = operation.run("health_run", NOW + DAY)

    found = metadata(result, "health")
    queues = {row.data["queue"]: row.data for row in found["queues"].records}
    assert (queues["integrity"]["came"], queues["integrity"]["open_after"]) == (2, 2)
    assert "child-safety" not in queues
    answers = checks(result, "health")
    assert {name: one.metadata["state"].value for name, one in answers.items()} == {
        "sla": "insufficient",
        "noise": "good",  # the ledger was made in March, and nobody was paged
        "backlog": "insufficient",
    }
    assert [one.passed for one in answers.values()] == [False, True, False]
    assert {one.severity for one in answers.values()} == {dg.AssetCheckSeverity.WARN}


def test_the_weekly_report_is_of_the_week_that_is_over_and_names_nobody(
    operation: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    result = operation.run("weekly_run", NOW + 7 * DAY)

    found = metadata(result, "weekly_report")
    assert found["week"] == "2026-W45"
    assert found["report"].startswith("# Week 2026-W45\n")
    assert "Cases: 2 came, 0 went, 2 open." in found["report"]
    events = operation.place.instance.all_logs(result.run_id)
    said = "".join(str(event.dagster_event) + event.user_message for event in events)
    assert CANARY not in said + caplog.text + json.dumps(found["report"])


def test_a_report_writes_nothing_to_the_ledger(operation: Operation) -> None:
    operation.run("health_run", NOW + DAY)  # settings come into force
    before = _rows(operation)

    operation.run("health_run", NOW + DAY)
    operation.run("weekly_run", NOW + 7 * DAY)

    assert _rows(operation) == before


def _rows(operation: Operation) -> dict[str, int]:
    with operation.working() as working, reading(working.engine) as connection:
        return summary(connection).rows
