"""Intake: what was evaluated becomes alerts, audit and notices, in one ledger transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from orchestration.alerts.records import Watched
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config
from orchestration.intake.manifests import Names, pending
from orchestration.intake.save import save
from orchestration.intake.state import known_intake, load
from orchestration.intake.threads import Timing
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import reading, writing

INTAKE = Actor("intake", "system")
REASON = "evaluations taken in"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one intake did. `unready` manifests are left for the next."""

    evaluations: int
    findings: int
    notices: int
    unready: int


def take_in(
    engine: Engine,
    lake: Lake,
    *,
    watched: Mapping[str, Watched],
    config: Config,
    timing: Timing,
    names: Names,
    now: datetime,
    since: datetime | None = None,
) -> Taken:
    """Take in what the ledger does not know yet, and tell what is due by now.

    The lake is read before the transaction begins; what another intake took meanwhile is seen in
    it, and counts as taken. `since` is a hint as in `pending`.
    """
    oldest = now - config.memory
    with reading(engine) as connection:
        known = known_intake(connection, oldest=oldest)
    horizon = now - config.horizon
    found = pending(lake, known=known, names=names, oldest=oldest, horizon=horizon, since=since)
    evaluations = [one.evaluation for one in found.evaluated]
    findings = [finding for one in found.evaluated for finding in one.findings]
    keys = [(e.monitor, e.partition, e.partition_end) for e in evaluations]
    with writing(engine) as connection:
        before = load(connection, now=now, oldest=oldest, keys=keys)
        done = step(
            before.state,
            evaluations=evaluations,
            findings=findings,
            watched=watched,
            now=now,
            config=config,
        )
        act = Act(INTAKE, now, REASON)
        save(connection, before=before, step=done, evaluations=evaluations, act=act, timing=timing)
    return Taken(len(evaluations), len(findings), len(done.intents), found.unready)
