"""`watchfloor cases tasks|certify`: policies that changed, and who has learnt them."""

import click
import polars as pl

from orchestration.cases.tasks import certify as certify_task
from orchestration.cases.tasks import open_tasks
from orchestration.cli.cases_desk import casework, span_text
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.ledger.database import reading
from orchestration.ledger.tables import tasks as table

TASKS = {
    "task_id": pl.String(),
    "person": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "left": pl.String(),
    "due_at": MOMENT,
}


@click.command()
@click.option("--all", "everybody", is_flag=True, help="Those of everybody, not only yours.")
@format_option
def tasks(*, everybody: bool, form: str) -> None:
    """List new versions of policies that you have to learn, due first in front."""
    with casework() as here, reading(here.engine) as connection:
        found = open_tasks(connection, None if everybody else here.who.id)
    rows = [
        (one.task_id, one.person, *one.policy, span_text(one.due_at - here.now), one.due_at)
        for one in found
    ]
    emit(pl.DataFrame(rows, schema=TASKS, orient="row"), form)


@click.command()
@click.argument("task", metavar="TASK")
@format_option
def certify(task: str, form: str) -> None:
    """Say that you know the policy as it is now: tasks for older versions are done with it."""
    with casework() as here:
        with reading(here.engine) as connection:
            task_id = full_id(
                connection,
                table.c.task_id,
                task,
                what="task",
                listed="watchfloor cases tasks",
                prefixes=("", "task_"),
            )
        n = certify_task(here.engine, here.who, task_id, now=here.now)
    emit_record({"task_id": task_id, "person": here.who.id, "certified": n}, form)
    if not n:
        click.echo("You had certified yourself before; nothing was changed.", err=True)
