"""All that a ledger has and its service did, as the checks after a schedule look at it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select

from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import metadata
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.reference_service.services import Client
from tests.support.enforcement_crash_journal import journal

Row = Mapping[str, Any]
Place = tuple[str, str]  # account and field
DONE = ("applied", "reversed")
TABLES = ("decisions", "outcomes", "notices", "strikes", "appeals", "reversals", "labels")
MORE = ("grants", "batches", "switches", "audit")


@dataclass
class Found:
    """All that the ledger has, and all that the service did, in its order."""

    rows: Mapping[str, Enforcement]
    tables: Mapping[str, Sequence[Row]]
    log: Sequence[Row]
    asked: Sequence[Row]
    names: Mapping[str, str]  # pseudonyms by account
    client: Client
    in_force: dict[Place, str] = field(default_factory=dict)  # keys of ours
    own: dict[Place, str] = field(default_factory=dict)  # what people had set there last
    now: dict[Place, str] = field(default_factory=dict)

    @cached_property
    def keys(self) -> dict[str, list[Enforcement]]:
        """Rows that are done, by the key they were done under."""
        found: defaultdict[str, list[Enforcement]] = defaultdict(list)
        for row in self.rows.values():
            if row.mode == "live" and row.state in DONE:
                found[row.idempotency_key].append(row)
        return found


def found(
    connection: Connection, client: Client, names: Pseudonyms, accounts: Sequence[str]
) -> Found:
    """Look at everything."""
    return Found(
        where(connection, ENFORCEMENTS),
        {name: _table(connection, name) for name in (*TABLES, *MORE)},
        _log(client),
        journal(client),
        names.names("account_id", accounts),
        client,
    )


def _table(connection: Connection, name: str) -> Sequence[Row]:
    table = metadata.tables[name]
    order = table.c.seq if "seq" in table.c else table.c.get("audit_seq")
    rows = select(table) if order is None else select(table).order_by(order)
    return [dict(row) for row in connection.execute(rows).mappings()]


def _log(client: Client) -> list[Row]:
    lines: list[Row] = []
    while True:
        after = lines[-1]["seq"] if lines else 0
        more = client.ask("GET", f"/v1/log?after={after}")[1]["log"]
        if not more:
            return lines
        lines += more
