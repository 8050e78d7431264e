"""What each monitor may do now: by its declared mode, its version's approval and measurement."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from monitors.contract import Mode, Monitor
from orchestration.alerts.records import Watched
from orchestration.ledger.approvals import Approval, last_approvals, mode_now
from orchestration.ledger.states import ModeState
from orchestration.measurement.quality import qualities

STARTS = {Mode.DRAFT: ModeState.DRAFT}  # every other mode begins in shadow and is then approved
CAP = ModeState.REVIEW  # while a version's precision is not measured, or no longer


def effective_mode(
    monitor: Monitor, approval: Approval | None, *, now: datetime, measured: bool = False
) -> ModeState:
    """The mode that holds for a monitor's version.

    A version begins in shadow, a declared draft stays one, and only an approval raises it: to
    *auto* only while the precision of this very version is `measured`, else as high as *review*.
    """
    if monitor.mode is Mode.DRAFT:
        return ModeState.DRAFT
    approved = mode_now(approval, declared=declared(monitor), now=now)
    return CAP if approved == ModeState.AUTO and not measured else approved


def declared(monitor: Monitor) -> ModeState:
    """The mode in which a version begins."""
    return STARTS.get(monitor.mode, ModeState.SHADOW)


def watched(
    connection: Connection, monitors: Iterable[Monitor], *, now: datetime
) -> dict[str, Watched]:
    """Every monitor by id with its effective mode; a disabled one is left out: nobody watches."""
    approvals = last_approvals(connection)
    measured = measured_now(connection, approvals.values(), now=now)
    found = {}
    for monitor in monitors:
        version = (monitor.id, monitor.version)
        mode = effective_mode(
            monitor, approvals.get(version), now=now, measured=version in measured
        )
        if mode not in {ModeState.DISABLED, ModeState.DEPRECATED}:
            found[monitor.id] = Watched(Mode(mode.value), monitor.owner)
    return found


def measured_now(
    connection: Connection, approvals: Iterable[Approval], *, now: datetime
) -> set[tuple[str, int]]:
    """Monitors with versions that are approved for *auto* and whose precision is measured."""
    wanted = [
        (approval.monitor, approval.version)
        for approval in approvals
        if ModeState.AUTO in {approval.mode, approval.resumes}
    ]
    found = qualities(connection, wanted, now) if wanted else {}
    return {version for version, one in found.items() if one.state == "measured"}
