"""`watchfloor cases`: take cases, look at them, decide them, and see how the queues stand."""

import click
import polars as pl

from monitors.contract import Severity
from orchestration.cases.members import members
from orchestration.cases.queue import Listed, listing
from orchestration.cli.cases_acts import (
    answer,
    ask,
    assign,
    claim,
    escalate,
    release,
    reopen,
    review,
)
from orchestration.cli.cases_decide import decide
from orchestration.cli.cases_desk import Casework, casework, limit_option
from orchestration.cli.cases_gaps import gaps
from orchestration.cli.cases_groups import merge, open_case, split
from orchestration.cli.cases_queues import queues
from orchestration.cli.cases_rows import LIST, holder, rows_of, shows
from orchestration.cli.cases_show import next_case, show
from orchestration.cli.cases_tasks import certify, tasks
from orchestration.cli.output import emit, format_option
from orchestration.ledger.case_states import OPEN
from orchestration.ledger.database import reading


@click.group()
def cases() -> None:
    """Take cases, look at them, decide them, and see how the queues stand."""


for command in (
    next_case,
    show,
    claim,
    release,
    assign,
    review,
    ask,
    answer,
    decide,
    escalate,
    reopen,
    merge,
    split,
    open_case,
    queues,
    gaps,
    tasks,
    certify,
):
    cases.add_command(command)


@cases.command("list")
@click.option("--queue", metavar="ID", help="Only in this queue.")
@click.option(
    "--state",
    "states",
    type=click.Choice(sorted(state.value for state in OPEN)),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@click.option(
    "--severity",
    "severities",
    type=click.Choice([severity.name for severity in Severity]),
    multiple=True,
    help="Only of this severity; may be repeated.",
)
@click.option("--product", help="Only of this product.")
@click.option("--mine", is_flag=True, help="Only those that you have.")
@click.option("--breached", is_flag=True, help="Only those that are overdue.")
@limit_option
@format_option
def list_cases(
    *,
    queue: str | None,
    states: tuple[str, ...],
    severities: tuple[str, ...],
    product: str | None,
    mine: bool,
    breached: bool,
    limit: int,
    form: str,
) -> None:
    """List open cases, the next one first."""
    chosen = any((queue, states, severities, product, mine, breached))
    with casework() as here:
        with reading(here.engine) as connection:
            every = listing(connection, here.terms, here.now)
            have = members(connection, [one.case.case_id for one in every])
        equal = {"queue": queue, "product": product}
        found = [
            one
            for one in every
            if not chosen
            or (
                _fits(here, one, equal, states, severities)
                and (not mine or holder(one.case, here.now) == here.who.id)
                and (not breached or one.breached)
            )
        ]
        rows = rows_of(here, found, have)
    emit(pl.DataFrame(rows[:limit], schema=LIST, orient="row"), form)
    if len(rows) > limit:
        click.echo(f"{len(rows) - limit} more; raise --limit to see them.", err=True)


def _fits(
    here: Casework,
    one: Listed,
    equal: dict[str, str | None],
    states: tuple[str, ...],
    severities: tuple[str, ...],
) -> bool:
    """Whether a case is what was asked for; one that is hidden from the person never is."""
    case = one.case
    return (
        shows(here, case)
        and all(value is None or getattr(case, name) == value for name, value in equal.items())
        and (not states or case.state in states)
        and (not severities or case.severity.name in severities)
    )
