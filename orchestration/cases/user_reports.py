"""Reports by users: taken into the ledger, weighed together, and a reason to open a case.

Nothing is discarded: a report of a campaign, or one said before, weighs less and stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from monitors.evaluate import Span
from orchestration.cases.members import batches
from orchestration.cases.reports_read import read_reports, remember_targets
from orchestration.cases.reports_route import route_reports
from orchestration.cases.terms import Terms
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import reports
from orchestration.pseudonyms import Pseudonyms
from orchestration.triage.reports import DECIDED, report_key, reputations, weighed

REPORTING = Actor("reports", "system")
LOOK_BACK = timedelta(days=7)
CLOSE = 1e-9  # weights that differ by less are the same


@dataclass(frozen=True, slots=True)
class Taken:
    """Reports that are new, those whose weight others changed, and the cases they came to."""

    new: int = 0
    reweighed: int = 0
    opened: int = 0
    joined: int = 0


def take_reports(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    terms: Terms,
    *,
    now: datetime,
    since: datetime | None = None,
) -> Taken:
    """Take in what users reported since a time, a week ago if None, and open or join cases.

    Each event is taken once, whenever and however often this is done. Weights are of all reports
    of the time together, by reputation, repetition and campaigns; those that nobody has decided on
    follow what comes later. Reporters who were not signed in count as one of their product.
    """
    span = Span(since or now - LOOK_BACK, now + timedelta(microseconds=1))
    rows = read_reports(lake, names, span)
    with writing(engine) as connection:
        known = _known(connection, rows["report"])
        made = _weighed(connection, rows)
        new = [row for row in made if row["report_id"] not in known]
        _insert(connection, new)
        changed = _reweigh(connection, made, known)
        if new:
            act = Act(REPORTING, now, f"{len(new)} reports taken, {changed} weighed anew")
            ids = sorted(row["report_id"] for row in new)
            digest = digest_parts(*ids)
            append(connection, act=act, verb="take", object_id=f"reports:{digest}", after=digest)
        opened, joined = route_reports(connection, terms, since or now - LOOK_BACK, now)
        cased = _known(connection, rows["report"]).values()
    # Each time, so that a crash before this keeps nobody from being acted on.
    about = {row["target"] for row in cased if row["case_id"] and row["valid"] is None}
    remember_targets(lake, names, span, about)
    return Taken(len(new), changed, opened, joined)


def _known(connection: Connection, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for some in batches(sorted(set(ids))):
        rows = connection.execute(select(reports).where(reports.c.report_id.in_(some))).mappings()
        found |= {row["report_id"]: dict(row) for row in rows}
    return found


def _weighed(connection: Connection, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of the ledger's table, with the weights of this moment."""
    standing = reputations(_decided(connection, rows["reporter"].unique()))
    found = weighed(rows.drop("product", "valid"), standing)
    weights = dict(zip(found["report"], found["weight"], strict=True))
    first = _first(rows)
    return [
        {
            "report_id": row["report"],
            "product": row["product"],
            "reporter": row["reporter"],
            "target_type": "account_id",
            "target": row["target"],
            "reason": row["reason"],
            "at": row["reported_at"],
            "weight": float(weights[row["report"]]),
            "same_as": None if first[row["report"]] == row["report"] else first[row["report"]],
            "case_id": None,
            "valid": row["valid"],
        }
        for row in rows.iter_rows(named=True)
    ]


def _first(rows: pl.DataFrame) -> dict[str, str]:
    """Of each report the earliest that says the same."""
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows.sort("reported_at", "report").iter_rows(named=True):
        key = report_key(row["reporter"], row["target"], row["reason"] or "", row["reported_at"])
        by_key[key].append(row["report"])
    return {report: same[0] for same in by_key.values() for report in same}


def _decided(connection: Connection, reporters: Iterable[str]) -> pl.DataFrame:
    """What was decided on earlier reports of these reporters."""
    table = reports.c
    found: list[tuple[str, bool]] = []
    for some in batches(sorted(reporters)):
        mine = select(table.reporter, table.valid).where(
            table.reporter.in_(some), table.valid.is_not(None)
        )
        found += [(row.reporter, row.valid) for row in connection.execute(mine)]
    return pl.DataFrame(found, schema=DECIDED, orient="row")


def _insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    for some in batches(rows):
        connection.execute(insert(reports), some)


def _reweigh(
    connection: Connection,
    made: Iterable[Mapping[str, Any]],
    known: Mapping[str, Mapping[str, Any]],
) -> int:
    """Give known reports that nobody decided on the weight they have now; how many changed."""
    changed = [
        {"found": row["report_id"], "weight": row["weight"]}
        for row in made
        if row["report_id"] in known
        and known[row["report_id"]]["valid"] is None
        and abs(known[row["report_id"]]["weight"] - row["weight"]) > CLOSE
    ]
    same = update(reports).where(reports.c.report_id == bindparam("found"))
    for some in batches(changed):
        connection.execute(same.values(weight=bindparam("weight")), some)
    return len(changed)
