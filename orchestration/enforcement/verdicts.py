"""Who said yes or no to what: a row for each person and object, written once."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, func, insert, select

from orchestration.enforcement.gates import in_batches
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import grants

Verdict = Literal["approve", "refuse"]


def write_verdicts(
    connection: Connection, objects: Sequence[str], verdict: Verdict, act: Act
) -> None:
    """Write the verdict of an act's actor on objects, each with its audit row."""
    rows = [
        {
            "grant_id": digest_parts("grant", name, act.actor.id),
            "object": name,
            "person": act.actor.id,
            "verdict": verdict,
            "at": act.at,
        }
        for name in objects
    ]
    if not rows:
        return
    changes = [
        Change(verdict, f"grant:{row['grant_id']}", after=digest_record(row)) for row in rows
    ]
    first = append_all(connection, act=act, changes=changes) - len(rows) + 1
    numbered = [{**row, "audit_seq": first + at} for at, row in enumerate(rows)]
    connection.execute(insert(grants), numbered)


def granted(connection: Connection, objects: Sequence[str]) -> dict[str, set[str]]:
    """Who has given a verdict on each object; those without any are left out."""
    g = grants.c
    found: dict[str, set[str]] = {}
    for some in in_batches(objects):
        rows = connection.execute(select(g.object, g.person).where(g.object.in_(some)))
        for name, person in rows:
            found.setdefault(name, set()).add(person)
    return found


def approvals_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many people have approved each enforcement; those without any are left out."""
    g = grants.c
    counted = select(g.object, func.count()).where(g.verdict == "approve").group_by(g.object)
    return {
        name.removeprefix("enforcement:"): n
        for some in in_batches(f"enforcement:{one}" for one in ids)
        for name, n in connection.execute(counted.where(g.object.in_(some)))
    }
