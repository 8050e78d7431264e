"""Undoing as an asset: what was asked to be reversed is given back exactly as it was."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from sqlalchemy import func, select

from assets.results import WARN, Event
from orchestration.enforcement.reverse import CHANGED_SINCE, RESTORE
from orchestration.jobs import REVERSALS
from orchestration.ledger.database import reading
from orchestration.ledger.tables import enforcements, reversals
from orchestration.resources import Clock
from orchestration.working import Working

DEADLINE = timedelta(minutes=2)
e = enforcements.c


@dg.asset(
    key=REVERSALS,
    group_name="operations",
    kinds={"sqlalchemy"},
    description="What was reversed, by people, after an appeal, or all that a monitor did; in "
    "dry-run and under kill switches too.",
    check_specs=[
        dg.AssetCheckSpec(
            "restored",
            asset=REVERSALS,
            description="Every target that was to be restored could be; if not, people look at it.",
        )
    ],
)
def reversals_asset(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
    """Carry out what is asked for, and count."""
    done = working.undo(working.terms(clock.now()), clock.now, deadline=DEADLINE)
    kept = e.flag.startswith(RESTORE, autoescape=True) | (e.flag == CHANGED_SINCE)
    with reading(working.engine) as connection:
        asked = connection.scalars(select(func.count()).select_from(reversals)).one()
        reversed_ = select(func.count()).where(e.state == "reversed")
        states = connection.scalars(reversed_).one()
        flagged = connection.scalars(select(func.count()).where(kept)).one()
    yield dg.MaterializeResult(
        metadata={
            "asked_for": asked,
            "rows_reversed": states,
            "restored_now": done.restored,
            "ended_now": done.ended,
            "unclear_now": done.unclear,
            "left": done.left,
            "stopped": done.stopped or "no",
        }
    )
    yield dg.AssetCheckResult(
        check_name="restored", passed=not flagged, severity=WARN, metadata={"kept": flagged}
    )
