"""`watchfloor launch`: whether a product may begin its next stage, and what is still to be done."""

from pathlib import Path

import click
import polars as pl

from launch_checklists.report import Report
from orchestration.cli.launch_acts import finding, sign, waive
from orchestration.cli.launch_desk import counts, link_of, looked_at, stage_option
from orchestration.cli.launch_new import new, scaffold, schema
from orchestration.cli.launch_trials import answer, drill, seed, test_route
from orchestration.cli.output import emit
from orchestration.launch.changes import Earlier
from orchestration.launch.portfolio import as_portfolio
from orchestration.launch.products import named
from orchestration.launch.records import keep_report
from orchestration.launch.render_html import as_html
from orchestration.launch.render_json import as_json
from orchestration.launch.render_junit import as_junit
from orchestration.launch.render_md import as_markdown
from orchestration.launch.render_text import as_text
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import open_ledger
from orchestration.settings import Settings, load

FORMS = ("text", "json", "md", "html", "junit")
FILE = click.Path(dir_okay=False, path_type=Path)
GIVEN = click.Path(exists=True, dir_okay=False, path_type=Path)
LIST = {
    "product": pl.String,
    "stage": pl.Int64,
    "verdict": pl.String,
    "pass": pl.Int64,
    "fail": pl.Int64,
    "unknown": pl.Int64,
    "error": pl.Int64,
    "waived": pl.Int64,
    "first_to_mend": pl.String,
}


@click.group()
def launch() -> None:
    """Check whether a product may begin its next stage, and what is to be done until then."""


@launch.command()
@click.argument("product")
@stage_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="text for people, html for a page, junit for CI.",
)
@click.option("--output", type=FILE, help="A file to write to.")
@click.option("--file", "path", type=GIVEN, help="Another checklist; its report is not kept.")
@click.option("--strict", is_flag=True, help="Exit with 4 where only waivers let it pass.")
@click.option("--quiet", is_flag=True, help="Only what is not as it must be.")
@click.pass_context
def check(  # noqa: PLR0917 - one argument per option
    ctx: click.Context,
    product: str,
    stage: str | None,
    form: str,
    output: Path | None,
    path: Path | None,
    strict: bool,  # noqa: FBT001 - an option
    quiet: bool,  # noqa: FBT001 - an option
) -> None:
    """Hold a product's checklist against the live system."""
    settings = load()
    _, report = looked_at(settings, product, stage, path=path)
    before = _kept(settings, report) if path is None else None
    text = _rendered(report, form, settings, before, quiet=quiet)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"{output}: {report.verdict.value}")
    ctx.exit(report.exit_code(strict=strict))


@launch.command("list")
@stage_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "parquet", "html"]),
    default="table",
    show_default=True,
    help="table for people; json, csv or parquet for programmes; html for a page.",
)
def list_launches(stage: str | None, form: str) -> None:
    """Show every product that has a checklist: its verdict, and what is to be mended first."""
    settings = load()
    products = named(settings.checklists)
    reports = [looked_at(settings, one, stage)[1] for one in products]
    if form == "html":
        click.echo(as_portfolio(reports), nl=False)
        return
    emit(pl.DataFrame([_row(one) for one in reports], schema=LIST), form)


def _row(report: Report) -> dict[str, object]:
    there = counts(report)
    first = next((one.item.id for one in report.ordered() if one.stops), None)
    numbers = {name: there.get(name, 0) for name in ("pass", "fail", "unknown", "error", "waived")}
    return {
        "product": report.product,
        "stage": report.stage,
        "verdict": report.verdict.value,
        **numbers,
        "first_to_mend": first,
    }


def _kept(settings: Settings, report: Report) -> Earlier | None:
    """The report before, once this one is kept; None where the ledger cannot be had."""
    try:
        engine = open_ledger(settings.ledger)
    except LedgerError as error:
        click.echo(f"The report is not kept: {error}", err=True)
        return None
    try:
        return keep_report(engine, report)
    finally:
        engine.dispose()


def _rendered(
    report: Report, form: str, settings: Settings, before: Earlier | None, *, quiet: bool
) -> str:
    if form == "html":
        return as_html(report, link=link_of(settings), before=before)
    if form == "text":
        return as_text(report, quiet=quiet)
    return {"json": as_json, "md": as_markdown, "junit": as_junit}[form](report)


for command in (new, scaffold, schema, waive, sign, finding, drill, test_route, answer, seed):
    launch.add_command(command)
