from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest
from sqlalchemy import update

from orchestration.cases.queue import claim
from orchestration.enforcement.reverse import reverse_one
from orchestration.enforcement.switches import throw
from orchestration.ledger.database import writing
from orchestration.ledger.tables import enforcements
from sensors.all import sensors
from sensors.appeals import appeals
from sensors.cases import cases
from sensors.enforcement import enforcement
from sensors.sla import sla
from tests.orchestration.intake.builders import contents
from tests.support.operations import LEAD, Operation, operations
from tests.support.place import NOW, Place

MINUTE, SECOND, DAY = timedelta(minutes=1), timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def operation(place: Place) -> Iterator[Operation]:
    """Something that fires and is in no case yet."""
    with operations(place) as found:
        found.finds("loud")
        yield found


@pytest.fixture
def decided(operation: Operation) -> Operation:
    """A case that was decided and is not planned."""
    operation.tick(cases)
    (case,) = operation.cases()
    operation.decides(case)
    return operation


def keys(result: dg.SensorResult | dg.SkipReason) -> list[str | None]:
    """Run keys that were asked for."""
    if isinstance(result, dg.SkipReason):
        return []
    return [one.run_key for one in result.run_requests or []]


def said(result: dg.SensorResult | dg.SkipReason) -> str:
    """What a tick that starts nothing says."""
    reason = result if isinstance(result, dg.SkipReason) else result.skip_reason
    assert reason is not None
    return str(reason.skip_message)


def everything(operation: Operation) -> dict[str, list[dict[str, object]]]:
    with operation.working() as working:
        return contents(working.engine)


def test_each_runs_by_itself() -> None:
    every = {one.name: one.minimum_interval_seconds for one in (cases, enforcement, appeals, sla)}
    assert every == {"cases": 30, "enforcement": 30, "appeals": 60, "sla": 60}
    for one in (cases, enforcement, appeals, sla):
        assert one.default_status is dg.DefaultSensorStatus.RUNNING


def test_every_sensor_is_in_the_definitions(operation: Operation) -> None:
    found = {one.name for one in operation.watch.definitions().sensors or []}
    assert found >= {"cases", "enforcement", "appeals", "sla", "health", "outbox"}
    assert len(sensors(operation.place.registry(), [], [])) == 10


def test_what_fires_is_a_case_half_a_minute_later_and_not_twice(operation: Operation) -> None:
    first = operation.tick(cases)
    before = everything(operation)
    again = operation.tick(cases, NOW + 30 * SECOND, cursor=NOW.isoformat())

    assert said(first).startswith("1 opened, 0 joined, 0 reopened, 0 given back; 0 reports")
    assert said(again).startswith("0 opened")
    assert everything(operation) == before


def test_between_full_looks_only_cases_and_leases_are_looked_at(operation: Operation) -> None:
    cursor = NOW.isoformat()

    short = operation.tick(cases, NOW + MINUTE, cursor=cursor)
    full = operation.tick(cases, NOW + 5 * MINUTE, cursor=cursor)

    assert said(short) == "1 opened, 0 joined, 0 reopened, 0 given back."
    assert isinstance(short, dg.SensorResult)
    assert isinstance(full, dg.SensorResult)
    assert (short.cursor, full.cursor) == (cursor, (NOW + 5 * MINUTE).isoformat())


def test_a_lease_that_ran_out_is_given_back(operation: Operation) -> None:
    operation.tick(cases)
    (case,) = operation.cases()
    with operation.working() as working:
        terms = working.terms(NOW)
        claim(working.engine, terms.roster.person(LEAD), case.case_id, terms=terms, now=NOW)

    assert "0 given back" in said(operation.tick(cases, NOW + 29 * MINUTE))
    assert "1 given back" in said(operation.tick(cases, NOW + 30 * MINUTE))
    assert operation.cases()[0].leased_by is None


def test_what_is_decided_starts_one_run_and_a_repeated_tick_asks_for_the_same(
    decided: Operation,
) -> None:
    once = keys(decided.tick(enforcement, NOW + SECOND))
    after_a_crash = keys(decided.tick(enforcement, NOW + 5 * SECOND))

    assert len(once) == 1
    assert after_a_crash == once


def test_while_a_run_is_under_way_no_other_is_asked_for(decided: Operation) -> None:
    job = decided.watch.definitions().resolve_job_def("enforcement_run")
    decided.place.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    result = decided.tick(enforcement, NOW + 10 * MINUTE)

    assert keys(result) == []
    assert said(result).endswith("a run of enforcement_run is under way.")


def test_nothing_to_do_starts_nothing(decided: Operation) -> None:
    decided.run("enforcement_run", NOW + MINUTE)

    assert said(decided.tick(enforcement, NOW + 2 * MINUTE)) == (
        "0 decisions and 0 alerts to plan, 0 due, 0 held, 0 to undo, 0 to end, 0 unknown."
    )


def test_what_a_kill_switch_holds_starts_nothing(decided: Operation) -> None:
    with decided.working() as working:
        terms = working.terms(NOW)
        planned = working.plan(terms, NOW, fit=lambda _monitor, _version: None)
        assert len(planned.batches) == 1
        assert working.backlog(terms, NOW).due == 1
        who = terms.roster.person(LEAD)
        throw(working.engine, who=who, name="all", on=True, reason="stop", now=NOW)

    result = decided.tick(enforcement, NOW + MINUTE)

    assert keys(result) == []
    assert "0 due, 1 held" in said(result)


def test_a_reversal_starts_a_run_with_the_kill_switch_on(decided: Operation) -> None:
    decided.run("enforcement_run", NOW + MINUTE)
    (row,) = decided.rows()
    with decided.working() as working:
        who = working.terms(NOW).roster.person(LEAD)
        more = {"who": who, "reason": "wrong", "now": NOW + 2 * MINUTE}
        throw(working.engine, name="all", on=True, **more)
        reverse_one(working.engine, enforcement_id=row.enforcement_id, **more)

    assert len(keys(decided.tick(enforcement, NOW + 3 * MINUTE))) == 1


def test_what_is_unknown_is_asked_about_each_five_minutes(decided: Operation) -> None:
    decided.run("enforcement_run", NOW + MINUTE)
    with decided.working() as working, writing(working.engine) as connection:
        connection.execute(update(enforcements).values(state="unknown"))

    asked = {keys(decided.tick(enforcement, NOW + n * MINUTE))[0] for n in range(5, 15)}

    assert len(asked) == 2


def test_a_case_that_nobody_began_starts_the_escalation_once(operation: Operation) -> None:
    operation.tick(cases)

    assert said(operation.tick(sla, NOW)) == "Every case was begun in time, or is escalated."
    assert len(keys(operation.tick(sla, NOW + 3 * DAY))) == 1
    operation.run("escalation_run", NOW + 3 * DAY)
    assert keys(operation.tick(sla, NOW + 3 * DAY + MINUTE)) == []


def test_a_notice_that_waits_starts_the_run_that_tells_the_user(decided: Operation) -> None:
    assert keys(decided.tick(appeals)) == []
    decided.run("enforcement_run", NOW + MINUTE)

    assert len(keys(decided.tick(appeals, NOW + 2 * MINUTE))) == 1
    decided.run("appeals_run", NOW + 2 * MINUTE)
    assert said(decided.tick(appeals, NOW + 3 * MINUTE)) == (
        "0 leases ran out, 0 appeals can go on, 0 notices wait."
    )
