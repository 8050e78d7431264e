"""`watchfloor review`: judge units blind, settle what raters disagree on, keep golden sets."""

import click
import polars as pl
from sqlalchemy import select

from orchestration.cases.judging import Verdict
from orchestration.cli.cases_desk import casework, limit_option, reason_option
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.cli.review_desk import emit_task, full_task, reveal_options, task_of
from orchestration.cli.review_files import export_file, import_file
from orchestration.cli.review_golden import golden
from orchestration.ledger.database import reading
from orchestration.ledger.review_tasks import TaskState
from orchestration.ledger.tables import answers, review_tasks
from orchestration.oncall.people import require
from orchestration.review.adjudicate import disputes as open_disputes
from orchestration.review.adjudicate import settle as settle_dispute
from orchestration.review.answer import VALUES
from orchestration.review.answer import answer as answer_task
from orchestration.review.errors import ReviewError
from orchestration.review.next import take

DISPUTES = {
    "task_id": pl.String(),
    "product": pl.String(),
    "entity": pl.String(),
    "window_start": MOMENT,
    "window_end": MOMENT,
    "verdicts": pl.String(),
    "raters": pl.String(),
    "since": MOMENT,
}
MINE = {
    "task_id": pl.String(),
    "verdict": pl.String(),
    "yours_until": MOMENT,
    "answered_at": MOMENT,
}


@click.group()
def review() -> None:
    """Judge units blind, settle what raters disagree on, keep golden sets."""


@review.command("next")
@reveal_options
@format_option
def next_task(*, revealed: bool, limit: int, form: str) -> None:
    """Take the unit that you are to judge next, and show it; the one that you have, if any."""
    with casework() as here:
        task = take(here.engine, here.who, terms=here.terms, now=here.now)
        if task is None:
            raise NoDataError(f"No task waits that {here.who.id} may judge.")
        emit_task(here, task, form, revealed=revealed, limit=limit)


@review.command()
@click.argument("task", metavar="TASK")
@click.argument("verdict", type=click.Choice([verdict.value for verdict in Verdict]))
@format_option
def answer(*, task: str, verdict: str, form: str) -> None:
    """Say what you hold the unit of a task for, which you have."""
    with casework() as here:
        task_id = full_task(here, task)
        done = answer_task(
            here.engine, here.who, task_id, Verdict(verdict), terms=here.terms, now=here.now
        )
    emit_record({"task_id": done.task_id, "verdict": done.verdict.value, "new": done.new}, form)


@review.command()
@limit_option
@format_option
def mine(*, limit: int, form: str) -> None:
    """List the task that you have, and what you answered, the newest first."""
    a, t = answers.c, review_tasks.c
    with casework() as here:
        require(here.who, "answer")
        has = (t.leased_by == here.who.id) & (t.leased_until > here.now)
        held = select(t.task_id, t.leased_until).where(t.state == TaskState.LEASED, has)
        given = select(a.task_id, a.verdict, a.answered_at).where(a.rater == here.who.id)
        newest = given.order_by(a.answered_at.desc(), a.task_id).limit(limit)
        with reading(here.engine) as connection:
            rows = [(row[0], None, row[1], None) for row in connection.execute(held)]
            rows += [(row[0], row[1], None, row[2]) for row in connection.execute(newest)]
    emit(pl.DataFrame(rows[:limit], schema=MINE, orient="row"), form)


@review.command()
@click.argument("task", metavar="[TASK]", required=False)
@reveal_options
@format_option
def disputes(*, task: str | None, revealed: bool, limit: int, form: str) -> None:
    """List units on which two answers differ, the oldest first; or show TASK. For leads."""
    if revealed and task is None:
        raise click.UsageError("--reveal goes with a TASK.")
    with casework() as here:
        require(here.who, "adjudicate")
        with reading(here.engine) as connection:
            found = open_disputes(connection)
            shown = task_of(connection, task) if task else None
        if shown is not None:
            if shown.state is not TaskState.DISPUTED:
                raise ReviewError(
                    f"The task {shown.task_id} is not disputed; wanted one of `watchfloor review "
                    "disputes`."
                )
            emit_task(here, shown, form, revealed=revealed, limit=limit, until=False)
            return
    rows = [
        (
            one.task.task_id,
            one.task.product,
            one.task.entity,
            one.task.window_start,
            one.task.window_end,
            ", ".join(one.verdicts),
            ", ".join(one.raters),
            one.since,
        )
        for one in found
    ]
    emit(pl.DataFrame(rows, schema=DISPUTES, orient="row"), form)


@review.command()
@click.argument("task", metavar="TASK")
@click.argument("verdict", type=click.Choice([verdict.value for verdict in VALUES]))
@reason_option
@format_option
def settle(*, task: str, verdict: str, reason: str, form: str) -> None:
    """Settle a dispute for good. For leads who did not judge the unit."""
    with casework() as here:
        done = settle_dispute(
            here.engine,
            here.who,
            full_task(here, task),
            Verdict(verdict),
            reason=reason,
            terms=here.terms,
            now=here.now,
        )
    record = {"tasks": ", ".join(done.task_ids), "verdict": done.verdict.value, "new": done.new}
    emit_record(record, form)


for command in (golden, export_file, import_file):
    review.add_command(command)
