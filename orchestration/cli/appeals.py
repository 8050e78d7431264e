"""`watchfloor appeals`: take in appeals and decide them."""

import click
import polars as pl
from sqlalchemy import true

from orchestration.appeals import receive as receiving
from orchestration.appeals import review
from orchestration.appeals.codes import GOES_ON, Outcome, Rationale, Reason
from orchestration.appeals.decide import decide_appeal
from orchestration.appeals.health import Standing, sla_state
from orchestration.cli.appeals_listen import listen
from orchestration.cli.appeals_show import appeal_id_of, next_appeal, record_of, show
from orchestration.cli.cases_desk import casework, limit_option, span_text
from orchestration.cli.cases_groups import entity_of
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.enforcement_rows import SHORT
from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.machines import where
from orchestration.ledger.tables import appeals as table
from orchestration.oncall.people import require

LIST = {
    "appeal_id": pl.String(),
    "state": pl.String(),
    "outcome": pl.String(),
    "reason": pl.String(),
    "product": pl.String(),
    "reference": pl.String(),
    "enforcement_id": pl.String(),
    "held_by": pl.String(),
    "reviewers": pl.Int64(),
    "left": pl.String(),
    "breached": pl.Boolean(),
    "received_at": MOMENT,
    "due_at": MOMENT,
}


@click.group()
def appeals() -> None:
    """Take in appeals and decide them."""


for command in (next_appeal, show, listen):
    appeals.add_command(command)


@appeals.command()
@click.argument("product", metavar="PRODUCT")
@click.argument("reference", metavar="REFERENCE")
@click.option("--enforcement", metavar="ID", help="Against this: the reference of the notice.")
@click.option("--entity", metavar="TYPE=ID", help="Or against the newest on this target.")
@click.option(
    "--reason",
    required=True,
    type=click.Choice([reason.value for reason in Reason]),
    help="Why the user objects.",
)
@format_option
@click.pass_context
def receive(
    ctx: click.Context,
    *,
    product: str,
    reference: str,
    enforcement: str | None,
    entity: str | None,
    reason: str,
    form: str,
) -> None:
    """Take in an appeal under the product's own REFERENCE; the same again is the same appeal.

    What the user wrote stays in the product's support system. Exit code 1 if it cannot be heard.
    """
    if (enforcement is None) == (entity is None):
        raise click.UsageError("Wanted either --enforcement or --entity.")
    with casework() as here:
        require(here.who, "receive_appeal")  # before anybody is named
        about: receiving.About = entity_of(here, entity) if entity else enforcement or ""
        done = receiving.receive(
            here.engine,
            here.terms,
            product=product,
            reference=reference,
            about=about,
            reason=reason,
            now=here.now,
            by=here.who,
        )
    made = done.appeal
    record = {
        "appeal_id": made.appeal_id if made else None,
        "state": made.state.value if made else None,
        "due_at": made.due_at if made else None,
        "code": done.code.value,
        "repeated": done.repeated,
    }
    emit_record(record, form)
    click.echo(done.said, err=True)
    if done.code not in GOES_ON:
        ctx.exit(FOUND_WRONG)


@appeals.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in AppealState]),
    multiple=True,
    help="Only in this state; may be repeated. Open ones, if not given.",
)
@click.option("--product", help="Only of this product.")
@limit_option
@format_option
def list_appeals(*, states: tuple[str, ...], product: str | None, limit: int, form: str) -> None:
    """List appeals, due first in front, with how many people may review each."""
    with casework() as here, reading(here.engine) as connection:
        standing = {
            one.appeal.appeal_id: one for one in sla_state(connection, here.terms, here.now)
        }
        wanted = states or [state.value for state in receiving.OPEN]
        theirs = true() if product is None else table.c.product == product
        found = sorted(
            where(connection, APPEALS, table.c.state.in_(wanted), theirs).values(),
            key=lambda appeal: (appeal.due_at, appeal.appeal_id),
        )
    rows = [_row(one, standing.get(one.appeal_id), short=form == "table") for one in found]
    emit(pl.DataFrame(rows[:limit], schema=LIST, orient="row"), form)
    if len(rows) > limit:
        click.echo(f"{len(rows) - limit} more; raise --limit to see them.", err=True)


@appeals.command()
@click.argument("appeal", metavar="APPEAL")
@format_option
def release(appeal: str, form: str) -> None:
    """Give an appeal back to the queue."""
    with casework() as here:
        done = review.release(here.engine, here.who, appeal_id_of(here, appeal), now=here.now)
    emit_record(record_of(done), form)


@appeals.command()
@click.argument("appeal", metavar="APPEAL")
@click.argument("outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@click.option(
    "--rationale",
    required=True,
    type=click.Choice([rationale.value for rationale in Rationale]),
    help="Why.",
)
@click.option("--action", help="Of a partial one: the lighter action that was right.")
@format_option
def decide(*, appeal: str, outcome: str, rationale: str, action: str | None, form: str) -> None:
    """Decide an appeal that you have: upheld, overturned or partial.

    Overturned, everything is given back, the strike goes, and the user is told.
    """
    with casework() as here:
        done = decide_appeal(
            here.engine,
            here.who,
            appeal_id_of(here, appeal),
            Outcome(outcome),
            rationale,
            terms=here.terms,
            now=here.now,
            action=action,
        )
    record = {
        **record_of(done.appeal),
        "code": done.code,
        "reversal": done.appeal.reversal_id,
        "labels": done.labels,
        "decision_id": done.decision_id,
        "by_people": done.by_people,
    }
    emit_record(record, form)
    if done.by_people:
        click.echo("A machine cannot take it back; its reversal is flagged for people.", err=True)


@appeals.command()
@click.argument("appeal", metavar="APPEAL")
@format_option
def withdraw(appeal: str, form: str) -> None:
    """End an open appeal as its user wishes."""
    with casework() as here:
        done = review.withdraw(here.engine, appeal_id_of(here, appeal), now=here.now, by=here.who)
    emit_record(record_of(done), form)


def _row(appeal: Appeal, standing: Standing | None, *, short: bool) -> tuple[object, ...]:
    known: dict[str, object] = {name: getattr(appeal, name, None) for name in LIST}
    known |= {
        "state": appeal.state.value,
        "enforcement_id": appeal.enforcement_id[:SHORT] if short else appeal.enforcement_id,
        "held_by": appeal.leased_by,
    }
    if standing is not None:
        known |= {
            "reviewers": standing.reviewers,
            "left": span_text(standing.left),
            "breached": standing.breached,
        }
    return tuple(known.values())
