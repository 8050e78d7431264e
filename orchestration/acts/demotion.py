"""Demotion: a version in auto that measurement no longer allows there goes back to review."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from monitors.contract import Monitor
from orchestration.alerts.groups import Router
from orchestration.alerts.rules import Config
from orchestration.intake.modes import Fit, declared, for_auto, standings
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import Approval, change_mode, last_approvals, mode_now
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import LONGEST_LINE, digest_parts
from orchestration.ledger.outbox import Intent
from orchestration.ledger.states import ModeState
from orchestration.measurement.standing import Standing, said

MEASUREMENT = Actor("measurement", "system")
DEMOTION = "demotion"
LANE = 2
NEVER = -1  # in a payload: no number of labels does
PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class Demoted:
    """A version that was taken from auto, with the codes of why."""

    monitor: str
    version: int
    why: tuple[str, ...]


def follow(
    engine: Engine,
    monitors: Iterable[Monitor],
    *,
    config: Config,
    now: datetime,
    fit: Fit | None = None,
) -> list[Demoted]:
    """Demote every version in auto that may not be there now; those that were.

    Each in a transaction of its own, with its audit row and one message to where the monitor's
    alerts are told. Nothing promotes it again but a named approver. Whoever cannot ask Dagster
    gives no `fit`; then checks are left to those who can. Raises LedgerError if the ledger fails.
    """
    every = list(monitors)
    with reading(engine) as connection:
        failing = _failing(connection, every, fit, now)
    found = []
    for seen in failing:
        with writing(engine) as connection:
            # Of two who saw the same, one demotes.
            again = _failing(connection, [seen.monitor], fit, now)
            found += [_demote(connection, one, config, now) for one in again]
    return found


@dataclass(frozen=True, slots=True)
class _Failing:
    """A version in auto that may not be there, and the approval that it was there by."""

    monitor: Monitor
    approval: Approval
    stands: Standing


def _failing(
    connection: Connection, monitors: Iterable[Monitor], fit: Fit | None, now: datetime
) -> list[_Failing]:
    approvals = last_approvals(connection)
    auto = [
        (monitor, approval)
        for monitor in for_auto(monitors, approvals)
        for approval in [approvals[monitor.id, monitor.version]]
        if mode_now(approval, declared=declared(monitor), now=now) == ModeState.AUTO
    ]
    known = standings(connection, [monitor for monitor, _ in auto], now=now, fit=fit)
    return [
        _Failing(monitor, approval, known[monitor.id])
        for monitor, approval in auto
        if known[monitor.id].may is not ModeState.AUTO
    ]


def _demote(connection: Connection, one: _Failing, config: Config, now: datetime) -> Demoted:
    monitor, found = one.monitor, one.stands
    name = digest_parts(DEMOTION, one.approval.approval_id)
    reasons = f"{', '.join(found.why)}: {'; '.join(said(found)[: len(found.why)])}"
    change_mode(
        connection,
        approval_id=name,
        monitor=monitor.id,
        version=monitor.version,
        declared=declared(monitor),
        to=ModeState.REVIEW,
        act=Act(MEASUREMENT, now, reasons[:LONGEST_LINE]),
        intents=[_intent(monitor, found, name, config, now)],
    )
    return Demoted(monitor.id, monitor.version, found.why)


def _intent(monitor: Monitor, found: Standing, name: str, config: Config, now: datetime) -> Intent:
    have, more = found.quality, found.labels_needed
    return Intent(
        outbox_id=name,
        kind=DEMOTION,
        receiver=Router(config)(_labels(monitor))[0].receiver,
        lane=LANE,
        payload={
            "monitor": monitor.id,
            "version": monitor.version,
            "why": list(found.why),
            "k": have.k,
            "n": have.n,
            "wanted_n": found.need.n,
            "wanted_per_mille": round(found.need.lower * PER_MILLE),
            "labels_needed": NEVER if more is None else more,
            "at": int(now.timestamp()),
        },
        not_before=now,
    )


def _labels(monitor: Monitor) -> dict[str, str]:
    """Labels of an alert that the monitor would open in review."""
    return {
        "monitor": monitor.id,
        "product": monitor.product,
        "harm": monitor.harm.value,
        "severity": monitor.severity.name,
        "entity_type": monitor.entity,
        "entity": "",
        "owner": monitor.owner,
        "mode": ModeState.REVIEW.value,
    }
