"""`watchfloor review export|import`: tasks for teams that label in Label Studio."""

import json
import sys
from pathlib import Path

import click
import polars as pl

from orchestration.cli.cases_desk import busy, casework
from orchestration.cli.errors import FOUND_WRONG, NoDataError
from orchestration.cli.output import emit, emit_sections, format_option
from orchestration.review.exchange import Imported, export, take_in

REFUSED = {
    "entry": pl.Int64(),
    "annotation": pl.Int64(),
    "task_id": pl.String(),
    "why": pl.String(),
}
WANTED = "Wanted --rater WHO=PERSON: the id or e-mail there, and the id in people.yaml."


@click.command("export")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Tasks at most."
)
def export_file(*, file: Path, limit: int) -> None:
    """Write tasks that wait to FILE, as Label Studio imports them. For leads.

    Ids and counts only. What goes to a restricted queue is left out.
    """
    if file.exists():
        raise click.UsageError(f"{file} is there already; wanted a new file. Choose another name.")
    with casework() as here, busy("looking"):
        entries = export(
            here.engine,
            here.lake,
            here.names,
            here.who,
            terms=here.terms,
            now=here.now,
            most=limit,
        )
    if not entries:
        raise NoDataError("No task waits that may leave; nothing was written.")
    made = file.with_name(f".{file.name}.tmp")
    made.write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")
    made.replace(file)
    click.echo(f"{len(entries)} tasks in {file}.", err=True)


@click.command("import")
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--rater",
    "raters",
    metavar="WHO=PERSON",
    multiple=True,
    help="Who is who: id or e-mail there, and id here; may be repeated.",
)
@format_option
def import_file(*, file: Path, raters: tuple[str, ...], form: str) -> None:
    """Take in what raters found in Label Studio, from its export as JSON. For leads.

    What cannot be taken in is listed with the reason, and the exit code is 1; the rest is taken in.
    May be repeated with the same file.
    """
    pairs = [text.rpartition("=") for text in raters]
    if not all(who and equals and person for who, equals, person in pairs):
        raise click.UsageError(WANTED)
    known = {who: person for who, _, person in pairs}
    if len(known) < len(pairs):
        raise click.UsageError(WANTED)
    with casework() as here, busy("reading"):
        done = take_in(here.engine, here.who, _text(file), known, terms=here.terms, now=here.now)
    _emit(done, form)
    if done.refused:
        sys.exit(FOUND_WRONG)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is no text in UTF-8; wanted JSON. Export anew.") from error


def _emit(done: Imported, form: str) -> None:
    rows = [
        (one.place.entry, one.place.annotation, one.place.task_id, one.why) for one in done.refused
    ]
    refused = pl.DataFrame(rows, schema=REFUSED, orient="row")
    counts = {
        "new": done.new,
        "known": done.known,
        "unanswered": done.unanswered,
        "skipped": done.skipped,
        "refused": len(done.refused),
    }
    if form == "table":
        click.echo(", ".join(f"{n} {name}" for name, n in counts.items()))
        if not refused.is_empty():
            whys = refused.group_by("why").len("n").sort("why")
            emit_sections({"why": whys, "refused": refused})
    elif form == "json":
        emit_sections({"counts": pl.DataFrame([counts]), "refused": refused}, form)
    else:
        emit(refused, form)
