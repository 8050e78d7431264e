"""`watchfloor cases queues`: how the queues stand."""

import click
import polars as pl

from orchestration.cases.outlook import Outlook, outlooks
from orchestration.cli.cases_desk import casework, span_text
from orchestration.cli.output import emit, format_option
from orchestration.ledger.database import reading

QUEUES = {
    "queue": pl.String(),
    "open": pl.Int64(),
    "free": pl.Int64(),
    "breached": pl.Int64(),
    "grave": pl.Int64(),
    "oldest": pl.String(),
    "age": pl.String(),
    "forecast": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "basis": pl.String(),
}


@click.command()
@format_option
def queues(form: str) -> None:
    """Show how each queue stands: age, breaches, oldest, and breaches expected in eight hours."""
    with casework() as here, reading(here.engine) as connection:
        found = outlooks(connection, here.terms, here.now)
    emit(pl.DataFrame([_row(one) for one in found], schema=QUEUES, orient="row"), form)


def _row(one: Outlook) -> tuple[object, ...]:
    expected = one.forecast
    return (
        one.queue,
        one.open,
        one.free,
        one.breached,
        one.grave,
        one.oldest,
        span_text(one.age) if one.oldest else None,
        expected.expected,
        expected.low,
        expected.high,
        expected.basis,
    )
