"""Enforcements and batches as the command line shows them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from orchestration.cases.holding import may_work
from orchestration.cases.members import batches as in_batches
from orchestration.cli.cases_desk import Casework
from orchestration.cli.cases_ids import full_id
from orchestration.cli.cases_rows import MOMENT
from orchestration.enforcement.preview import Preview
from orchestration.ledger.cases import CASES
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import batches, case_alerts, cases, decisions, enforcements
from orchestration.oncall.people import may

SHORT = 12  # digits of an id in a table
LIST = {
    "enforcement_id": pl.String(),
    "state": pl.String(),
    "mode": pl.String(),
    "code": pl.String(),
    "flag": pl.String(),
    "action": pl.String(),
    "target": pl.String(),
    "product": pl.String(),
    "policy": pl.String(),
    "monitor": pl.String(),
    "needs": pl.Int64(),
    "planned_at": MOMENT,
    "expires_at": MOMENT,
    "batch_id": pl.String(),
}
BATCHES = {
    "batch_id": pl.String(),
    "source": pl.String(),
    "mode": pl.String(),
    "planned_at": MOMENT,
    "size": pl.Int64(),
    "breach": pl.String(),
    "resumed_at": MOMENT,
    "preview": pl.String(),
}


def enforcement_id_of(connection: Connection, given: str) -> str:
    """The whole id of an enforcement, of one abbreviated."""
    return full_id(
        connection,
        enforcements.c.enforcement_id,
        given,
        what="enforcement",
        listed="watchfloor enforcement list",
    )


def batch_id_of(connection: Connection, given: str) -> str:
    """The whole id of a batch, of one abbreviated."""
    return full_id(
        connection,
        batches.c.batch_id,
        given,
        what="batch",
        listed="watchfloor enforcement list --batches",
    )


def row_of(row: Enforcement, *, short: bool) -> tuple[object, ...]:
    """A row of the list; its ids are cut where people read them."""
    known: dict[str, object] = {name: getattr(row, name, None) for name in LIST}
    known |= {
        "enforcement_id": row.enforcement_id[:SHORT] if short else row.enforcement_id,
        "batch_id": row.batch_id[:SHORT] if short else row.batch_id,
        "state": row.state.value,
        "policy": f"{row.policy_id}/{row.policy_version}",
    }
    return tuple(known.values())


def batch_row(row: Mapping[Any, Any], *, short: bool) -> tuple[object, ...]:
    """A row of the list of batches, with its blast radius in a sentence."""
    known = {name: row[name] for name in BATCHES}
    known["batch_id"] = row["batch_id"][:SHORT] if short else row["batch_id"]
    known["preview"] = Preview(**row["preview"]).text if row["preview"] else None
    return tuple(known.values())


def seen(connection: Connection, here: Casework, rows: Iterable[Enforcement]) -> list[Enforcement]:
    """Those that the person may see.

    What came of a restricted case is shown to who has its skills, and to who approves.
    """
    every = list(rows)
    if may(here.who, "approve"):
        return every
    of_case = _cases(connection, every)
    restricted = where(connection, CASES, cases.c.restricted)
    shut = {
        case_id
        for case_id, case in restricted.items()
        if not may_work(here.who, here.terms.desks, case)
    }
    return [row for row in every if shut.isdisjoint(of_case.get(row.enforcement_id, ()))]


def _cases(connection: Connection, rows: Collection[Enforcement]) -> dict[str, set[str]]:
    """The cases that each enforcement came of: of its decision and of its alert."""
    found: dict[str, set[str]] = {}
    d, a = decisions.c, case_alerts.c
    ways = (
        ("decision_id", select(d.decision_id, d.case_id), d.decision_id),
        ("alert_id", select(a.alert_id, a.case_id), a.alert_id),
    )
    for name, query, column in ways:
        ids = sorted({getattr(row, name) for row in rows} - {None})
        by: dict[str, set[str]] = {}
        for some in in_batches(ids):
            for key, case_id in connection.execute(query.where(column.in_(some))):
                by.setdefault(key, set()).add(case_id)
        for row in rows:
            mine = by.get(getattr(row, name) or "", set())
            found.setdefault(row.enforcement_id, set()).update(mine)
    return found
