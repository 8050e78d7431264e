"""Jobs: one run per tick carries all products."""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.timeline import DAILY, HOURLY

ALERTS = dg.AssetKey(["watchfloor", "alerts"])  # the last step of every tick

CASES = dg.AssetKey(["watchfloor", "cases"])
ENFORCEMENT = dg.AssetKey(["watchfloor", "enforcement"])
APPEALS = dg.AssetKey(["watchfloor", "appeals"])
REVERSALS = dg.AssetKey(["watchfloor", "reversals"])
SAMPLING = dg.AssetKey(["watchfloor", "sampling"])  # of a day, once it is all evaluated
HEALTH = dg.AssetKey(["watchfloor", "health"])
WEEKLY = dg.AssetKey(["watchfloor", "weekly_report"])
QUALITY = dg.AssetKey(["watchfloor", "quality"])
OPERATIONS = frozenset({CASES, ENFORCEMENT, APPEALS, REVERSALS})

CLASSIFIERS = ["platform", "classifiers"]
LAUNCH, GATE = "launch", "gate"

Job = UnresolvedAssetJobDefinition  # what `define_asset_job` gives; it has no public name
HOURLY_TICK, FRESH_TICK, DAILY_TICK = "hourly_tick", "fresh_tick", "daily_tick"
COVERAGE, RETENTION, INTAKE = "coverage_report", "retention_run", "intake_run"
ESCALATION_RUN, ENFORCEMENT_RUN = "escalation_run", "enforcement_run"
APPEALS_RUN, OPERATIONS_RUN, SAMPLING_RUN = "appeals_run", "operations_run", "sampling_run"
HEALTH_RUN, WEEKLY_RUN, QUALITY_RUN = "health_run", "weekly_run", "quality_run"
RETRAINING_RUN = "retraining_run"
LAUNCH_RUN, LAUNCH_GATE = "launch_run", "launch_gate"
# What sensors start as there is work, and a schedule each quarter of an hour.
OF_OPERATIONS = {
    ESCALATION_RUN: (frozenset({CASES}), "Hand up the cases that nobody began in time."),
    ENFORCEMENT_RUN: (
        frozenset({ENFORCEMENT, REVERSALS}),
        "Plan what was decided, carry out what is approved, undo what was reversed.",
    ),
    APPEALS_RUN: (frozenset({APPEALS}), "Give appeals back that nobody works on; tell users."),
    OPERATIONS_RUN: (OPERATIONS, "Look at cases, enforcement, appeals and reversals."),
}


def classifier_key(name: str) -> dg.AssetKey:
    """Key of the asset that trains a classifier."""
    return dg.AssetKey([*CLASSIFIERS, name])


def promoted_key(name: str) -> dg.AssetKey:
    """Key of the asset that brings a classifier's newest model into force."""
    return dg.AssetKey([*CLASSIFIERS, f"{name}_in_force"])


def scores_key(name: str) -> dg.AssetKey:
    """Key of the asset of a classifier's scores."""
    return dg.AssetKey(["platform", "scores", name])


def jobs(assets: Sequence[dg.AssetsDefinition]) -> list[Job]:
    """Every job; the five-minute one only where a monitor asks for that cadence."""
    specs = [spec for asset in assets for spec in asset.specs]
    fresh = _fresh(specs)
    found = [
        _job(HOURLY_TICK, "Take in events and evaluate one hour of every product.", specs, HOURLY),
        _job(
            DAILY_TICK,
            "Close one day: roll-ups, baselines, compaction, daily monitors.",
            specs,
            DAILY,
        ),
        *_unpartitioned(specs),
        *_operations(specs),
        *_retraining(specs),
        *_launches(specs),
    ]
    if SAMPLING in {spec.key for spec in specs}:
        only = dg.AssetSelection.assets(SAMPLING)
        text = "Draw what people judge of a day that is over."
        found.append(dg.define_asset_job(SAMPLING_RUN, selection=only, description=text))
    if fresh:
        text = "Look again at the hour that is still open, with monitors that can only rise."
        found.append(_job(FRESH_TICK, text, fresh, HOURLY))
    return found


def _unpartitioned(specs: Sequence[dg.AssetSpec]) -> list[Job]:
    texts = {
        "coverage": (COVERAGE, "Redraw the coverage map."),
        "alerts": (INTAKE, "Take in what was evaluated, and tell people."),
        "health": (HEALTH_RUN, "Count how the operation went in the last seven days."),
        "weekly_report": (WEEKLY_RUN, "Write the report of the last week."),
        "quality": (QUALITY_RUN, "Measure every monitor's version by what people judged."),
        "retention": (RETENTION, "Delete what may be kept for a limited time only."),
    }
    return [
        dg.define_asset_job(name, selection=dg.AssetSelection.assets(spec.key), description=text)
        for spec in specs
        if spec.partitions_def is None
        and spec.key not in OPERATIONS
        and spec.key.path[0] != LAUNCH
        and spec.key.path[:-1] != CLASSIFIERS
        for name, text in [texts[spec.key.path[-1]]]
    ]


def _launches(specs: Sequence[dg.AssetSpec]) -> list[Job]:
    """Looking at every product's launch, and the gates that fail a run: only where one is asked."""
    keys = [spec.key for spec in specs if spec.key.path[0] == LAUNCH]
    gates = [key for key in keys if key.path[-1] == GATE]
    if not keys:
        return []
    reports = dg.AssetSelection.assets(*(key for key in keys if key not in gates))
    return [
        dg.define_asset_job(
            LAUNCH_RUN, selection=reports, description="Hold every checklist against what is."
        ),
        dg.define_asset_job(
            LAUNCH_GATE,
            selection=dg.AssetSelection.assets(*keys),
            description="The same; the run fails where a product may not begin its stage.",
        ),
    ]


def _operations(specs: Sequence[dg.AssetSpec]) -> list[Job]:
    there = {spec.key for spec in specs}
    return [
        dg.define_asset_job(
            name, selection=dg.AssetSelection.assets(*sorted(keys)), description=text
        )
        for name, (keys, text) in OF_OPERATIONS.items()
        if keys <= there
    ]


def _retraining(specs: Sequence[dg.AssetSpec]) -> list[Job]:
    keys = [spec.key for spec in specs if spec.key.path[:-1] == CLASSIFIERS]
    if not keys:
        return []
    text = "Train classifiers anew; what the golden set lets in comes into force."
    chosen = dg.AssetSelection.assets(*keys)
    return [dg.define_asset_job(RETRAINING_RUN, selection=chosen, description=text)]


def _fresh(specs: Sequence[dg.AssetSpec]) -> list[dg.AssetSpec]:
    """Five-minute monitors, the events they read, and their products' manifests."""
    monitors = [s for s in specs if s.tags.get("cadence") == "5m"]
    upstream = {dep.asset_key for s in monitors for dep in s.deps}
    manifests = {dg.AssetKey([s.key.path[0], "evaluations"]) for s in monitors}
    return monitors + [s for s in specs if s.key in upstream | manifests | {ALERTS}]


def _job(
    name: str,
    text: str,
    specs: Iterable[dg.AssetSpec],
    partitions: dg.TimeWindowPartitionsDefinition,
) -> Job:
    mine = [spec.key for spec in specs if spec.partitions_def == partitions or spec.key == ALERTS]
    keys = [key for key in mine if key != SAMPLING]
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*keys),
        description=text,
    )
