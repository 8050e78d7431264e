"""What a report is made of: frames of the ledger for a window, with what is shut taken out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, func, select

from orchestration.ledger.tables import audit
from orchestration.oncall.people import Person
from orchestration.reporting import actions, casework, signals
from orchestration.reporting.window import Window
from orchestration.triage.desks import Desks

LOOK_BACK = timedelta(weeks=12)  # of arrivals, for what is to come
BEFORE = timedelta(hours=13)  # a shift may have begun so long before the window in which it ends


@dataclass(frozen=True, slots=True)
class Facts:
    """Frames with the schemas of `casework`, `signals` and `actions`; `since` the ledger exists.

    `opens`, `rounds` and `units` reach back as far as a forecast looks, `pages` and `calls` by a
    shift; the rest is of the window, and of what was open in it. Queue, severity and clock of a
    case are those it has now: the ledger does not keep older ones.
    """

    window: Window
    since: datetime
    cases: pl.DataFrame
    opens: pl.DataFrame
    rounds: pl.DataFrame
    units: pl.DataFrame
    pages: pl.DataFrame
    calls: pl.DataFrame
    alerts: pl.DataFrame
    findings: pl.DataFrame
    enforcements: pl.DataFrame
    appeals: pl.DataFrame
    tasks: pl.DataFrame
    answers: pl.DataFrame


def gather(
    connection: Connection,
    window: Window,
    *,
    desks: Desks,
    owners: Mapping[str, str],
    who: Person | None = None,
) -> Facts:
    """Read what a report of the window needs; nothing is written.

    Restricted cases count under `(restricted)`, without their queue, monitor and policy, unless
    `who` may work on them; without anybody all of them do. `owners` are the teams of monitors.
    """
    since = min(window.start, window.end - LOOK_BACK)
    found = casework.known(connection, since)
    shut = casework.hidden(connection, who, desks)
    apart = shut | signals.alerts_of(connection, shut)
    steps = casework.steps_of(connection, sorted(found))
    shifts = Window(window.start - BEFORE, window.end)
    pages = signals.pages_frame(connection, shifts, apart, owners)
    named = set(pages["alert_id"].drop_nulls().to_list())
    return Facts(
        window=window,
        since=_first(connection, window),
        cases=casework.cases_frame(found, shut),
        opens=casework.opens_frame(found, steps, shut),
        rounds=casework.rounds_frame(found, steps, shut),
        units=casework.units_frame(connection, sorted(found), shut),
        pages=pages,
        calls=signals.calls_frame(connection, shifts),
        alerts=signals.alerts_frame(connection, named, apart),
        findings=signals.findings_frame(connection, window),
        enforcements=actions.enforcements_frame(connection, window, apart),
        appeals=actions.appeals_frame(connection, window.start, apart),
        tasks=actions.tasks_frame(connection, window),
        answers=actions.answers_frame(connection, window),
    )


def _first(connection: Connection, window: Window) -> datetime:
    """When the ledger was made; before that nothing could be counted."""
    first = select(func.min(audit.c.at, type_=audit.c.at.type))
    found: datetime | None = connection.execute(first).scalar_one()
    return window.end if found is None else found
