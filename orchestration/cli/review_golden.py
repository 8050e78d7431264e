"""`watchfloor review golden`: the units by which raters are measured."""

from datetime import timedelta
from typing import get_args

import click
import polars as pl
from sqlalchemy import Connection, select

from orchestration.cases.judging import Verdict
from orchestration.cli.cases_desk import Casework, casework, reason_option
from orchestration.cli.cases_ids import IdError, full_id
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.ledger.database import reading
from orchestration.ledger.tables import golden as table
from orchestration.ledger.tables import review_tasks
from orchestration.oncall.people import require
from orchestration.review import golden as sets
from orchestration.review.answer import VALUES

LIST = {
    "golden_id": pl.String(),
    "product": pl.String(),
    "entity": pl.String(),
    "window_start": MOMENT,
    "window_end": MOMENT,
    "verdict": pl.String(),
    "policy_version": pl.String(),
    "since_version": pl.Int64(),
    "until_version": pl.Int64(),
    "retired_why": pl.String(),
    "added_by": pl.String(),
    "expires_at": MOMENT,
}
WORDS = {value: verdict.value for verdict, value in VALUES.items()}


@click.group()
def golden() -> None:
    """List golden items, add and retire them. For leads."""


@golden.command("list")
@click.option("--product", help="Only of this product.")
@click.option("--version", type=click.IntRange(min=1), help="The set as it was; with --product.")
@click.option("--retired", is_flag=True, help="Those that are out, too.")
@format_option
def list_golden(*, product: str | None, version: int | None, retired: bool, form: str) -> None:
    """List golden items. Nobody who answers tasks should see this."""
    if version is not None and (product is None or retired):
        raise click.UsageError("--version goes with --product and without --retired.")
    with casework() as here:
        require(here.who, "gold")
        with reading(here.engine) as connection:
            found = _items(connection, product, version, retired=retired)
    rows = [
        tuple(WORDS[one.value] if name == "verdict" else getattr(one, name) for name in LIST)
        for one in found
    ]
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)


@golden.command()
@click.argument("task", metavar="TASK")
@click.argument("verdict", type=click.Choice(list(WORDS.values())))
@click.option("--policy", required=True, metavar="ID/VERSION", help="The policy it was judged by.")
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=sets.LASTS.days,
    show_default=True,
    help="How long it measures.",
)
@format_option
def add(*, task: str, verdict: str, policy: str, days: int, form: str) -> None:
    """Put the unit of TASK into its product's set, if it is adjudicated or two agree on it."""
    with casework() as here:
        done = sets.add(
            here.engine,
            here.who,
            _unit_of(here, task),
            value=VALUES[Verdict(verdict)],
            policy_version=policy,
            now=here.now,
            lasts=timedelta(days=days),
        )
    item = done.item
    record = {"golden_id": item.golden_id, "product": item.product, "new": done.new}
    emit_record({**record, "version": item.since_version, "expires_at": item.expires_at}, form)


@golden.command()
@click.argument("item", metavar="ITEM")
@click.argument("why", type=click.Choice(get_args(sets.Why)))
@reason_option
@format_option
def retire(*, item: str, why: sets.Why, reason: str, form: str) -> None:
    """Take an item out of its set: it measures nobody any more."""
    with casework() as here:
        with reading(here.engine) as connection:
            golden_id = full_id(
                connection,
                table.c.golden_id,
                item,
                what="golden item",
                listed="watchfloor review golden list",
                prefixes=("", "golden_"),
            )
        done = sets.retire(here.engine, here.who, golden_id, why, now=here.now, reason=reason)
    emit_record({"golden_id": golden_id, "retired": why, "new": done}, form)


def _items(
    connection: Connection, product: str | None, version: int | None, *, retired: bool
) -> list[sets.Golden]:
    """The sets' items by product and id; as of a version, or as they are."""
    if product is not None and not retired:
        return list(sets.golden_set(connection, product, version).items)
    rows = select(table).order_by(table.c.product, table.c.golden_id)
    if product is not None:
        rows = rows.where(table.c.product == product)
    if not retired:
        rows = rows.where(table.c.retired_at.is_(None))
    return [sets.Golden(**row) for row in connection.execute(rows).mappings()]


def _unit_of(here: Casework, given: str) -> str:
    """The whole id of a task; a unit's id goes as it is."""
    with reading(here.engine) as connection:
        try:
            return full_id(
                connection,
                review_tasks.c.task_id,
                given,
                what="task",
                listed="watchfloor review disputes",
                prefixes=("", "task_", "task-"),
            )
        except IdError:
            known = select(review_tasks.c.unit_id).where(review_tasks.c.unit_id == given).limit(1)
            if connection.execute(known).one_or_none() is None:
                raise
            return given
