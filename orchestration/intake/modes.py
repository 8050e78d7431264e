"""What each monitor may do now: by its declared mode, its version's approval and measurement."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from monitors.contract import Mode, Monitor
from monitors.registry import registry
from orchestration.alerts.records import Watched
from orchestration.intake.settings import text_in_force
from orchestration.ledger.approvals import Approval, last_approvals, mode_now
from orchestration.ledger.states import ModeState
from orchestration.measurement.golden import gold_results
from orchestration.measurement.quality import qualities
from orchestration.measurement.standing import Standing, need_of, standing
from orchestration.policies.actions import Action
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.yaml_lines import YamlError

STARTS = {Mode.DRAFT: ModeState.DRAFT}  # every other mode begins in shadow and is then approved
CAP = ModeState.REVIEW  # while measurement does not allow a version to be in auto
# Why a monitor's version must not act by itself, as a failed check or drift; None: it may. One
# that begins with WAITS keeps it from acting now and says nothing of how good it is.
Fit = Callable[[str, int], str | None]
WAITS = "waits:"
Version = tuple[str, int]


def effective_mode(
    monitor: Monitor,
    approval: Approval | None,
    *,
    now: datetime,
    stands: Standing | None = None,
) -> ModeState:
    """The mode that holds for a monitor's version.

    A version begins in shadow, a declared draft stays one, and only an approval raises it: to
    *auto* only while the measurement of this very version allows it, else as high as *review*.
    """
    if monitor.mode is Mode.DRAFT:
        return ModeState.DRAFT
    approved = mode_now(approval, declared=declared(monitor), now=now)
    if approved != ModeState.AUTO or (stands is not None and stands.may == ModeState.AUTO):
        return approved
    return CAP


def declared(monitor: Monitor) -> ModeState:
    """The mode in which a version begins."""
    return STARTS.get(monitor.mode, ModeState.SHADOW)


def watched(
    connection: Connection, monitors: Iterable[Monitor], *, now: datetime
) -> dict[str, Watched]:
    """Every monitor by id with its effective mode; a disabled one is left out: nobody watches."""
    every, approvals = list(monitors), last_approvals(connection)
    known = standings(connection, for_auto(every, approvals), now=now)
    found = {}
    for monitor in every:
        version = (monitor.id, monitor.version)
        mode = effective_mode(
            monitor, approvals.get(version), now=now, stands=known.get(monitor.id)
        )
        if mode not in {ModeState.DISABLED, ModeState.DEPRECATED}:
            found[monitor.id] = Watched(Mode(mode.value), monitor.owner)
    return found


def for_auto(monitors: Iterable[Monitor], approvals: Mapping[Version, Approval]) -> list[Monitor]:
    """Monitors whose present version is approved for *auto*, or will be again."""
    last = ((monitor, approvals.get((monitor.id, monitor.version))) for monitor in monitors)
    return [
        monitor
        for monitor, approval in last
        if approval is not None and ModeState.AUTO in {approval.mode, approval.resumes}
    ]


def standings(
    connection: Connection, monitors: Iterable[Monitor], *, now: datetime, fit: Fit | None = None
) -> dict[str, Standing]:
    """What measurement allows the present version of each monitor, by id.

    What checks say is known outside the ledger: who can ask Dagster gives `fit`. The gates are
    those of enforcement.yaml as it is in force. Raises LedgerError for a time without a zone.
    """
    every = list(monitors)
    if not every:
        return {}
    versions = [(monitor.id, monitor.version) for monitor in every]
    found = qualities(connection, versions, now)
    gold = gold_results(connection, versions, now)
    actions = _actions(text_in_force(connection, "enforcement"))
    return {
        monitor.id: standing(
            found[version],
            need=need_of(monitor.action, actions),
            golden=gold[version],
            fit=_verdict(fit, version),
            now=now,
        )
        for monitor, version in zip(every, versions, strict=True)
    }


def _verdict(fit: Fit | None, version: Version) -> str | None:
    code = fit(*version) if fit else None
    return None if code is None or code.startswith(WAITS) else code


@lru_cache(maxsize=4)
def _actions(text: str | None) -> Mapping[str, Action] | None:
    """The actions of enforcement.yaml; None where it is not in force, or cannot be read any more.

    Whoever enforces says what is wrong with it; without it nothing may act by itself.
    """
    if text is None:
        return None
    try:
        return parse_enforcement(text, registry().products).actions
    except YamlError:
        return None
