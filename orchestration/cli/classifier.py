"""`watchfloor classifier`: train models of texts, see how good they are, and score with them."""

from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from orchestration.classifiers.evaluate import evaluate as measured
from orchestration.classifiers.evaluate import over_blocking
from orchestration.classifiers.files import read_texts, score_file, write_rows
from orchestration.classifiers.force import model_in_force
from orchestration.classifiers.force import promote as brought
from orchestration.classifiers.force import roll_back as taken_back
from orchestration.classifiers.given import labelled
from orchestration.classifiers.golden import golden, judge
from orchestration.classifiers.harms import CLASSIFIERS, TEXT_HARMS
from orchestration.classifiers.shelf import Shelf
from orchestration.classifiers.store import Stored
from orchestration.classifiers.training import SAMPLES
from orchestration.cli.login import office, opened_if_made, signed_in
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.settings import Settings, load

LIST = pl.Schema(
    {
        "classifier": pl.String(),
        "model": pl.String(),
        "in_force": pl.Boolean(),
        "trained_at": pl.String(),
        "texts": pl.Int64(),
        "sources": pl.Int64(),
        "data": pl.String(),
    }
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def classifier() -> None:
    """Train models of texts, see how good they are, and score with them."""


@classifier.command()
@click.argument("name", default=TEXT_HARMS)
@click.option("--data", type=FOLDER, help="Folder of the data sets, in place of samples/.")
@format_option
def train(*, name: str, data: Path | None, form: str) -> None:
    """Train a model and keep it; it comes into force by `promote`. NAME is text_harms."""
    settings, now = load(), datetime.now(UTC)
    stored, trained, loaded = Shelf(settings.home).train(name, now=now, data=data or SAMPLES)
    click.echo(
        f"Model {stored.id} of {name}: {trained.frame.height} texts of "
        f"{len(loaded.quarantined)} sources, {sum(loaded.quarantined.values())} rows set aside. "
        "Measures are of texts held out of the same sources.",
        err=True,
    )
    rows = [{"head": head, **told} for head, told in trained.held_out.items()]
    emit(pl.DataFrame(rows), form)


@classifier.command()
@click.argument("name", default=TEXT_HARMS)
@click.argument("file", type=FILE, required=False)
@click.option("--model", help="Its id, in place of the model in force.")
@format_option
def evaluate(*, name: str, file: Path | None, model: str | None, form: str) -> None:
    """Measure a model on the golden set, or on FILE with `text` and a Boolean column a head."""
    settings = load()
    stored = _chosen(settings, name, model)
    found = Shelf(settings.home).read(stored)
    frame = golden(name) if file is None else labelled(read_texts(file), file.stem)
    emit(measured(found, frame), form)
    blocked = over_blocking(found, frame)
    if blocked:
        click.echo(
            f"XSTest: {blocked['safe_flagged']:.1%} of {blocked['safe']} safe prompts are flagged, "
            f"and {blocked['unsafe_flagged']:.1%} of {blocked['unsafe']} unsafe ones.",
            err=True,
        )


@classifier.command()
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File in place of stdout.")
@click.option("--model", help="Its id, in place of the model in force.")
@format_option
def score(*, name: str, file: Path, output: Path | None, model: str | None, form: str) -> None:
    """Score FILE: Parquet, CSV or JSON lines with a column `text`, gzipped or not.

    One row a row in the same order, with its id if it has one: a calibrated probability a harm, and
    of any harm; none for an empty text. No text is put out.
    """
    settings = load()
    read_texts(file)
    stored = _chosen(settings, name, model)
    told = score_file(Shelf(settings.home).read(stored), file)
    if output is None:
        emit(told.rows, form)
    else:
        write_rows(told.rows, output)
    click.echo(
        f"{told.rows.height} rows by model {stored.id}, {told.empty} without text.", err=True
    )


@classifier.command("list")
@format_option
def list_models(form: str) -> None:
    """List the models that were trained, and which is in force."""
    settings = load()
    rows = []
    for name in CLASSIFIERS:
        force = _in_force(settings, name)
        for stored in Shelf(settings.home).models(name):
            card = stored.card
            data = card["data"]
            known = (card["trained_at"], data["texts"], len(data["sources"]), data["digest"][:16])
            rows.append((name, stored.id, stored.id == force, *known))
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)


@classifier.command()
@click.argument("name")
@click.argument("model")
@click.option("--reason", required=True, help="Why, in one line, for the audit.")
@format_option
def promote(*, name: str, model: str, reason: str, form: str) -> None:
    """Bring a model into force, in your name. One that the golden set refuses is not."""
    with office() as here:
        who, shelf = signed_in(here), Shelf(here.settings.home)
        stored = shelf.find(name, model)
        before = model_in_force(here.engine, name)
        old = shelf.read(shelf.find(name, before)) if before else None
        verdict = judge(shelf.read(stored), old, golden(name))
        if not verdict.passed:
            raise click.ClickException(
                f"Model {stored.id} is refused by the golden set: {'; '.join(verdict.refused)}."
            )
        done = brought(here.engine, who, name, stored.id, reason=reason, now=here.now)
        emit_record({"classifier": name, "model": done.model, "changed": done.changed}, form)


@classifier.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, in one line, for the audit.")
@format_option
def rollback(*, name: str, reason: str, form: str) -> None:
    """Bring the model back that was in force before, in your name."""
    with office() as here:
        who = signed_in(here)
        done = taken_back(here.engine, who, name, reason=reason, now=here.now)
        emit_record({"classifier": name, "model": done.model, "changed": done.changed}, form)


def _chosen(settings: Settings, name: str, model: str | None) -> Stored:
    """The model asked for, that in force, or the newest; one is trained where there is none."""
    shelf = Shelf(settings.home)
    wanted = model or _in_force(settings, name)
    if wanted:
        return shelf.find(name, wanted)
    there = shelf.models(name)
    if there:
        click.echo(f"No model of {name} is in force; the newest is used.", err=True)
        return there[-1]
    click.echo(f"There is no model of {name} yet; training one from samples/.", err=True)
    return shelf.train(name, now=datetime.now(UTC))[0]


def _in_force(settings: Settings, name: str) -> str | None:
    engine = opened_if_made(settings.ledger)
    if engine is None:
        return None
    try:
        return model_in_force(engine, name)
    finally:
        engine.dispose()
