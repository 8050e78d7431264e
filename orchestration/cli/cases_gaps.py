"""`watchfloor cases gaps`: where policies and monitors fall short, and closing a gap."""

from datetime import datetime

import click
import polars as pl
from sqlalchemy import Connection

from monitors.registry import registry
from orchestration.cases.gaps import OPENED, OpenGap, close_gap, open_gaps, policy_gaps
from orchestration.cases.holding import require_skills
from orchestration.cases.members import batches
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT, shows
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.cli.times import Since
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.tables import gaps as table

WANTED = (
    "Wanted --close ID with --reason, and --monitor if one catches such things now; or --open for "
    "the ids; or none of these for the counts."
)
GAPS = {
    "kind": pl.String(),
    "policy": pl.String(),
    "product": pl.String(),
    "harm": pl.String(),
    "of": pl.String(),
    "n": pl.Int64(),
}
OPEN = {name: MOMENT if name == "opened_at" else pl.String() for name in OPENED}


@click.command()
@click.option("--since", type=Since(), default="30d", show_default=True, help="Decided since then.")
@click.option("--open", "each", is_flag=True, help="Each open gap with its id, instead.")
@click.option("--close", "gap", metavar="ID", help="Close this gap, instead.")
@click.option("--monitor", metavar="ID", help="With --close: it catches such things now.")
@click.option("--reason", help="With --close: why, in one line, for the audit.")
@format_option
def gaps(
    *,
    since: datetime,
    each: bool,
    gap: str | None,
    monitor: str | None,
    reason: str | None,
    form: str,
) -> None:
    """Show where policies and monitors fall short: no policy, disagreement, overturned, open."""
    with casework() as here:
        if gap and reason and not each:
            _close(here, gap, monitor, reason, form)
        elif gap or monitor or reason:
            raise click.UsageError(WANTED)
        elif each:
            _list(here, form)
        else:
            _report(here, since, form)


def _report(here: Casework, since: datetime, form: str) -> None:
    with reading(here.engine) as connection:
        found = policy_gaps(connection, since)
    rows = [tuple(getattr(one, name) or None for name in GAPS) for one in found]
    emit(pl.DataFrame(rows, schema=GAPS, orient="row"), form)


def _list(here: Casework, form: str) -> None:
    """Print open gaps; one of a restricted case is shown to who has its skills."""
    with reading(here.engine) as connection:
        found = open_gaps(connection)
        of = _cases(connection, found)
    seen = [one for one in found if one.case_id not in of or shows(here, of[one.case_id])]
    rows = [tuple(getattr(one, name) for name in OPENED) for one in seen]
    emit(pl.DataFrame(rows, schema=OPEN, orient="row"), form)


def _close(here: Casework, given: str, monitor: str | None, reason: str, form: str) -> None:
    if monitor is not None and monitor not in registry().monitors:
        raise click.UsageError(
            f"There is no monitor '{monitor}'; wanted one of `watchfloor monitors list`."
        )
    with reading(here.engine) as connection:
        gap_id = full_id(
            connection,
            table.c.gap_id,
            given,
            what="gap",
            listed="watchfloor cases gaps --open",
            prefixes=("", "gap_"),
        )
        mine = [one for one in open_gaps(connection) if one.gap_id == gap_id]
        of = _cases(connection, mine)
    for case in of.values():
        if case.restricted:
            require_skills(here.who, here.terms.desks, case)
    done = close_gap(here.engine, here.who, gap_id, monitor=monitor, reason=reason, now=here.now)
    emit_record(
        {
            "gap_id": gap_id,
            "kind": done.kind,
            "case_id": done.case_id,
            "by": here.who.id,
            "monitor": monitor,
        },
        form,
    )


def _cases(connection: Connection, some: list[OpenGap]) -> dict[str, Case]:
    """The cases that tell of gaps, by id."""
    found: dict[str, Case] = {}
    for ids in batches(sorted({one.case_id for one in some})):
        found |= where(connection, CASES, CASES.table.c.case_id.in_(ids))
    return found
