"""`watchfloor launch drill|test-route|answer|seed`: try out what a launch relies on."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from monitors.registry import registry
from orchestration.cli.cases_desk import Casework, busy, casework, confirmed, works, yes_option
from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.login import office, signed_in
from orchestration.cli.output import emit_record, format_option
from orchestration.enforcement.active import ActiveEntities
from orchestration.launch.appeal_drill import Works, begin_appeal_drill, end_appeal_drill
from orchestration.launch.drills import answer_route, drill_kill_switch, try_route
from orchestration.launch.seeds import load_seeds, run_seeds
from orchestration.launch.trials import Tried

SETS = Path(__file__).parents[2] / "samples" / "seeds"
NONCE_BYTES = 4
FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)


@click.group()
def drill() -> None:
    """Try out what must work in an emergency, and record how it went."""


@drill.command("kill-switch")
@click.argument("product")
@yes_option
@format_option
@click.pass_context
def kill_switch(ctx: click.Context, *, product: str, yes: bool, form: str) -> None:
    """Throw the product's kill switch, see that nothing is taken to execute, and lift it.

    Needs who may lift it. Refused where a switch is on already: it stays as it is.
    """
    with casework() as here:
        name = _product(here, product)
        confirmed(f"Stop all enforcement of {name} for a moment?", yes=yes)
        done = drill_kill_switch(here.engine, here.who, name, terms=here.terms, now=here.now)
    _emit(done, form)
    if not done.passed:
        ctx.exit(FOUND_WRONG)


@drill.command()
@click.argument("product")
@click.option("--account", help="To begin: the id of a test account that the service knows.")
@click.option("--action", help="To begin: what is done to it, and then taken back.")
@yes_option
@format_option
@click.pass_context
def appeal(
    ctx: click.Context,
    *,
    product: str,
    account: str | None,
    action: str | None,
    yes: bool,
    form: str,
) -> None:
    """Act on a test account and take in an appeal; without options, overturn and undo it.

    Two people do it: whoever begins it cannot end it.
    """
    if (account is None) != (action is None):
        raise click.UsageError("Wanted --account and --action to begin, neither to end.")
    with casework() as here, _floor(here) as floor:
        name = _product(here, product)
        if account is None or action is None:
            with busy("overturning and undoing"):
                done = end_appeal_drill(floor, here.who, name)
        else:
            confirmed(f"Is it a test account, to which {action} may really be done?", yes=yes)
            with busy("deciding and carrying out"):
                done = begin_appeal_drill(floor, here.who, name, account, action)
    _emit(done, form)
    if done.passed is None:
        click.echo(f"Now somebody else ends it: watchfloor launch drill appeal {name}", err=True)
    elif not done.passed:
        ctx.exit(FOUND_WRONG)


@click.command("test-route")
@click.argument("channel")
@format_option
def test_route(channel: str, form: str) -> None:
    """Send one message to a channel by the way that alerts go; an answer shows that it is read."""
    with office() as here:
        nonce = secrets.token_hex(NONCE_BYTES)
        done = try_route(here.engine, signed_in(here), channel, nonce=nonce, now=here.now)
    _emit(done, form)
    click.echo("It passes when somebody types what the message says, within an hour.", err=True)


@click.command()
@click.argument("nonce")
@format_option
def answer(nonce: str, form: str) -> None:
    """Say that you have read the test message with this NONCE."""
    with office() as here:
        done = answer_route(here.engine, signed_in(here), nonce, now=here.now)
    _emit(done, form)


@click.command()
@click.argument("seeds", metavar="SET")
@click.argument("monitor_id", metavar="MONITOR")
@click.option("--sets", "folder", type=FOLDER, help="A folder with other sets than the shipped.")
@format_option
def seed(seeds: str, monitor_id: str, folder: Path | None, form: str) -> None:
    """Run a monitor on a named SET of known cases, and record how many it finds."""
    monitor = registry().get(monitor_id)
    known = load_seeds(folder or SETS, seeds)
    with office() as here, busy(monitor.id):
        done = run_seeds(here.engine, signed_in(here), known, monitor, now=here.now)
    record = {
        "run": done.run_id,
        "set": done.seeds,
        "monitor": done.monitor,
        "version": done.version,
        "found": done.found,
        "of": done.of,
        "recall": done.found / done.of,
    }
    emit_record(record, form)


@contextmanager
def _floor(here: Casework) -> Iterator[Works]:
    """What carries enforcement out here, for the time of a drill."""
    with works(here) as working, working.asking(here.terms) as executor:
        yield Works(
            engine=here.engine,
            terms=here.terms,
            targets=working.targets,
            active=ActiveEntities(here.lake, here.now),
            executor=executor,
            clock=lambda: datetime.now(UTC),
            worker=working.worker,
        )


def _product(here: Casework, given: str) -> str:
    """A product's id as monitors have it. UsageError for one without monitors."""
    name = given.replace("-", "_")
    if name not in here.products:
        known = ", ".join(sorted(here.products))
        raise click.UsageError(
            f"Nothing watches a product of that name, so there is nothing to stop or to undo; "
            f"wanted one of {known}."
        )
    return name


def _emit(done: Tried, form: str) -> None:
    record = {
        "trial": done.trial_id,
        "kind": done.kind,
        "about": done.about,
        "passed": done.passed,
        "seen": done.seen,
        "by": done.by,
        "at": done.at,
    }
    emit_record(record, form)
