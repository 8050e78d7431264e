"""Drawing what is judged: each day, of every monitor's version, from two frames.

`episodes` are the alerts opened that day, of which an even share is drawn, whatever became of them:
gates rest on these alone. `windows` are all that was scored, flagged or not, by stratum: recall and
prevalence rest on them.
"""

from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, select

from monitors.contract import Mode, Monitor
from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import check_time
from orchestration.ledger.labels import JUDGEMENTS, labels_on, standing
from orchestration.ledger.review_tasks import ReviewTask, add_tasks
from orchestration.ledger.tables import alerts
from orchestration.measurement.drawing import BUDGET
from orchestration.measurement.plans import (
    Frame,
    Plan,
    Stratum,
    add_plan,
    is_drawn,
    pilot_rates,
    plan_of,
    plans_in,
)
from orchestration.measurement.sampling import UNIFORM, drawn
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.drawn_windows import (
    DUE,
    draw_windows,
    task_id_of,
    window_tasks,
    withdraw_gone,
)
from orchestration.review.errors import ReviewError
from orchestration.review.mixing import mixed
from orchestration.review.windows import scored

PLANNER = Actor("sampling", "system")
GONE = "a later evaluation has this window no more"
Version = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: plans, tasks of drawn units, second reviews, golden tasks.

    `withdrawn` tasks are of windows that are gone. `unready` versions have files that do not agree
    yet: they are drawn from another time.
    """

    plans: int = 0
    tasks: int = 0
    seconds: int = 0
    golden: int = 0
    withdrawn: int = 0
    unready: int = 0

    def __add__(self, other: "Made") -> "Made":
        return Made(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Made)))


@dataclass(frozen=True, slots=True)
class Draw:
    """Under what a day is drawn: `share` of its episodes, about `budget` windows a version."""

    engine: Engine
    lake: Lake
    names: Pseudonyms
    seed: str
    share: float
    day: Span
    now: datetime
    budget: int = BUDGET

    def plan(self, frame: Frame, version: Version) -> Plan:
        """The plan of a version."""
        return plan_of(frame, version, (self.day.start, self.day.end), seed=self.seed, now=self.now)

    def write(self, plan: Plan, strata: list[Stratum], tasks: list[ReviewTask]) -> Made:
        """Write a plan with its tasks and what is mixed in; nothing if another run was first."""
        act = Act(PLANNER, self.now, f"{plan.frame} of a day")
        with writing(self.engine) as connection:
            if is_drawn(connection, plan):
                return Made()
            batch = mixed(connection, tasks, seed=self.seed, now=self.now)
            add_plan(connection, plan, strata, act)
            add_tasks(connection, batch.tasks, act)
        return Made(1, len(tasks), batch.seconds, batch.golden)


def draw_plans(registry: Registry, draw: Draw) -> Made:
    """Draw a day's plans of every monitor that is no draft, those that there are not yet.

    The same day, seed and share draw the same units. To be repeated: a second run adds nothing
    but what was unready, and withdraws what is gone. Raises ReviewError for a day that is not
    over, and MeasurementError where the budget is under what each stratum needs.
    """
    if check_time("now", draw.now) < draw.day.end:
        raise ReviewError(
            f"The day until {draw.day.end} is not over at {draw.now}; wanted one that is, or what "
            "comes later could never be drawn. Draw it tomorrow."
        )
    monitors = [one for one in registry.monitors.values() if one.mode is not Mode.DRAFT]
    with reading(draw.engine) as connection:
        there = {plan.plan_id: plan for plan in plans_in(connection, draw.day.start, draw.day.end)}
        episodes = _episodes(connection, draw.day)
    made = Made()
    for version in sorted({*episodes, *((one.id, one.version) for one in monitors)}):
        if draw.plan("episodes", version).plan_id not in there:
            made += _draw_episodes(draw, version, episodes.get(version, []))
    for monitor in monitors:
        made += _draw_windows(draw, monitor, there)
    return made


def _episodes(connection: Connection, day: Span) -> dict[Version, list[RowMapping]]:
    """The alerts opened on a day, by the version that found them last, in order of id."""
    a, found = alerts.c, defaultdict(list)
    mine = select(alerts).where(a.opened_at >= day.start, a.opened_at < day.end)
    for row in connection.execute(mine.order_by(a.alert_id)).mappings():
        found[row["monitor"], row["version"]].append(row)
    return dict(found)


def _draw_episodes(draw: Draw, version: Version, episodes: list[RowMapping]) -> Made:
    """Draw the slice that cases know too; what somebody judged already needs no task."""
    plan = draw.plan("episodes", version)
    slice_ = [row for row in episodes if drawn(row["alert_id"], draw.seed, draw.share)]
    n, share = len(episodes), draw.share if episodes else None
    with reading(draw.engine) as connection:
        given = standing(labels_on(connection, [row["alert_id"] for row in slice_]))
    judged = {label.unit_id for label in given if label.source in JUDGEMENTS}
    tasks = [_task(plan, row, draw.share) for row in slice_ if row["alert_id"] not in judged]
    return draw.write(plan, [Stratum(UNIFORM, n, n, len(slice_), share)], tasks)


def _task(plan: Plan, row: RowMapping, share: float) -> ReviewTask:
    return ReviewTask(
        task_id=task_id_of(plan, row["alert_id"]),
        kind="episode",
        unit_id=row["alert_id"],
        product=row["product"],
        monitor=plan.monitor,
        version=plan.version,
        entity_type=row["entity_type"],
        entity=row["entity"],
        window_start=row["first_seen"],
        window_end=row["last_seen"],
        rank=0.0,
        made_at=plan.drawn_at,
        due_at=plan.drawn_at + DUE,
        plan_id=plan.plan_id,
        stratum=UNIFORM,
        inclusion_prob=share,
    )


def _draw_windows(draw: Draw, monitor: Monitor, there: dict[str, Plan]) -> Made:
    plan = draw.plan("windows", (monitor.id, monitor.version))
    found = scored(draw.lake, monitor, draw.day)
    if plan.plan_id in there:
        before = there[plan.plan_id]
        if found.newest is None or found.newest <= before.drawn_at:
            return Made()
        with writing(draw.engine) as connection:
            act, known = Act(PLANNER, draw.now, GONE), draw.names.known
            gone = withdraw_gone(connection, plan, monitor, found, known=known, act=act)
        return Made(withdrawn=gone)
    if found.unready or not found.starts:
        return Made(unready=int(found.unready > 0))
    with reading(draw.engine) as connection:
        rates = pilot_rates(connection, monitor.id, monitor.version)
    rows, strata = draw_windows(found, plan, rates=rates, budget=draw.budget, seed=draw.seed)
    return draw.write(plan, strata, window_tasks(rows, plan, monitor, draw.names.names))
