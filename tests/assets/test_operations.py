import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest
from sqlalchemy import select, update

from orchestration.enforcement.reverse import reverse_one
from orchestration.enforcement.switches import throw
from orchestration.jobs import OF_OPERATIONS
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import cases as cases_table
from orchestration.ledger.tables import enforcements, notices
from sensors.cases import cases
from tests.support.operations import LEAD, Operation, checks, metadata, operations
from tests.support.place import NOW, Place

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CANARY = "canary-55c0@example.com"


@pytest.fixture
def operation(place: Place) -> Iterator[Operation]:
    """A case of two accounts, open since two in the afternoon."""
    with operations(place) as found:
        found.finds("loud", CANARY)
        found.tick(cases)
        yield found


def decided(operation: Operation) -> None:
    for case in operation.cases():
        operation.decides(case)


def told(operation: Operation) -> list[tuple[str, str]]:
    """Kind and state of every notice."""
    with operation.working() as working, reading(working.engine) as connection:
        rows = select(notices.c.kind, notices.c.state).order_by(notices.c.audit_seq)
        return [(kind, state) for kind, state in connection.execute(rows)]


def test_what_is_decided_is_planned_and_carried_out_at_the_service(operation: Operation) -> None:
    decided(operation)

    result = operation.run("enforcement_run", NOW + MINUTE)

    found = metadata(result, "enforcement")
    assert [found[name] for name in ("applied", "failed", "unknown", "held")] == [2, 0, 0, 0]
    assert found["stopped"] == "no"
    (preview,) = found["previews"].records
    assert "would act on 2 account_id, 100.0 % of active in chat" in preview.data["preview"]
    assert operation.value("loud") != "open"
    answers = checks(result, "enforcement")
    assert {name: one.passed for name, one in answers.items()} == {
        "caps": True,
        "unknown": True,
        "agreement": True,
        "pending_approvals": True,
    }
    assert answers["agreement"].metadata["answered"].value == 2


def test_a_run_that_is_repeated_acts_on_nobody_twice(operation: Operation) -> None:
    decided(operation)
    operation.run("enforcement_run", NOW + MINUTE)
    effects = operation.client.effects()

    again = metadata(operation.run("enforcement_run", NOW + 2 * MINUTE), "enforcement")

    assert (again["applied"], again["batches_planned"]) == (0, 0)
    assert operation.client.effects() == effects


def test_in_dry_run_it_says_what_it_would_do_and_the_service_hears_of_nothing(place: Place) -> None:
    with operations(place, mode="dry_run") as operation:
        operation.finds("loud")
        operation.tick(cases)
        decided(operation)

        found = metadata(operation.run("enforcement_run", NOW + MINUTE), "enforcement")

        assert (found["mode"], found["applied"]) == ("dry_run", 0)
        assert found["previews"].records[0].data["preview"].startswith("would act on 1 account_id")
        assert operation.client.effects() == []
        assert operation.value("loud") == "open"


def test_what_is_reversed_is_restored_with_the_kill_switch_on_and_the_user_told(
    operation: Operation,
) -> None:
    decided(operation)
    operation.run("enforcement_run", NOW + MINUTE)
    with operation.working() as working:
        who = working.terms(NOW).roster.person(LEAD)
        more = {"who": who, "reason": "it was wrong", "now": NOW + 2 * MINUTE}
        throw(working.engine, name="all", on=True, **more)
        for row in operation.rows():
            reverse_one(working.engine, enforcement_id=row.enforcement_id, **more)

    result = operation.run("enforcement_run", NOW + 3 * MINUTE)

    assert metadata(result, "reversals")["restored_now"] == 2
    assert checks(result, "reversals")["restored"].passed
    assert [operation.value("loud"), operation.value(CANARY)] == ["open", "open"]
    sent = metadata(operation.run("appeals_run", NOW + 4 * MINUTE), "appeals")
    assert (sent["notices_sent"], sent["notices_queued"]) == (4, 0)
    assert sorted(told(operation)) == [("applied", "sent")] * 2 + [("restored", "sent")] * 2


def test_what_the_service_denies_is_no_agreement(operation: Operation) -> None:
    decided(operation)
    operation.run("enforcement_run", NOW + MINUTE)
    with operation.working() as working, writing(working.engine) as connection:
        lost = update(enforcements).where(enforcements.c.target.is_not(None))
        connection.execute(lost.values(idempotency_key="never-sent-" + enforcements.c.target))

    check = checks(operation.run("enforcement_run", NOW + 2 * MINUTE), "enforcement")["agreement"]

    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.metadata["denied"].value == 2


def test_a_case_that_nobody_began_in_time_is_escalated_and_breaches(operation: Operation) -> None:
    late = NOW + 3 * DAY

    result = operation.run("escalation_run", late)

    assert metadata(result, "cases")["escalated_now"] == len(operation.cases())
    assert {case.state.value for case in operation.cases()} == {"escalated"}
    found = checks(result, "cases")
    assert (found["breaches"].passed, found["breaches"].severity) == (
        False,
        dg.AssetCheckSeverity.WARN,
    )
    assert {name for name, one in found.items() if not one.passed} == {"breaches"}
    assert metadata(operation.run("escalation_run", late), "cases")["escalated_now"] == 0


def test_queues_are_counted_and_a_forecast_without_a_past_has_no_number(
    operation: Operation,
) -> None:
    found = metadata(operation.run("escalation_run"), "cases")

    rows = {row.data["queue"]: row.data for row in found["queues"].records}
    assert (found["open"], found["breached"]) == (2, 0)
    assert (rows["integrity"]["open"], rows["integrity"]["nobody_has"]) == (2, 2)
    assert rows["integrity"]["breaches_next_8_h"] == "not known (0 weeks)"
    assert rows["fraud"]["open"] == 0


def test_a_case_in_a_queue_that_is_gone_is_astray(operation: Operation) -> None:
    with operation.working() as working, writing(working.engine) as connection:
        connection.execute(update(cases_table).values(queue="gone"))

    check = checks(operation.run("escalation_run"), "cases")["routing"]

    assert (check.passed, check.metadata["astray"].value) == (False, 2)


def test_nothing_that_names_anybody_is_told_or_logged(
    operation: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    decided(operation)

    result = operation.run("operations_run", NOW + MINUTE)

    assert metadata(result, "enforcement")["applied"] == 2
    events = operation.place.instance.all_logs(result.run_id)
    said = "".join(str(event.dagster_event) + event.user_message for event in events)
    assert len(said) > 100
    assert CANARY not in said + caplog.text
    assert CANARY not in json.dumps(operation.watch.slack.calls)


def test_every_job_of_operations_is_there(operation: Operation) -> None:
    definitions = operation.watch.definitions()
    for name, (keys, _) in OF_OPERATIONS.items():
        job = definitions.resolve_job_def(name)
        assert job.asset_layer.executable_asset_keys == keys, name
