"""Launches as assets: a report with a check for each item, and a gate that may fail a run."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast

import dagster as dg

from assets.results import CHECKS, ERROR, WARN, Event
from launch_checklists.checklist import Checklist
from launch_checklists.evaluate import evaluate
from launch_checklists.item import Item, Level
from launch_checklists.items import items
from launch_checklists.report import GOOD, Report, Result
from launch_checklists.signoffs import signoffs
from orchestration.jobs import GATE, LAUNCH
from orchestration.launch.gather import gather
from orchestration.launch.installation import opened
from orchestration.launch.products import load_checklist, named
from orchestration.launch.records import keep_report
from orchestration.launch.render_md import as_markdown
from orchestration.resources import Clock
from orchestration.settings import Settings
from orchestration.working import Working
from orchestration.yaml_lines import YamlError

STRANGE = re.compile(r"[^A-Za-z0-9_]")


def launch_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """A report and a gate for each product that has a checklist.

    One whose file is wrong has a report that says so, and no gate opens.
    """
    return [
        asset
        for product in named(settings.checklists)
        for asset in (_report(product, _wanted(settings, product)), _gate(product))
    ]


def check_name(item: Item) -> str:
    """An item's id as Dagster takes it for a check."""
    return STRANGE.sub("_", item.id)


def _wanted(settings: Settings, product: str) -> list[Item]:
    """The items of the stage that the checklist names; none where the file is wrong."""
    try:
        found = load_checklist(settings.checklists, product)
    except YamlError:
        return []
    stage = found.product.stage
    return [*items(found, stage), *signoffs(found, stage, "")]


def _report(product: str, wanted: Sequence[Item]) -> dg.AssetsDefinition:
    key = dg.AssetKey([LAUNCH, product])
    specs = [
        dg.AssetCheckSpec(check_name(one), asset=key, description=one.requirement) for one in wanted
    ]

    @dg.asset(
        key=key,
        group_name=LAUNCH,
        kinds={"yaml"},
        description="What the live system says of this product's launch checklist, item by item. "
        "It is made whatever it says; the gate beside it fails.",
        check_specs=[
            dg.AssetCheckSpec("checklist", asset=key, description="The checklist can be read."),
            *specs,
        ],
    )
    def report(
        context: dg.AssetExecutionContext, working: dg.ResourceParam[Working], clock: Clock
    ) -> Iterator[Event]:
        now = clock.now()
        try:
            found = load_checklist(working.settings.checklists, product)
        except YamlError as error:
            yield dg.MaterializeResult(metadata={"wrong": str(error)})
            yield _read(passed=False, error=str(error))
            return
        seen = _looked_at(context, working, found, now)
        keep_report(working.engine, seen)
        yield dg.MaterializeResult(metadata=_metadata(seen))
        yield _read(passed=True, error="none")
        launched = now.date() >= found.product.launch
        known = {spec.name for spec in specs}
        for one in seen.results:
            if check_name(one.item) in known:
                yield _check(one, launched=launched)

    return report


def _gate(product: str) -> dg.AssetsDefinition:
    key = dg.AssetKey([LAUNCH, product, GATE])

    @dg.asset(
        key=key,
        deps=[dg.AssetKey([LAUNCH, product])],
        group_name=LAUNCH,
        kinds={"yaml"},
        description="Fails a run of the job launch_gate unless the product may begin its stage.",
        check_specs=[
            dg.AssetCheckSpec(
                GATE, asset=key, blocking=True, description="The product may begin its stage."
            )
        ],
    )
    def gate(
        context: dg.AssetExecutionContext, working: dg.ResourceParam[Working], clock: Clock
    ) -> Iterator[Event]:
        found = load_checklist(working.settings.checklists, product)
        seen = _looked_at(context, working, found, clock.now())
        yield dg.MaterializeResult(metadata={"verdict": seen.verdict.value, "stage": seen.stage})
        yield dg.AssetCheckResult(
            check_name=GATE,
            passed=seen.exit_code() == 0,
            severity=ERROR,
            metadata={"verdict": seen.verdict.value, "state": seen.digest},
        )

    return gate


def _looked_at(
    context: dg.AssetExecutionContext, working: Working, found: Checklist, now: datetime
) -> Report:
    stage = found.product.stage
    with opened(
        working.settings,
        working.alerting.registry,
        found.product.id,
        checks=list(CHECKS),
        now=now,
        instance=context.instance,
    ) as sources:
        return evaluate(found, gather(found, sources, stage=stage), stage=stage, now=now)


def _metadata(seen: Report) -> dict[str, dg.MetadataValue | str | int]:
    stopping = [one for one in seen.ordered() if one.stops and one.root is None]
    return {
        "verdict": seen.verdict.value,
        "stage": seen.stage,
        "items": len(seen.results),
        "stop_it": len(stopping),
        "first_to_mend": stopping[0].item.id if stopping else "nothing",
        "state": seen.digest,
        "report": cast("dg.MetadataValue", dg.MetadataValue.md(as_markdown(seen))),
    }


def _read(*, passed: bool, error: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="checklist", passed=passed, severity=ERROR, metadata={"error": error}
    )


def _check(one: Result, *, launched: bool) -> dg.AssetCheckResult:
    """A blocker is an error once users have the product: before, nobody is woken by it."""
    grave = launched and one.item.level is Level.BLOCKER
    return dg.AssetCheckResult(
        check_name=check_name(one.item),
        passed=one.seen.outcome in GOOD,
        severity=ERROR if grave else WARN,
        metadata={
            "outcome": one.seen.outcome.value,
            "level": one.item.level.value,
            "observed": one.seen.observed,
            "fix": one.seen.fix or "none",
            "owner": one.item.owner,
            "comes_after": one.root or "nothing",
        },
    )
