"""What the commands about launches share: the checklist, what it may name, and a report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from assets.results import CHECKS
from launch_checklists.checklist import Checklist
from launch_checklists.evaluate import evaluate
from launch_checklists.facts import Missing
from launch_checklists.parts import STAGES, stage_of
from launch_checklists.report import Report, Result
from monitors.registry import registry
from orchestration.cli.output import Command
from orchestration.launch.checklist_yaml import Names
from orchestration.launch.gather import gather
from orchestration.launch.installation import opened
from orchestration.launch.products import load_checklist, loaded
from orchestration.launch.render_html import Link
from orchestration.launch.sources import Sources
from orchestration.settings import Settings


def stage_option(command: Command) -> Command:
    """Give a command `--stage`, as its argument of that name."""
    names = [str(stage) for stage in STAGES]
    return click.option(
        "--stage",
        type=click.Choice(names),
        help="Percent of users that the launch would reach; the checklist's own if not given.",
    )(command)


def read(settings: Settings, product: str, path: Path | None, sources: Sources) -> Checklist:
    """A product's checklist, of its file or another, with what it names looked up."""
    names = names_of(sources)
    if path is not None:
        return loaded(path, names=names)
    return load_checklist(settings.checklists, product, names=names)


def names_of(sources: Sources) -> Names | None:
    """What a checklist may name; None where nobody can say, as without a ledger."""
    terms = sources.terms
    if isinstance(terms, Missing):
        return None
    roster = terms.roster
    return Names(
        frozenset(registry().monitors),
        terms.enforcement.known,
        frozenset(terms.desks.queues),
        frozenset(roster.by_id) | roster.teams,
    )


def looked_at(
    settings: Settings, product: str, wanted: str | None, *, path: Path | None = None
) -> tuple[Checklist, Report]:
    """A product's checklist, and what the live system says of it at a stage, or at its own."""
    now = datetime.now(UTC)
    with opened(
        settings, registry(), product.replace("-", "_"), checks=list(CHECKS), now=now
    ) as sources:
        found = read(settings, product, path, sources)
        stage = stage_of(wanted) if wanted else found.product.stage
        facts = gather(found, sources, stage=stage)
    return found, evaluate(found, facts, stage=stage, now=now)


def link_of(settings: Settings) -> Link:
    """Leads to what shows an item in the Dagster UI."""

    def link(one: Result) -> str | None:
        if one.item.asset is None:
            return None
        product, name = one.item.asset.split("/")
        return f"{settings.dagster_url}/assets/{product}/monitors/{name}"

    return link


def counts(report: Report) -> Mapping[str, int]:
    """How many items there are of each outcome."""
    found: dict[str, int] = {}
    for one in report.results:
        found[one.seen.outcome.value] = found.get(one.seen.outcome.value, 0) + 1
    return found
