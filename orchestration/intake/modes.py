"""What each monitor may do now: its declared mode, and the approval of its version."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from monitors.contract import Mode, Monitor
from orchestration.alerts.records import Watched
from orchestration.ledger.approvals import Approval, last_approvals, mode_now
from orchestration.ledger.states import ModeState

STARTS = {Mode.DRAFT: ModeState.DRAFT}  # every other mode begins in shadow and is then approved
CAP = ModeState.REVIEW  # while nothing has measured a monitor's precision


def effective_mode(monitor: Monitor, approval: Approval | None, *, now: datetime) -> ModeState:
    """The mode that holds for a monitor's version.

    A version begins in shadow, a declared draft stays one, and only an approval raises it: as high
    as *review*, since nothing measures precision yet.
    """
    if monitor.mode is Mode.DRAFT:
        return ModeState.DRAFT
    approved = mode_now(approval, declared=declared(monitor), now=now)
    return CAP if approved == ModeState.AUTO else approved


def declared(monitor: Monitor) -> ModeState:
    """The mode in which a version begins."""
    return STARTS.get(monitor.mode, ModeState.SHADOW)


def watched(
    connection: Connection, monitors: Iterable[Monitor], *, now: datetime
) -> dict[str, Watched]:
    """Every monitor by id with its effective mode; a disabled one is left out: nobody watches."""
    approvals = last_approvals(connection)
    found = {}
    for monitor in monitors:
        mode = effective_mode(monitor, approvals.get((monitor.id, monitor.version)), now=now)
        if mode not in {ModeState.DISABLED, ModeState.DEPRECATED}:
            found[monitor.id] = Watched(Mode(mode.value), monitor.owner)
    return found
