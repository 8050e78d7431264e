"""`watchfloor enforcement approve|refuse|resume`: people's yes and no."""

from collections import Counter
from collections.abc import Sequence

import click
from sqlalchemy import select

from orchestration.appeals.reviewers import authors_of
from orchestration.cli.cases_desk import Casework, casework, confirmed, reason_option, yes_option
from orchestration.cli.enforcement_rows import batch_id_of, enforcement_id_of
from orchestration.cli.output import emit_record, format_option
from orchestration.enforcement import approve as verdicts
from orchestration.enforcement.active import ActiveEntities
from orchestration.enforcement.preview import Preview
from orchestration.enforcement.verdicts import Verdict
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where
from orchestration.ledger.tables import batches, enforcements

LARGE = 10  # enforcements, from which on an approval is asked for twice


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", metavar="ID", help="All of this batch that await you, instead.")
@reason_option
@yes_option
@format_option
def approve(*, ids: tuple[str, ...], batch: str | None, reason: str, yes: bool, form: str) -> None:
    """Say yes to enforcements that await an approval: all that are named, or none.

    Nobody approves what their own monitor found or what they decided. Asks first where something
    irreversible is among them, or ten or more.
    """
    with casework() as here:
        chosen, batch_id, rows = _named(here, ids, batch)
        final = [row for row in rows if not _reversible(here, row)]
        if final or len(rows) >= LARGE:
            what = ", ".join(f"{n} {name}" for name, n in _actions(rows).items())
            last = f"; {len(final)} cannot be undone" if final else ""
            confirmed(f"Approve {len(rows)} enforcements ({what}{last})?", yes=yes)
        _say(here, "approve", chosen, batch_id, reason=reason, form=form)


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", metavar="ID", help="All of this batch that await you, instead.")
@reason_option
@format_option
def refuse(*, ids: tuple[str, ...], batch: str | None, reason: str, form: str) -> None:
    """Say no to enforcements that are not sent yet: they are blocked for good."""
    with casework() as here:
        chosen, batch_id, _ = _named(here, ids, batch)
        _say(here, "refuse", chosen, batch_id, reason=reason, form=form)


@click.command()
@click.argument("batch", metavar="BATCH")
@reason_option
@yes_option
@format_option
def resume(*, batch: str, reason: str, yes: bool, form: str) -> None:
    """Say that a batch goes on which a cap stopped; the second person's word carries it out.

    Gates and caps are asked anew: a raised cap or a new day is what lets it go on.
    """
    with casework() as here:
        with reading(here.engine) as connection:
            batch_id = batch_id_of(connection, batch)
            same = select(batches.c.preview).where(batches.c.batch_id == batch_id)
            found = connection.execute(same).scalar_one()
        radius = Preview(**found).text if found else "its blast radius is not known."
        confirmed(f"Resume the batch? As it was planned it {radius}", yes=yes)
        done = verdicts.resume(
            here.engine,
            who=here.who,
            batch_id=batch_id,
            terms=here.terms,
            active=ActiveEntities(here.lake, here.now),
            authors=authors_of,
            reason=reason,
            now=here.now,
        )
    emit_record({"batch_id": batch_id, "resumed": done.resumed, "missing": done.missing}, form)
    if done.missing:
        click.echo(f"{done.missing} more must say so, somebody else.", err=True)


def _named(
    here: Casework, ids: Sequence[str], batch: str | None
) -> tuple[list[str], str | None, list[Enforcement]]:
    """Whole ids, or the batch's, and the rows that are meant."""
    if bool(ids) == bool(batch):
        raise click.UsageError("Wanted ids of enforcements, or --batch.")
    with reading(here.engine) as connection:
        if batch is None:
            chosen = [enforcement_id_of(connection, one) for one in ids]
            return chosen, None, list(of_ids(connection, ENFORCEMENTS, chosen).values())
        batch_id = batch_id_of(connection, batch)
        e = enforcements.c
        waits = e.state == EnforcementState.AWAITING
        rows = where(connection, ENFORCEMENTS, e.batch_id == batch_id, waits)
        return [], batch_id, list(rows.values())


def _reversible(here: Casework, row: Enforcement) -> bool:
    action = here.terms.enforcement.actions.get(row.action)
    return action is not None and action.reversible


def _actions(rows: Sequence[Enforcement]) -> Counter[str]:
    return Counter(sorted(row.action for row in rows))


def _say(
    here: Casework,
    verdict: Verdict,
    ids: Sequence[str],
    batch_id: str | None,
    *,
    reason: str,
    form: str,
) -> None:
    done = verdicts.approve(
        here.engine,
        who=here.who,
        verdict=verdict,
        now=here.now,
        terms=here.terms,
        authors=authors_of,
        reason=reason,
        ids=ids,
        batch_id=batch_id,
    )
    record = {"approved": done.approved, "waiting": done.waiting, "refused": done.refused}
    emit_record({"by": here.who.id, **record}, form)
    if done.waiting:
        click.echo(f"{done.waiting} need a second person's yes.", err=True)
