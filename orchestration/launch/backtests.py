"""Backtests that somebody kept: how many findings a day a monitor's version showed."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select

from monitors.evaluate import Span
from orchestration.launch.errors import LaunchError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import backtests
from orchestration.oncall.people import Person, require

SHOWN = 24  # hex digits of a digest in an id
DAY = timedelta(days=1)


def keep_backtest(
    engine: Engine,
    who: Person,
    monitor: str,
    version: int,
    *,
    span: Span,
    findings: int,
    now: datetime,
) -> float:
    """Keep what a backtest of a version showed; the findings a day. Once and again is once.

    Whoever may promote monitors answers for it. Raises PeopleError, and LaunchError for a span
    that is empty or not over yet.
    """
    require(who, "promote")
    if not span.start < span.end <= now:
        raise LaunchError(
            f"The backtest goes from {span.start} to {span.end}, and it is {now}; wanted a time "
            "that is over, as events of the rest are still to come. Give an earlier --to."
        )
    a_day = findings / ((span.end - span.start) / DAY)
    row = {
        "monitor": monitor,
        "version": version,
        "starts_at": span.start,
        "ends_at": span.end,
        "findings": findings,
        "a_day": a_day,
        "by": who.id,
        "at": now,
    }
    digest = digest_record(row)
    name = f"backtest_{digest_parts(digest)[:SHOWN]}"
    act = Act(Actor(who.id, "person"), now, f"{findings} findings, {a_day:.2f} a day")
    same = select(backtests.c.audit_seq).where(backtests.c.backtest_id == name)
    with writing(engine) as connection:
        if connection.execute(same).first() is None:
            object_id = f"backtest:{monitor}/v{version}:{name}"
            seq = append(connection, act=act, verb="keep", object_id=object_id, after=digest)
            connection.execute(insert(backtests), {**row, "backtest_id": name, "audit_seq": seq})
    return a_day
