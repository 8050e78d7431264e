"""A live product for tests of the gate: real events, runs, ledger and files, all in order."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
)
from sqlalchemy import Engine, insert

from assets.results import CHECKS
from launch_checklists.checklist import Checklist
from launch_checklists.evaluate import evaluate
from launch_checklists.parts import Stage
from launch_checklists.report import Report
from launch_checklists.sections.assurance import EVERY
from launch_checklists.sections.response import HEADINGS
from monitors.harms import Harm
from orchestration.launch.gather import gather
from orchestration.launch.installation import opened
from orchestration.launch.records import approve_waiver, sign
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import backtests, golden, trials
from orchestration.oncall.people import Person
from orchestration.oncall.people_yaml import parse_people
from orchestration.partitions import hour_of
from orchestration.settings import Settings, load
from tests.orchestration.selfwatch.dagsters import REPOSITORY
from tests.support.ledgers import NOON, act, person
from tests.support.measuring import judge
from tests.support.place import Place
from tests.support.review import golden_row

HERE = Path(__file__).parents[2] / "orchestration"
FILES = ("people", "rota", "routes", "queues", "policies", "enforcement")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONITOR, BOOK = "web/a", "docs/runbooks/a.md"


def declared(now: datetime, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """What is declared of the product, for the first ten percent."""
    watched = {
        "id": "scraping",
        "likelihood": "high",
        "monitors": [
            {
                "id": MONITOR,
                "mode": "review",
                "max_age": "3h",
                "precision": {"lower_bound": 0.8, "min_n": 14, "window": "30d"},
            }
        ],
        "enforcement": {
            "actions": ["warn"],
            "approval": "none",
            "cap": {"per_run": 1000, "per_day": 10000},
        },
        "runbook": BOOK,
    }
    ruled_out = {"reason": "nothing is written there", "approver": "egret-3"}
    rest = [
        {"id": harm.value, "not_applicable": ruled_out}
        for harm in Harm
        if harm not in {Harm.SCRAPING, Harm.MONITORING_GAP}
    ]
    return {
        "schema": "launch/v1",
        "authors": ["wren-5"],
        "product": {
            "id": "web",
            "tier": 2,
            "owner": "web-integrity",
            "oncall": "platform-integrity",
            "launch": (now + 30 * DAY).date(),
        },
        "surfaces": ["web"],
        "harms": [watched, *rest],
        "data": [
            {"events": "api_requests", "required": ["account_id", "operation"], "max_lag": "30m"}
        ],
        "capacity": {"queue": "integrity", "forecast_p90_per_day": 5, "languages": ["spam"]},
        "slack": {"alerts": "C0ALERTS", "digest": "C0ALERTS", "tested_within": "7d"},
        "appeals": {"path": "/appeal", "sla": "2d", "drill_within": "30d"},
        "kill_switch": {"owner": "web-integrity", "drill_within": "30d"},
        "red_team": {"evidence": "https://wiki.example/2", "unresolved_max": {"S0": 0, "S1": 0}},
        "golden": {"min_n": 20, "max_age": "90d", "sensitivity": 0.8, "specificity": 0.9},
        "attestations": [
            {"item": name, "evidence": "https://wiki.example/1", "by": "egret-3", "on": now.date()}
            for name, _, _ in EVERY
        ],
        "rollback_owner": "ibex-4",
        "signoffs": ["tns_eng"],
        **more,
    }


@dataclass
class Live:
    """One installation; `now` is the moment at which it is looked at."""

    place: Place
    engine: Engine
    settings: Settings
    root: Path
    made: datetime
    more: dict[str, Any]
    now: datetime

    def who(self, name: str) -> Person:
        """Somebody of people.yaml."""
        return parse_people(self.settings.people.read_text(encoding="utf-8")).person(name)

    @property
    def checklist(self) -> Checklist:
        """What is declared."""
        return Checklist.model_validate(declared(self.made, **self.more))

    def report(self, stage: Stage = 10) -> Report:
        """What the gate says now."""
        wanted = self.checklist
        with opened(
            self.settings,
            self.place.registry(),
            "web",
            checks=list(CHECKS),
            now=self.now,
            instance=self.place.instance,
            root=self.root,
        ) as sources:
            return evaluate(wanted, gather(wanted, sources, stage=stage), stage=stage, now=self.now)

    def sign(self) -> None:
        """Somebody who may signs what is."""
        sign(
            self.engine,
            self.who("ibex-4"),
            self.checklist,
            self.report(),
            "tns_eng",
            now=self.now,
        )

    def waive(self, item: str) -> None:
        """The approver of an item's waiver approves it."""
        approve_waiver(self.engine, self.who("egret-3"), self.checklist, item, now=self.now)

    def schedule(self, name: str, *, runs: bool) -> None:
        """A schedule is started or stopped."""
        origin = RemoteInstigatorOrigin(REPOSITORY, name)
        status = InstigatorStatus.RUNNING if runs else InstigatorStatus.STOPPED
        data = ScheduleInstigatorData("5 * * * *", self.made.timestamp())
        state = InstigatorState(origin, InstigatorType.SCHEDULE, status, data)
        if (
            self.place.instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
            is None
        ):
            self.place.instance.add_instigator_state(state)
        else:
            self.place.instance.update_instigator_state(state)

    def check(self, name: str, *, passed: bool) -> None:
        """A check of the monitor ends."""
        found = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(["web", "monitors", "a"]),
            check_name=name,
            passed=passed,
            metadata={},
            severity=dg.AssetCheckSeverity.ERROR,
        )
        self.place.instance.report_runless_asset_event(found)

    def trial(self, kind: str, about: str, at: datetime, *, passed: bool | None = True) -> None:
        """A drill or test is recorded."""
        row = {
            "trial_id": f"{kind}-{about}-{at.isoformat()}-{passed}",
            "kind": kind,
            "about": about,
            "passed": passed,
            "seen": "seen.",
            "by": "ibex-4",
            "at": at,
        }
        self.put(trials, row)

    def put(self, table: Any, row: dict[str, Any]) -> None:  # noqa: ANN401 - a table
        """A row with its audit row."""
        with writing(self.engine) as connection:
            seq = append(connection, act=act(), verb="note", object_id=f"test:{table.name}")
            connection.execute(insert(table), {**row, "audit_seq": seq})


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """A file with other words in it for a while."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


@contextmanager
def moved(path: Path) -> Iterator[None]:
    """A file or folder that is not there for a while."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        if path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        aside.rename(path)


def installation(folder: Path, url: str) -> Settings:
    """Settings of an installation whose files are its own."""
    found = {"WATCHFLOOR_HOME": str(folder), "WATCHFLOOR_LEDGER": url}
    for name in FILES:
        path = folder / f"{name}.yaml"
        shutil.copy(HERE / path.name, path)
        found[f"WATCHFLOOR_{name.upper()}"] = str(path)
    return load({**found, "WATCHFLOOR_LAKE": str(folder / "lake")})


def live(place: Place, engine: Engine, url: str) -> Live:
    """A product that may begin with ten percent; unsigned."""
    now = NOON + 2 * HOUR
    root = place.root / "checkout"
    (root / BOOK).parent.mkdir(parents=True)
    words = "\n".join(f"## {heading}\n\ntext\n" for heading in HEADINGS)
    (root / BOOK).write_text(f"# A\n\nChecked: {now.date()}\n\n{words}", encoding="utf-8")
    made = Live(place, engine, installation(place.root, url), root, now, {}, now)
    place.monitor("a")
    for ago in (10 * DAY, 2 * HOUR):
        at = hour_of(now - ago)
        place.events("loud", 5, at=at)
        key = f"{at:%Y-%m-%d-%H:%M}"
        place.run(("web", "monitors", "a"), ("web", "evaluations"), first=key, now=at + 2 * HOUR)
    made.schedule("every_hour", runs=True)
    _told(made)
    return made


def _told(made: Live) -> None:
    """What people and drills have left in the ledger."""
    with writing(made.engine) as connection:
        change_mode(
            connection,
            approval_id="p1",
            monitor=MONITOR,
            version=1,
            declared=ModeState.SHADOW,
            to=ModeState.REVIEW,
            act=person(),
        )
        judge(connection, MONITOR, [True] * 20, at=act().at)
    for kind, about in (("route", "C0ALERTS"), ("kill_switch", "web"), ("appeal", "web")):
        made.trial(kind, about, made.now - DAY)
    for number in range(20):
        row = golden_row(f"g{number}", product="web", added_at=made.now - DAY)
        made.put(golden, {**row, "expires_at": made.now + 60 * DAY})
    made.put(
        backtests,
        {
            "backtest_id": "b1",
            "monitor": MONITOR,
            "version": 1,
            "starts_at": made.now - 9 * DAY,
            "ends_at": made.now - 2 * DAY,
            "findings": 14,
            "a_day": 2.0,
            "by": "wren-5",
            "at": made.now - DAY,
        },
    )
