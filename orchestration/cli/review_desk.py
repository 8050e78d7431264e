"""What the commands of review share: ids of tasks, and a task as a rater sees it."""

import json
from datetime import timedelta

import click
import polars as pl
from sqlalchemy import Connection

from orchestration.cases.reveal import AT_ONCE, Revealed
from orchestration.cli.cases_desk import Casework, busy, span_text
from orchestration.cli.cases_ids import full_id
from orchestration.cli.output import Command, emit_record, emit_sections
from orchestration.ledger.database import reading
from orchestration.ledger.machines import one
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask
from orchestration.ledger.tables import review_tasks
from orchestration.review.exposure import reveal
from orchestration.review.next import TaskView, show

TEXTS = {  # `after`: seconds from the window's start
    "after": pl.Int64(),
    "product": pl.String(),
    "contract": pl.String(),
    "column": pl.String(),
    "event_id": pl.String(),
    "text": pl.String(),
}
PARTS = list(TEXTS)[1:]
SECOND = timedelta(seconds=1)


def reveal_options(command: Command) -> Command:
    """Give a command `--reveal` and `--limit`, as its arguments `revealed` and `limit`."""
    seen = click.option(
        "--reveal", "revealed", is_flag=True, help="Show what was written, too: each view is noted."
    )
    most = click.option(
        "--limit",
        type=click.IntRange(1, 100),
        default=AT_ONCE,
        show_default=True,
        help="Texts at most.",
    )
    return seen(most(command))


def task_of(connection: Connection, given: str) -> ReviewTask:
    """The task of an id, which may be abbreviated."""
    found = full_id(
        connection,
        review_tasks.c.task_id,
        given,
        what="task",
        listed="watchfloor review mine",
        prefixes=("", "task_", "task-"),
    )
    return one(connection, REVIEW_TASKS, found)


def full_task(here: Casework, given: str) -> str:
    """The whole id of a task."""
    with reading(here.engine) as connection:
        return task_of(connection, given).task_id


def emit_task(
    here: Casework, task: ReviewTask, form: str, *, revealed: bool, limit: int, until: bool = True
) -> None:
    """Print a task as its rater sees it, with what was written if that is asked for."""
    seen = _texts(here, task, limit) if revealed else None
    with busy("looking"):
        view = show(here.engine, here.lake, here.names, task, terms=here.terms)
    record = {**_record(view), **({"yours_until": task.leased_until} if until else {})}
    parts = {"policy": _policy(view), "evidence": view.evidence}
    if seen is not None:
        rows = [
            ((text.at - task.window_start) // SECOND, *(getattr(text, name) for name in PARTS))
            for text in seen.texts
        ]
        parts["content"] = pl.DataFrame(rows, schema=TEXTS, orient="row")
        click.echo(
            f"{len(seen.texts)} texts, {seen.left_out} more; you may see {seen.remaining} more "
            "today.",
            err=True,
        )
    if form != "table":
        emit_sections({"task": pl.DataFrame([record], strict=False), **parts}, form)
        return
    emit_record(record)
    click.echo()
    emit_sections({**parts, "evidence": _readable(view.evidence)})


def _texts(here: Casework, task: ReviewTask, limit: int) -> Revealed:
    """What was written. It goes to the terminal and nowhere else."""
    return reveal(
        here.engine,
        here.lake,
        here.names,
        who=here.who,
        task_id=task.task_id,
        terms=here.terms,
        now=here.now,
        most=limit,
    )


def _record(view: TaskView) -> dict[str, object]:
    return {
        "task_id": view.task_id,
        "product": view.product,
        "harm": view.harm,
        "policy": view.policy,
        "entity_type": view.entity_type,
        "entity": view.entity,
        "starts": view.starts,
        "length": span_text(view.length),
    }


def _policy(view: TaskView) -> pl.DataFrame:
    parts = ("not_allowed", "allowed", "borderline")
    rows = [
        (part.replace("_", " "), " ".join(getattr(view.wording, part).split())) for part in parts
    ]
    return pl.DataFrame(rows, schema={"part": pl.String(), "text": pl.String()}, orient="row")


def _readable(evidence: pl.DataFrame) -> pl.DataFrame:
    """Evidence for people: a line for each fact, without the ids of events."""
    rows = [
        (row["contract"], row["product"], name, value)
        for row in evidence.iter_rows(named=True)
        for name, value in {"events": row["events"], **json.loads(row["facts"])}.items()
    ]
    schema = {
        "contract": pl.String(),
        "product": pl.String(),
        "fact": pl.String(),
        "value": pl.Float64(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row", strict=False)
