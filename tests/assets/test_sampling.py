from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import select

from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask
from orchestration.ledger.tables import audit
from orchestration.working import Working
from tests.support.operations import checks, metadata
from tests.support.place import NOON, Place
from tests.support.watches import Watch, watches

DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 4, 2, 30, tzinfo=UTC)
CANARY = "canary-55c0@example.com"


@pytest.fixture
def watch(place: Place) -> Iterator[Watch]:
    """A monitor that flags two accounts at noon and scores 40 others under its line."""
    with watches(place) as found:
        found.more = {"SAMPLE_RATE": "0.5"}
        place.monitor("a", product="chat")
        for account in ("loud", CANARY):
            place.events(account, 3, product="chat")
        for n in range(40):
            place.events(f"quiet-{n}", 1, product="chat")
        evaluated(found)
        yield found


def evaluated(watch: Watch, now: datetime = NOON + timedelta(hours=2)) -> None:
    keys = (("chat", "monitors", "a"), ("chat", "evaluations"))
    assert watch.place.run(*keys, now=now).success
    assert watch.run("intake_run", now=now).success


def draw(watch: Watch, now: datetime = MORNING) -> dg.ExecuteInProcessResult:
    result = watch.run("sampling_run", partition="2026-11-03", now=now)
    assert result.success
    return result


def tasks(watch: Watch) -> list[ReviewTask]:
    working = Working(watch.alerting())
    with reading(working.engine) as connection:
        found = list(where(connection, REVIEW_TASKS).values())
    working.engine.dispose()
    return found


def test_a_day_is_drawn_with_sizes_and_probabilities_of_each_stratum(watch: Watch) -> None:
    found = metadata(draw(watch), "sampling")

    rows = {(r.data["frame"], r.data["stratum"]): r.data for r in found["strata"].records}
    assert set(rows) == {
        ("episodes", "uniform"),
        *(("windows", stratum) for stratum in ("flagged", "near", "bulk", "null")),
    }
    episodes, flagged = rows["episodes", "uniform"], rows["windows", "flagged"]
    assert (episodes["size"], episodes["kept"], episodes["inclusion_prob"]) == (2, 2, "0.2")
    assert (flagged["size"], flagged["kept"], flagged["drawn"]) == (2, 2, 2)
    assert flagged["inclusion_prob"] == "1"
    assert rows["windows", "near"]["size"] == rows["windows", "null"]["size"] == 0
    assert rows["windows", "null"]["inclusion_prob"] == "none"
    bulk = rows["windows", "bulk"]
    assert bulk["size"] == 40
    assert 5 <= bulk["kept"] <= 35  # half of them, by chance
    of_kind = [task.kind for task in tasks(watch)]
    assert of_kind.count("window") == sum(rows["windows", s]["drawn"] for s in ("flagged", "bulk"))
    assert (found["plans"], found["tasks"]) == (2, len(of_kind) - of_kind.count("second"))
    assert (found["second_reviews"], found["golden_mixed_in"]) == (of_kind.count("second"), 0)


def test_a_second_run_of_a_day_adds_nothing(watch: Watch) -> None:
    draw(watch)
    before = tasks(watch)

    again = metadata(draw(watch, MORNING + timedelta(hours=1)), "sampling")

    assert [again[name] for name in ("plans", "tasks", "second_reviews", "withdrawn")] == [0] * 4
    assert len(again["strata"].records) == 5
    assert tasks(watch) == before


def test_nobody_is_named_in_tasks_audit_or_metadata(watch: Watch) -> None:
    result = draw(watch)

    every = tasks(watch)
    assert every
    assert {task.entity.split("_")[0] for task in every} == {"account"}
    working = Working(watch.alerting())
    with reading(working.engine) as connection:
        acts = connection.execute(select(audit)).all()
    working.engine.dispose()
    for told in (repr(every), repr(acts), repr(metadata(result, "sampling"))):
        assert CANARY not in told
        assert "quiet-" not in told


def test_what_waits_beyond_its_week_is_a_warning(watch: Watch) -> None:
    fresh = checks(draw(watch), "sampling")["labelled"]
    late = checks(draw(watch, MORNING + 8 * DAY), "sampling")["labelled"]

    assert (fresh.passed, fresh.metadata["overdue"].value) == (True, 0)
    assert (late.passed, late.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert late.metadata["overdue"].value == len(tasks(watch))


def test_windows_that_a_later_evaluation_lacks_are_withdrawn(watch: Watch) -> None:
    draw(watch)
    drawn = [task for task in tasks(watch) if task.unit_id.startswith("scored:")]
    path = watch.place.lake.hour_path("events/api_requests", "chat", NOON)
    path.unlink()
    watch.place.events("loud", 3, product="chat")
    evaluated(watch, now=MORNING + timedelta(hours=1))

    found = metadata(draw(watch, MORNING + timedelta(hours=2)), "sampling")

    stay = [task for task in tasks(watch) if task.unit_id.startswith("scored:")]
    left = [task for task in stay if task.state == "open"]
    assert len({task.unit_id for task in left}) == 1
    assert {task.stratum for task in left} == {"flagged"}
    assert found["withdrawn"] == len(drawn) - len(left)
    assert {task.state for task in stay} == {"open", "withdrawn"}


def test_a_day_that_is_not_over_is_refused(watch: Watch) -> None:
    result = watch.run("sampling_run", partition="2026-11-03", now=NOON + timedelta(hours=3))

    assert not result.success
    assert tasks(watch) == []
