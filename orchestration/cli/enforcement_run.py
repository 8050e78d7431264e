"""`watchfloor enforcement run`: plan and carry out once, as the sensor's job does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from orchestration.alerts.records import Watched
from orchestration.cli.cases_desk import Casework, casework, works
from orchestration.cli.checked import fit_of, has_dagster
from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.output import emit_record, format_option
from orchestration.cli.progress import progress
from orchestration.enforcement.execute import Ran
from orchestration.enforcement.reconcile import Reconciled
from orchestration.enforcement.standing import caps_of, previews
from orchestration.enforcement.undo import Undone
from orchestration.intake.modes import Fit
from orchestration.ledger.database import reading
from orchestration.oncall.people import require
from orchestration.working import Planned, Working

DEADLINE = timedelta(minutes=10)
STEPS = 4


class ByHand(Working):
    """Casework where nothing can say how monitors are: none of them acts by itself."""

    def watched(self, now: datetime) -> dict[str, Watched]:
        """No monitor."""
        del now
        return {}


@click.command()
@format_option
@click.pass_context
def run(ctx: click.Context, form: str) -> None:
    """Plan what was decided, send what is due, undo what is to be undone, and tell users: once.

    The sensors do all of it; this is for whoever works without Dagster. What monitors in auto found
    is planned only where Dagster's records say how their checks went.
    """
    with casework() as here:
        require(here.who, "approve")
        with _working(here) as (working, fit), progress() as bar:
            task = bar.add_task("planning", total=STEPS)

            def step(name: str) -> None:
                bar.update(task, advance=1, description=name)

            record, wrong = _round(here, working, fit, step)
            with reading(here.engine) as connection:
                shown = previews(connection, record.pop("batches"))  # type: ignore[arg-type]
    emit_record(record, form)
    for batch, text in shown.items():
        click.echo(f"Batch {batch[:12]} {text}", err=True)
    if wrong:
        click.echo(wrong, err=True)
        ctx.exit(FOUND_WRONG)


def _round(
    here: Casework, working: Working, fit: Fit, step: Callable[[str], None]
) -> tuple[dict[str, object], str]:
    clock = lambda: datetime.now(UTC)  # noqa: E731 - the one clock of this process
    planned = working.plan(here.terms, here.now, fit=fit)
    step("sending")
    asked, done = working.execute(here.terms, clock, deadline=DEADLINE)
    step("undoing")
    undone = working.undo(here.terms, clock, deadline=DEADLINE)
    step("telling")
    told = working.tell(here.terms, clock, deadline=DEADLINE)
    step("done")
    record = {
        "mode": here.terms.enforcement.mode.value,
        "batches": planned.batches,
        **_counts(planned, asked, done, undone),
        "notices_sent": told.sent,
        "notices_failed": told.failed,
    }
    with reading(here.engine) as connection:
        capped = caps_of(connection, {*planned.batches, *done.breached})
    return record, _wrong(capped, done, undone)


def _counts(planned: Planned, asked: Reconciled, done: Ran, undone: Undone) -> dict[str, object]:
    return {
        "batches_planned": len(planned.batches),
        "expired": planned.expired,
        "retracted": planned.retracted,
        "found_out": asked.applied + asked.failed + asked.given_back,
        "applied": done.applied,
        "failed": done.failed,
        "unknown": done.unknown,
        "put_off": done.put_off,
        "held": done.held,
        "stopped": done.stopped,
        "restored": undone.restored,
        "kept": undone.kept,
        "to_undo": undone.left,
    }


def _wrong(capped: Mapping[str, str], done: Ran, undone: Undone) -> str:
    """What people have to look at; empty if nothing is. `capped` is the cap of each batch stopped.

    A cap may stop a batch as it is planned, or as its first row is sent.
    """
    if capped:
        said = ", ".join(f"{batch[:12]} by the cap {cap}" for batch, cap in capped.items())
        return f"Stopped: {said}; nothing was done of it. `enforcement resume` takes two people."
    if done.stopped == "no_service" or (undone.stopped == "no_service" and undone.left):
        return "No service is set; wanted WATCHFLOOR_SERVICE_URL and WATCHFLOOR_SERVICE_SECRET."
    if done.failed or done.unknown:
        return "Some failed, or nobody knows yet whether they were done: `enforcement list`."
    return ""


@contextmanager
def _working(here: Casework) -> Iterator[tuple[Working, Fit]]:
    """What carries out, and what says of a monitor whether its checks let it act by itself."""
    found = works(here) if has_dagster(here.settings) else works(here, ByHand)
    with found as working, fit_of(here.settings) as fit:
        yield working, fit
