"""`watchfloor appeals next|show`: an appeal, what it is against, and its life."""

import click
import polars as pl
from sqlalchemy import Connection, select

from orchestration.appeals import review
from orchestration.appeals.errors import AppealError
from orchestration.appeals.reviewers import authors_of, bars_of, may_review
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.enforcement_rows import seen
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit_record, emit_sections, format_option
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import one
from orchestration.ledger.tables import appeals as table
from orchestration.ledger.tables import audit, decisions


@click.command("next")
@format_option
def next_appeal(form: str) -> None:
    """Take the appeal that is due first among those you had no part in, and show it."""
    with casework() as here:
        found = review.next_appeal(here.engine, here.who, here.terms, here.now)
        if found is None:
            raise NoDataError(f"No appeal waits that {here.who.id} may review.")
        _show(here, found.appeal_id, form)


@click.command()
@click.argument("appeal", metavar="APPEAL")
@format_option
def show(appeal: str, form: str) -> None:
    """Show an appeal, what it is against, and its life."""
    with casework() as here:
        _show(here, appeal_id_of(here, appeal), form)


def appeal_id_of(here: Casework, given: str) -> str:
    """The whole id of an appeal, of one abbreviated."""
    with reading(here.engine) as connection:
        return full_id(
            connection,
            table.c.appeal_id,
            given,
            what="appeal",
            listed="watchfloor appeals list",
            prefixes=("", "appeal_"),
        )


def record_of(appeal: Appeal) -> dict[str, object]:
    """Where an appeal is, and what was decided."""
    return {
        "appeal_id": appeal.appeal_id,
        "state": appeal.state.value,
        "outcome": appeal.outcome,
        "rationale": appeal.rationale,
        "reviewer": appeal.reviewer,
        "decided_at": appeal.decided_at,
    }


def _show(here: Casework, appeal_id: str, form: str) -> None:
    with reading(here.engine) as connection:
        appeal = one(connection, APPEALS, appeal_id)
        row = one(connection, ENFORCEMENTS, appeal.enforcement_id)
        desks = here.terms.desks
        bars = bars_of(connection, {row.enforcement_id: row}, desks=desks, authors=authors_of)
        life = _life(connection, appeal_id)
        mine_of = select(decisions.c.case_id).where(decisions.c.decision_id == row.decision_id)
        case_id = connection.execute(mine_of).scalar_one_or_none()
        shown = seen(connection, here, [row])
    mine = may_review(here.who, bars[row.enforcement_id])
    if not (mine or shown):
        raise AppealError(
            "That appeal is about a restricted case; wanted somebody with its skills, or who "
            "approves. Leave it to them."
        )
    record = {
        **record_of(appeal),
        "reason": appeal.reason,
        "product": appeal.product,
        "reference": appeal.reference,
        "received_at": appeal.received_at,
        "due_at": appeal.due_at,
        "held_by": appeal.leased_by,
        "held_until": appeal.leased_until,
        "you_may_review": mine,
    }
    against = {
        "enforcement_id": row.enforcement_id,
        "state": row.state.value,
        "action": row.action,
        "target": row.target,
        "policy": f"{row.policy_id}/{row.policy_version}",
        "monitor": row.monitor,
        "case_id": case_id,
        "applied_at": row.applied_at,
        "ends_at": row.ends_at,
    }
    parts = {"against": pl.DataFrame([against], strict=False), "life": life}
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections(parts)
    else:
        emit_sections({"appeal": pl.DataFrame([record], strict=False), **parts}, form)


def _life(connection: Connection, appeal_id: str) -> pl.DataFrame:
    schema = {"at": MOMENT, "who": pl.String(), "what": pl.String(), "why": pl.String()}
    mine = select(audit.c.at, audit.c.actor, audit.c.verb, audit.c.reason).where(
        audit.c.object == f"appeal:{appeal_id}"
    )
    rows = connection.execute(mine.order_by(audit.c.seq)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
