"""What the ledger says: modes, quality, drills, kept runs, gold, open findings, who signed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from launch_checklists.facts import (
    Backtest,
    GoldenFacts,
    Granted,
    Known,
    Missing,
    Quality,
    Seeded,
    Signature,
    Trial,
)
from monitors.contract import Monitor
from orchestration.launch.raters import raters_of
from orchestration.ledger import tables
from orchestration.measurement.quality import qualities
from orchestration.review.golden import golden_set

LATELY = timedelta(days=30)
UNANSWERED = timedelta(hours=1)  # in which a route's test must have come back


def measured(connection: Connection, monitors: list[Monitor], now: datetime) -> dict[str, Quality]:
    """What judgements of each monitor's present version come to."""
    found = qualities(connection, [(one.id, one.version) for one in monitors], now)
    return {
        name: Quality(one.n, one.k, one.lower, one.newest_label, one.state)
        for (name, _), one in found.items()
    }


def backtests(connection: Connection, monitor: str) -> Known[Backtest]:
    """The newest backtest of a monitor that was kept, of whatever version."""
    row = tables.backtests.c
    mine = select(row.version, row.at, row.a_day).where(row.monitor == monitor)
    found = connection.execute(mine.order_by(row.at.desc(), row.audit_seq.desc()).limit(1)).first()
    return Backtest(*found) if found else Missing("no backtest was kept")


def seeded(connection: Connection, monitor: str) -> Mapping[str, Seeded]:
    """The newest run of a monitor on each named set of known cases."""
    row = tables.seeded_runs.c
    mine = select(row.seeds, row.version, row.found, row.of, row.at)
    rows = connection.execute(mine.where(row.monitor == monitor).order_by(row.at, row.audit_seq))
    return {one.seeds: Seeded(one.version, one.found, one.of, one.at) for one in rows}


def trials(connection: Connection, kind: str, now: datetime) -> dict[str, Trial]:
    """The newest drill or test of a kind that has an end, by what it was about.

    A test of a route whose answer does not come within an hour has failed.
    """
    row = tables.trials.c
    mine = select(row.about, row.at, row.passed, row.seen).where(row.kind == kind)
    found: dict[str, Trial] = {}
    for one in connection.execute(mine.order_by(row.at, row.audit_seq)):
        if one.passed is None and now - one.at <= UNANSWERED:
            continue
        seen = one.seen if one.passed is not None else "nobody answered it."
        found[one.about] = Trial(one.at, passed=bool(one.passed), seen=seen)
    return found


def findings(connection: Connection, product: str) -> dict[str, int]:
    """Findings of red teams on a product that nobody has closed, by severity."""
    row = tables.red_findings.c
    mine = select(row.severity, func.count()).where(row.product == product, row.closed_at.is_(None))
    rows = connection.execute(mine.group_by(row.severity))
    return {f"S{severity}": n for severity, n in rows}


def signatures(connection: Connection, product: str, stage: int) -> tuple[Signature, ...]:
    """Who signed a product's checklist at a stage."""
    row = tables.launch_signatures.c
    mine = select(row.signer, row.person, row.digest, row.at)
    where = (row.product == product, row.stage == stage)
    rows = connection.execute(mine.where(*where).order_by(row.at, row.audit_seq))
    return tuple(Signature(*one) for one in rows)


def granted(connection: Connection, product: str) -> tuple[Granted, ...]:
    """Who approved which waivers of a product, as they were then."""
    row = tables.launch_waivers.c
    rows = connection.execute(
        select(row.person, row.digest, row.at).where(row.product == product).order_by(row.audit_seq)
    )
    return tuple(Granted(*one) for one in rows)


def taken(connection: Connection, product: str, now: datetime) -> Known[bool]:
    """Whether an appeal, or a drill's, came in within 30 days; missing if none did.

    That none came may be as good as it can be: only a drill can tell.
    """
    drill = trials(connection, "appeal", now).get(product)
    if drill is not None and drill.passed and now - drill.at < LATELY:
        return True
    row = tables.appeals.c
    lately = select(func.count()).where(row.product == product, row.received_at > now - LATELY)
    if connection.execute(lately).scalar_one():
        return True
    return Missing("no appeal came in within 30 days, not even a drill's")


def gold(connection: Connection, product: str, now: datetime) -> GoldenFacts:
    """The product's set of settled units, and what its raters found and cleared of it."""
    items = golden_set(connection, product).items
    found = raters_of(connection, product, now)
    newest = max((one.added_at for one in items), default=None)
    return GoldenFacts(len(items), newest, found.sensitivity, found.specificity, found.answers)
