"""`watchfloor backtest`: what a monitor would have found, and what another threshold would."""

import sys
from datetime import datetime
from pathlib import Path

import click
import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import registry
from orchestration.backtest import (
    Backtest,
    changes,
    check_span,
    days_with_events,
    passes,
    per_day,
    run,
    sweep,
)
from orchestration.backtest_labels import in_span, quality, read_labels
from orchestration.cli.compare import findings_at
from orchestration.cli.errors import FOUND_WRONG, NoDataError
from orchestration.cli.login import office, signed_in
from orchestration.cli.output import emit_sections, entities_option, format_option
from orchestration.cli.progress import progress
from orchestration.cli.times import Time
from orchestration.lake import Lake
from orchestration.launch.backtests import keep_backtest
from orchestration.oncall.people import require
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings, load

QUALITY_NOTE = (
    "Precision is of the labelled units flagged, recall of the labelled positives; what has no "
    "label counts as neither. Intervals: 95 %, exact."
)


@click.command()
@click.argument("monitor_id", metavar="ID")
@click.option("--from", "start", type=Time(), required=True, help="First day, or hour, in UTC.")
@click.option("--to", "end", type=Time(), required=True, help="Where it ends; not included.")
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Parquet or CSV with entity, label and, if need be, window_start and window_end.",
)
@click.option("--sweep", "swept", is_flag=True, help="Show the findings at other thresholds too.")
@click.option("--against", metavar="GITREF", help="Show what changed since this commit.")
@click.option("--fail-on-change", is_flag=True, help="With --against: exit with 1 if any changed.")
@click.option("--keep", is_flag=True, help="Keep its findings a day for launches, in your name.")
@entities_option
@format_option
def backtest(
    *,
    monitor_id: str,
    start: datetime,
    end: datetime,
    labels: Path | None,
    against: str | None,
    form: str,
    swept: bool,
    fail_on_change: bool,
    keep: bool,
    entities: bool,
) -> None:
    """Evaluate a monitor over past days without storing anything. ID is product/name."""
    if keep:
        _require_keeper()
    if fail_on_change and against is None:
        raise click.UsageError("--fail-on-change needs --against GITREF.")
    settings, monitor, span = load(), registry().get(monitor_id), Span(start, end)
    lake = Lake(settings.lake)
    check_span(monitor, span)
    _require_events(lake, monitor, span)
    labelled = None if labels is None else in_span(read_labels(labels), span)
    found = _run(lake, monitor, span, swept=swept)
    sections = _sections(found, labelled, swept=swept)
    if against is not None:
        before = findings_at(against, monitor_id, lake, span)
        changed = changes(before, found.findings)
        sections["changes"] = changed if entities else _hidden(changed, monitor, settings)
    emit_sections(sections, form)
    if keep:
        _keep(found)
    if fail_on_change and sections["changes"].height:
        sys.exit(FOUND_WRONG)


def _sections(
    found: Backtest, labelled: pl.DataFrame | None, *, swept: bool
) -> dict[str, pl.DataFrame]:
    sections = {"days": per_day(found)}
    thresholds = [float(found.monitor.threshold)]
    if swept:
        sections["sweep"] = sweep(found)
        thresholds = sections["sweep"]["threshold"].to_list()
    if labelled is not None:
        sections["quality"] = quality(labelled, found.scores, thresholds)
        click.echo(QUALITY_NOTE, err=True)
    return sections


def _require_keeper() -> None:
    """Refuse before the long run, not after it."""
    with office() as here:
        require(signed_in(here), "promote")


def _keep(found: Backtest) -> None:
    monitor, n = found.monitor, found.findings.height
    with office() as here:
        a_day = keep_backtest(
            here.engine,
            signed_in(here),
            monitor.id,
            monitor.version,
            span=found.span,
            findings=n,
            now=here.now,
        )
    click.echo(f"Kept: version {monitor.version}, {a_day:.2f} findings a day.", err=True)


def _run(lake: Lake, monitor: Monitor, span: Span, *, swept: bool) -> Backtest:
    with progress() as bar:
        task = bar.add_task(monitor.id, total=passes(monitor, span))

        def step() -> None:
            bar.advance(task)

        return run(lake, monitor, span, sweep=swept, step=step)


def _require_events(lake: Lake, monitor: Monitor, span: Span) -> None:
    if not days_with_events(lake, monitor, span):
        raise NoDataError(
            f"The lake has no events that '{monitor.id}' reads ({', '.join(monitor.reads)}) from "
            f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC; ingest them, or give "
            "other days."
        )


def _hidden(changed: pl.DataFrame, monitor: Monitor, settings: Settings) -> pl.DataFrame:
    """The changes without ids: entities by pseudonym, subkeys, which may hold one, left out."""
    names = Pseudonyms(settings.home).names(monitor.entity, changed["entity"])
    shown = [names[entity] for entity in changed["entity"]]
    return changed.drop("subkey").with_columns(pl.Series("entity", shown, dtype=pl.String))
