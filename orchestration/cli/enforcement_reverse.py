"""`watchfloor enforcement reverse`: undo one enforcement, or all that a monitor did."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from rich.progress import Progress

from orchestration.cli.cases_desk import (
    Casework,
    casework,
    confirmed,
    reason_option,
    works,
    yes_option,
)
from orchestration.cli.enforcement_rows import enforcement_id_of
from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.output import emit_record, format_option
from orchestration.cli.progress import progress
from orchestration.cli.times import Since
from orchestration.enforcement.reverse import (
    Asked,
    OfMonitor,
    Preview,
    preview_reversal,
    reverse_monitor,
    reverse_one,
)
from orchestration.enforcement.undo import Undone, carry_out
from orchestration.ledger.database import reading
from orchestration.oncall.people import require

DEADLINE = timedelta(hours=1)


@click.command()
@click.argument("enforcement_id", metavar="[ID]", required=False)
@click.option("--monitor", metavar="ID", help="All that this monitor did: product/name.")
@click.option("--version", type=click.IntRange(min=1), help="Only by this version of it.")
@click.option("--since", type=Since(), help="Only what was done then or later: 24h or 2026-03-01.")
@click.option("--dry-run", is_flag=True, help="Only say what would be undone.")
@reason_option
@yes_option
@format_option
@click.pass_context
def reverse(
    ctx: click.Context,
    *,
    enforcement_id: str | None,
    monitor: str | None,
    version: int | None,
    since: datetime | None,
    dry_run: bool,
    reason: str,
    yes: bool,
    form: str,
) -> None:
    """Undo one enforcement by its ID, or with --monitor and --since all that a monitor did.

    Targets get back exactly what they had. It works with every kill switch on, and may be repeated:
    what is undone stays so. All of a monitor's is asked about first.
    """
    with casework() as here:
        require(here.who, "reverse")
        which = _which(here, enforcement_id, monitor, version, since)
        with reading(here.engine) as connection:
            found = preview_reversal(connection, which, rules=here.terms.enforcement, now=here.now)
        if dry_run:
            emit_record(asdict(found), form)
            return
        if isinstance(which, OfMonitor):
            confirmed(f"{_sentence(found)} Go on?", yes=yes)
            asked = reverse_monitor(
                here.engine, who=here.who, which=which, reason=reason, now=here.now
            )
        else:
            asked = reverse_one(
                here.engine, who=here.who, enforcement_id=which, reason=reason, now=here.now
            )
        done = _carried_out(here)
    _emit(asked, done, form)
    if done.left or done.kept or done.stopped:
        ctx.exit(FOUND_WRONG)


def _which(
    here: Casework,
    enforcement_id: str | None,
    monitor: str | None,
    version: int | None,
    since: datetime | None,
) -> str | OfMonitor:
    if monitor is not None and since is not None and enforcement_id is None:
        return OfMonitor(monitor, since, version)
    if enforcement_id is None or any((monitor, version, since)):
        raise click.UsageError("Wanted the ID of one, or --monitor with --since and no ID.")
    with reading(here.engine) as connection:
        return enforcement_id_of(connection, enforcement_id)


def _sentence(found: Preview) -> str:
    return (
        f"It touches {found.size}: {found.restores} are restored, {found.ended} are over, "
        f"{found.in_flight} are on their way, {found.stops} were not done yet; "
        f"{found.irreversible} cannot be undone. {found.before} were undone before."
    )


def _carried_out(here: Casework) -> Undone:
    """Undo what is asked for, now; without a service it stays asked for."""
    with works(here) as working, _bar() as (bar, task):
        executor = working.executor(here.terms)
        if executor is None:
            return Undone(stopped="no_service")
        return carry_out(
            here.engine,
            executor=executor,
            entities_of=here.names.entities_of,
            terms=here.terms,
            clock=lambda: datetime.now(UTC),
            worker=working.worker,
            deadline=DEADLINE,
            progress=lambda done, left: bar.update(task, completed=done, total=done + left),  # type: ignore[arg-type]
        )


@contextmanager
def _bar() -> Iterator[tuple[Progress, object]]:
    with progress() as bar:
        yield bar, bar.add_task("restoring", total=None)


def _emit(asked: Asked, done: Undone, form: str) -> None:
    record = {"reversal_id": asked.reversal_id or None, "size": asked.size, **asdict(done)}
    emit_record(record, form)
    if not asked.size:
        click.echo("There was nothing to undo that nobody asked for before.", err=True)
    if done.stopped == "no_service":
        click.echo(
            "It is asked for. No service is set (WATCHFLOOR_SERVICE_URL), so nothing was restored "
            "yet.",
            err=True,
        )
    if done.kept:
        click.echo(
            "Some were changed since or could not be restored: `enforcement list --flagged`.",
            err=True,
        )
