from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Mode
from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.evaluation import Run, evaluate_span
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.machines import where, write
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.verify import verify
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.plans import Stratum, plans_in, strata_in
from orchestration.measurement.sampling import draw as slice_of
from orchestration.partitions import HOUR
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.errors import ReviewError
from orchestration.review.plan import Draw, Made, draw_plans
from tests.support.ledgers import alert, opened
from tests.support.place import COUNT, NOON, Place

START = datetime(2026, 11, 3, tzinfo=UTC)
DAY = Span(START, START + timedelta(days=1))
MORNING = DAY.end + timedelta(hours=2)
MONITOR = "chat/a"


@dataclass
class Yard:
    """A ledger beside a lake with one monitor, whose line is three requests in an hour."""

    engine: Engine
    place: Place
    names: Pseudonyms

    @property
    def registry(self) -> Registry:
        return self.place.registry()

    def scored(self, flagged: int, bulk: int, *, hour: int = 12, rate: float = 1.0) -> None:
        """An hour in which so many accounts were over the line and under it."""
        at = START + hour * HOUR
        for n in range(flagged):
            self.place.events(f"loud-{n}", 3, at=at, product="chat")
        for n in range(bulk):
            self.place.events(f"quiet-{n}", 1, at=at, product="chat")
        self.evaluated(hour, rate=rate)

    def evaluated(self, hour: int = 12, *, rate: float = 1.0, version: int = 1) -> None:
        at = START + hour * HOUR
        monitor = replace(self.registry.monitors[MONITOR], version=version)
        run = Run(self.place.lake, at + 2 * HOUR, rate=rate, seed="kept")
        assert [one.status for one in evaluate_span(run, monitor, Span(at, at + HOUR))] == [
            "complete"
        ]

    def alerts(self, n: int, **changed: object) -> list[str]:
        made = [alert(f"{changed.get('version', 1)}-{i}", **(ALERT | changed)) for i in range(n)]
        with writing(self.engine) as connection:
            opened(connection, *made)
        return [one.alert_id for one in made]

    def draw(self, **changed: object) -> Made:
        given = Draw(
            engine=self.engine,
            lake=self.place.lake,
            names=self.names,
            seed="a seed",
            share=0.3,
            day=DAY,
            now=MORNING,
        )
        return draw_plans(self.registry, replace(given, **changed))  # type: ignore[arg-type]

    def tasks(self, kind: str | None = None) -> list[ReviewTask]:
        with reading(self.engine) as connection:
            found = where(connection, REVIEW_TASKS).values()
        return [task for task in found if kind in {None, task.kind}]

    def strata(self) -> dict[tuple[str, int, str], Stratum]:
        """Every stratum by monitor, version and name."""
        with reading(self.engine) as connection:
            plans = plans_in(connection, DAY.start, DAY.end)
            found = strata_in(connection, [plan.plan_id for plan in plans])
        return {
            (plan.monitor, plan.version, one.stratum): one
            for plan in plans
            for one in found[plan.plan_id]
        }


ALERT = {
    "monitor": MONITOR,
    "version": 1,
    "product": "chat",
    "entity_type": "account_id",
    "opened_at": NOON,
    "changed_at": NOON,
    "first_seen": NOON - HOUR,
    "last_seen": NOON,
}


@pytest.fixture
def yard(ledger: Engine, place: Place, tmp_path: Path) -> Iterator[Yard]:
    place.monitor("a", product="chat")
    yield Yard(ledger, place, Pseudonyms(tmp_path / "names"))
    with reading(ledger) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_the_slice_of_episodes_is_the_one_that_cases_know(yard: Yard) -> None:
    yard.alerts(60)
    with reading(yard.engine) as connection:
        expected = {
            one.alert_id for one in slice_of(connection, seed="a seed", share=0.3, now=NOON)
        }
    made = yard.draw()
    tasks = yard.tasks("episode")
    assert {task.unit_id for task in tasks} == expected
    assert made.tasks == len(expected) > 10
    found = yard.strata()[MONITOR, 1, "uniform"]
    assert found == Stratum("uniform", 60, 60, len(expected), 0.3)
    (one, *_) = tasks
    assert (one.stratum, one.inclusion_prob, one.product) == ("uniform", 0.3, "chat")
    assert (one.window_start, one.window_end) == (NOON - HOUR, NOON)
    assert (one.made_at, one.due_at) == (MORNING, MORNING + timedelta(days=7))


def test_a_day_is_half_open_and_versions_are_drawn_apart(yard: Yard) -> None:
    yard.alerts(1, opened_at=DAY.start)
    yard.alerts(2, opened_at=DAY.end - timedelta(microseconds=1), version=2)
    yard.alerts(4, opened_at=DAY.end, version=3)
    yard.alerts(8, opened_at=DAY.start - timedelta(microseconds=1), version=4)
    yard.draw(share=1.0)
    assert {key: one.size for key, one in yard.strata().items()} == {
        (MONITOR, 1, "uniform"): 1,
        (MONITOR, 2, "uniform"): 2,
    }
    assert {(t.version, t.unit_id) for t in yard.tasks("episode")} == {
        (1, "1-0"),
        (2, "2-0"),
        (2, "2-1"),
    }


def test_what_somebody_judged_is_drawn_and_needs_no_task(yard: Yard) -> None:
    judged, guessed, free = yard.alerts(3)
    act = Act(Actor("ana", "person"), MORNING, "decided")
    labels = [
        Label("l1", judged, True, Source.RANDOM, "ana", MONITOR, 1, NOON, 1.0, "uniform"),
        Label("l2", guessed, True, Source.LLM, "judge", MONITOR, 1, NOON),
    ]
    with writing(yard.engine) as connection:
        write_labels(connection, labels, act)
    yard.draw(share=1.0)
    assert {task.unit_id for task in yard.tasks("episode")} == {guessed, free}
    assert yard.strata()[MONITOR, 1, "uniform"].drawn == 3


def test_a_version_without_episodes_is_recorded_as_empty_and_a_draft_is_not(yard: Yard) -> None:
    draft = {MONITOR: replace(yard.registry.monitors[MONITOR], mode=Mode.DRAFT)}
    given = Draw(yard.engine, yard.place.lake, yard.names, "a seed", 0.3, DAY, MORNING)
    assert draw_plans(Registry(draft, {}), given) == Made()
    assert yard.draw() == Made(plans=1)
    assert yard.strata() == {(MONITOR, 1, "uniform"): Stratum("uniform", 0, 0, 0, None)}


def test_scored_windows_are_drawn_by_stratum_with_what_they_were_kept_by(yard: Yard) -> None:
    yard.scored(flagged=3, bulk=60, rate=0.5)
    yard.draw(budget=20)
    found = yard.strata()
    kept = found[MONITOR, 1, "bulk"].kept
    assert found[MONITOR, 1, "flagged"] == Stratum("flagged", 3, 3, 3, 1.0)
    assert found[MONITOR, 1, "near"] == Stratum("near", 0, 0, 0, None)
    assert found[MONITOR, 1, "bulk"].size == 60
    assert 15 < kept < 45
    chance = found[MONITOR, 1, "bulk"].inclusion_prob
    assert chance == pytest.approx((20 - 3) / 60, abs=0.05)
    tasks = yard.tasks("window")
    assert {(t.stratum, t.inclusion_prob) for t in tasks} == {("flagged", 1.0), ("bulk", chance)}
    assert all(t.unit_id.startswith("scored:") for t in tasks)
    (flagged,) = {t.entity for t in tasks if t.entity == yard.names.name("account_id", "loud-0")}
    assert flagged.startswith("account_")
    assert {(t.window_start, t.window_end) for t in tasks} == {(NOON, NOON + HOUR)}


def test_the_same_day_and_seed_draw_the_same_and_a_second_run_adds_nothing(yard: Yard) -> None:
    yard.scored(flagged=3, bulk=40)
    yard.alerts(20)
    assert yard.draw().plans == 2
    before = yard.tasks()
    assert yard.draw(now=MORNING + HOUR) == Made()
    assert yard.draw(now=MORNING + HOUR, seed="another", budget=40) == Made()
    assert yard.tasks() == before


def test_two_runs_at_once_draw_a_day_once(yard: Yard) -> None:
    yard.scored(flagged=2, bulk=10)
    yard.alerts(20)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: yard.draw(), range(4)))
    assert sum(made.plans for made in runs) == 2
    every = yard.tasks()
    assert len({task.task_id for task in every}) == len(every)
    assert sum(made.tasks + made.seconds for made in runs) == len(every)
    with reading(yard.engine) as connection:
        assert [one.verb for one in entries(connection)].count("plan") == 2


def test_what_does_not_agree_with_its_manifest_is_drawn_another_time(yard: Yard) -> None:
    yard.scored(flagged=2, bulk=10)
    path = yard.place.lake.hour_path("findings/a", "chat", NOON)
    whole = path.read_bytes()
    path.unlink()
    assert yard.draw() == Made(plans=1, unready=1)
    path.write_bytes(whole)
    assert yard.draw().plans == 1
    assert yard.strata()[MONITOR, 1, "flagged"].size == 2


def test_hours_of_another_version_are_no_part_of_the_frame(yard: Yard) -> None:
    yard.scored(flagged=2, bulk=4, hour=11)
    yard.scored(flagged=1, bulk=4, hour=12)
    yard.evaluated(12, version=2)
    yard.draw()
    assert yard.strata()[MONITOR, 1, "flagged"].size == 2
    assert {task.window_end for task in yard.tasks("window")} == {NOON}


def test_second_reviews_are_of_the_same_draw_and_about_a_tenth(yard: Yard) -> None:
    yard.alerts(400)
    made = yard.draw(share=1.0)
    first = {task.task_id: task for task in yard.tasks("episode")}
    seconds = yard.tasks("second")
    assert len(seconds) == made.seconds
    assert 20 < made.seconds < 65  # 40 of 400, give or take four errors
    for task in seconds:
        of = first[task.of_task or ""]
        like = replace(task, task_id=of.task_id, kind=of.kind, of_task=None, rank=of.rank)
        assert replace(like, audit_seq=of.audit_seq) == of
        assert task.rank != of.rank
    ranks = sorted(task.rank for task in yard.tasks())
    assert 0 <= ranks[0] < ranks[-1] < 1
    assert len(set(ranks)) == len(ranks)


def test_a_day_that_is_not_over_and_a_budget_too_small_are_refused(yard: Yard) -> None:
    yard.scored(flagged=5, bulk=10)
    with pytest.raises(ReviewError, match=r"is not over at .*Draw it tomorrow"):
        yard.draw(now=DAY.end - timedelta(seconds=1))
    with pytest.raises(MeasurementError, match="The floors need 4 judgements"):
        yard.draw(budget=4)
    assert yard.tasks() == []


def test_only_what_a_later_evaluation_read_and_lacks_is_withdrawn(yard: Yard) -> None:
    yard.scored(flagged=1, bulk=2, hour=11)
    yard.scored(flagged=1, bulk=2, hour=12)
    yard.draw()
    drawn = yard.tasks("window")
    assert [task.stratum for task in drawn].count("flagged") == 2
    yard.place.lake.hour_path("samples/a", "chat", NOON - HOUR).unlink()
    yard.place.lake.hour_path("events/api_requests", "chat", NOON).unlink()
    yard.place.events("loud-0", 3, product="chat")
    monitor, late = yard.registry.monitors[MONITOR], MORNING + HOUR
    again = Run(yard.place.lake, late, rate=1.0, seed="kept")
    evaluate_span(again, monitor, Span(NOON, NOON + HOUR))

    made = yard.draw(now=late + HOUR)

    gone = {task.unit_id for task in yard.tasks() if task.state is TaskState.WITHDRAWN}
    assert gone == {
        task.unit_id for task in drawn if task.window_end > NOON and task.stratum == "bulk"
    }
    assert made.withdrawn == len([task for task in yard.tasks() if task.unit_id in gone]) > 0
    assert yard.draw(now=late + 2 * HOUR) == Made()


def test_what_somebody_answered_stays_and_what_somebody_has_is_taken_back(yard: Yard) -> None:
    yard.scored(flagged=0, bulk=3)
    yard.draw()
    answered, leased, *_ = yard.tasks("window")
    by = Act(Actor("ana", "person"), MORNING, "taken")
    until = MORNING + HOUR / 2
    with writing(yard.engine) as connection:
        for task in (answered, leased):
            taken = replace(task, state=TaskState.LEASED, leased_by="ana", leased_until=until)
            before = {task.task_id: task}
            write(connection, REVIEW_TASKS, before=before, after=[taken], act=by)
            if task == answered:
                over = replace(
                    taken,
                    state=TaskState.ANSWERED,
                    leased_by=None,
                    leased_until=None,
                    closed_at=MORNING,
                )
                before = {task.task_id: taken}
                write(connection, REVIEW_TASKS, before=before, after=[over], act=by)
    yard.place.lake.hour_path("events/api_requests", "chat", NOON).unlink()
    yard.place.events("somebody-else", 1, product="chat")
    again = Run(yard.place.lake, MORNING + HOUR, rate=1.0, seed="kept")
    evaluate_span(again, yard.registry.monitors[MONITOR], Span(NOON, NOON + HOUR))
    yard.draw(now=MORNING + 2 * HOUR)
    found = {task.task_id: task.state for task in yard.tasks("window")}
    assert found.pop(answered.task_id) is TaskState.ANSWERED
    assert set(found.values()) == {TaskState.WITHDRAWN}


def test_windows_of_one_entity_are_told_apart_by_subkey_which_is_named_as_entities_are(
    yard: Yard,
) -> None:
    both = '.join(pl.LazyFrame({"subkey": ["north", "south"]}), how="cross")'
    yard.place.monitor("a", product="chat", body=COUNT.format(every="1h") + both)
    yard.scored(flagged=2, bulk=4)
    yard.draw()
    tasks = yard.tasks("window")
    assert len({task.unit_id for task in tasks}) == len(tasks) == 12
    assert len({task.entity for task in tasks}) == 6
    assert set(yard.names.known("subkey", ["north", "south"])) == {"north", "south"}
