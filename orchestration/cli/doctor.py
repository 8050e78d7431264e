"""`watchfloor doctor`: is this installation sound, and if not, how to mend it."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click
import polars as pl

from orchestration.cli.checks import FAIL, OK, WARN, Check, Look, checks
from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.output import emit, format_option
from orchestration.cli.progress import progress

COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}


@click.command()
@format_option
def doctor(*, form: str) -> None:
    """Check this installation, line by line, and say how to mend what is wrong.

    Exit code 1 if a check fails; warnings alone are fine.
    """
    found: list[Check] = []
    for check in _run(checks(now=datetime.now(UTC))):
        found.append(check)
        if form == "table":
            _print(check)
    if form != "table":
        emit(pl.DataFrame(found, schema=list(Check._fields), orient="row"), form)
    if any(check.state == FAIL for check in found):
        sys.exit(FOUND_WRONG)


def _run(every: list[tuple[str, Look]]) -> Iterator[Check]:
    with progress() as bar:
        task = bar.add_task("Checking", total=len(every))
        for name, check in every:
            bar.update(task, description=f"Checking {name}")
            try:
                state, found, mend = check()
            except Exception as error:  # noqa: BLE001 - a check that breaks has failed
                state, found = FAIL, f"{type(error).__name__}: {error}"
                mend = "Mend what the message says, then run this again."
            bar.advance(task)
            yield Check(name, state, " ".join(found.split()), mend)


def _print(check: Check) -> None:
    click.secho(f"{check.state.ljust(4)}  ", fg=COLOURS[check.state], nl=False)
    click.echo(f"{check.name}: {check.found}")
    if check.mend and check.state != OK:
        click.echo(f"      {check.mend}")
