"""`watchfloor quality`: how good monitors and reviewers are, as far as people have judged it."""

from dataclasses import replace
from datetime import datetime, timedelta

import click
import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import registry
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit, emit_record, emit_sections, format_option
from orchestration.cli.quality_rows import asked_of, own, read, said_standing
from orchestration.cli.times import Since
from orchestration.intake.modes import standings
from orchestration.ledger.database import reading
from orchestration.measurement.drawn_units import Asked, labels_for, plans_for, windows_in
from orchestration.measurement.monitor_quality import monitor_report
from orchestration.measurement.proposal import propose
from orchestration.measurement.reviewer_quality import reviewer_report
from orchestration.review.groups import groups
from orchestration.review.scores import scores

PRECISION = 0.9
MONITOR_SECTIONS = ("figures", "strata", "slices")
BY = ("language", "country")
REVIEWER_SECTIONS = ("agreement", "reviewers", "drift", "cross_check", "help")


@click.group()
def quality() -> None:
    """See how good monitors and reviewers are, and how sure that is."""


@quality.command()
@click.argument("monitor_id", metavar="ID")
@click.option("--version", type=click.IntRange(1), help="The one it has now, if not given.")
@click.option("--from", "start", type=Since(), help="Opened or scored from then; ever, if not.")
@click.option("--to", "end", type=Since(), help="And before then; until now, if not given.")
@click.option("--policy", help="Only labels that cite this version, as in spam/2.")
@click.option("--by", type=click.Choice(BY), help="Precision of flagged windows by this, too.")
@click.option("--section", type=click.Choice(MONITOR_SECTIONS), help="Only this table.")
@format_option
def monitor(
    *,
    monitor_id: str,
    version: int | None,
    start: datetime | None,
    end: datetime | None,
    policy: str | None,
    by: str | None,
    section: str | None,
    form: str,
) -> None:
    """Show precision, recall and prevalence of a monitor's version. ID is product/name.

    Each figure has its n, interval, method and sampling frame; too little reads "insufficient".
    """
    found = registry().get(monitor_id)
    found = replace(found, version=version or found.version)
    with casework() as here:
        asked = Asked(found.id, found.version, here.now, start, end, policy)
        sliced = _groups(here, found, asked, by) if by else None
        with reading(here.engine) as connection:
            report = monitor_report(
                connection,
                found.id,
                found.version,
                start=start,
                end=end,
                now=here.now,
                policy_version=policy,
                harm=str(found.harm),
                groups=sliced,
            )
            stands = standings(connection, [found], now=here.now)[found.id]
    tables = {name: getattr(report, name) for name in MONITOR_SECTIONS}
    if by is None:
        del tables["slices"]
    _emit({name: read(name, rows, form) for name, rows in tables.items()}, section, form)
    if form == "table" and section is None:
        click.echo(f"\n{said_standing(stands)}")


@quality.command()
@click.option("--product", help="Only of this product.")
@click.option(
    "--days", type=click.IntRange(1), default=90, show_default=True, help="Answers of so many days."
)
@click.option("--section", type=click.Choice(REVIEWER_SECTIONS), help="Only this table.")
@format_option
def reviewers(*, product: str | None, days: int, section: str | None, form: str) -> None:
    """Show agreement, skill on gold, drift, what was overturned and who needs help.

    Leads see everybody, others themselves. In order of id: nobody is ranked.
    """
    with casework() as here, reading(here.engine) as connection:
        report = reviewer_report(
            connection, now=here.now, since=timedelta(days=days), product=product
        )
    tables = {name: getattr(report, name) for name in REVIEWER_SECTIONS}
    seen = {name: own(rows, here.who) for name, rows in tables.items()}
    _emit({name: read(name, rows, form) for name, rows in seen.items()}, section, form)


@quality.command()
@click.argument("monitor_id", metavar="ID")
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=PRECISION,
    show_default=True,
    help="What its lower bound is to reach.",
)
@click.option("--from", "start", type=Since(), default="30d", show_default=True, help="From then.")
@click.option("--to", "end", type=Since(), help="Until then; now, if not given.")
@click.option("--curve", is_flag=True, help="Print each threshold that was looked at.")
@format_option
def threshold(
    *,
    monitor_id: str,
    precision: float,
    start: datetime,
    end: datetime | None,
    curve: bool,
    form: str,
) -> None:
    """Propose a threshold from the scores and labels of drawn windows. ID is product/name.

    It changes nothing: a changed threshold is a new version, which begins without a label.
    """
    found = registry().get(monitor_id)
    with casework() as here:
        asked = Asked(found.id, found.version, here.now, start, end)
        units, sizes, days = _scored(here, found, asked)
    proposal = propose(units, wanted=precision, days=days, sizes=sizes)
    if curve:
        emit(read("curve", proposal.curve, form), form)
        return
    judged = units["value"].count()
    emit_record(asked_of(found, proposal, judged, units), form)


def _groups(here: Casework, monitor: Monitor, asked: Asked, by: str) -> pl.DataFrame:
    """In which language or country the flagged windows of the plans asked for are."""
    with reading(here.engine) as connection:
        plans = plans_for(connection, asked)
    spans = [Span(start, end) for start, end in plans]
    return groups(here.lake, monitor, spans, here.names.known, by)


def _scored(
    here: Casework, monitor: Monitor, asked: Asked
) -> tuple[pl.DataFrame, dict[str, int], float]:
    """Drawn windows with their scores, sizes of their strata, and the days they are of."""
    with reading(here.engine) as connection:
        windows = windows_in(connection, asked, labels_for(connection, asked))
        plans = plans_for(connection, asked)
    if not plans:
        raise NoDataError(
            f"No windows of {monitor.id} version {monitor.version} were drawn in that time; wanted "
            "some that were drawn and judged. Let a day's sampling run, or ask for an earlier time."
        )
    spans = [Span(start, end) for start, end in plans]
    known = scores(here.lake, monitor, spans, here.names.known)
    units = windows.units.join(known, on="unit", how="left").with_columns(
        weight=1 / pl.col("inclusion_prob")
    )
    days = sum((span.end - span.start for span in spans), timedelta()) / timedelta(days=1)
    return units, dict(windows.strata.select("stratum", "size").iter_rows()), days


def _emit(tables: dict[str, pl.DataFrame], section: str | None, form: str) -> None:
    if section is not None and section not in tables:
        raise click.UsageError(f"There are no {section} without --by; say by what.")
    if section is not None:
        emit(tables[section], form)
        return
    if form in {"csv", "parquet"}:
        raise click.UsageError(f"{form} holds one table; name it with --section.")
    emit_sections(tables, form)
