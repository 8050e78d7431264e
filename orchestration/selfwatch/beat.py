"""Whether Watchfloor still beats, seen from outside Dagster: read from its storage.

What the health sensor cannot tell is seen here: that nothing ticks, that the ledger cannot be
reached, that nothing leaves the outbox. Neither webserver nor daemon is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus
from sqlalchemy.exc import SQLAlchemyError

from orchestration.ledger.database import connect, reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.outbox import backlog
from orchestration.ledger.schema import require_latest
from orchestration.selfwatch.of_dagster import ENDED
from orchestration.selfwatch.problems import HEALTH
from orchestration.settings import Settings

SILENT = timedelta(minutes=5)  # a daemon writes a heartbeat each half minute
TICKS = timedelta(minutes=10)  # the outbox has a tick each ten seconds
HOURLY = timedelta(minutes=80)
WAITS = timedelta(minutes=10)  # the health sensor tells of five


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that does not beat: its name, since when as far as is known, and what it means."""

    name: str
    since: datetime
    what: str


def missing(settings: Settings, *, job: str, now: datetime) -> list[Missing]:
    """Everything that does not beat. `job` is what a schedule starts each hour."""
    return [*_of_dagster(settings, job, now), *_of_ledger(settings, now)]


def _of_dagster(settings: Settings, job: str, now: datetime) -> list[Missing]:
    file = settings.dagster_home / "dagster.yaml"
    if not file.exists():
        return [Missing("Dagster", now, "Its folder is not prepared. Run watchfloor init.")]
    # Each start writes the file anew; what is older is no sign of what was started since.
    started = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    try:
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            dead = list(_daemons(instance, now))
            return dead or [
                *_sensors(instance, started, now),
                *_hourly(instance, job, started, now),
            ]
    except Exception as error:  # noqa: BLE001 - a damaged storage may raise anything: it is told
        what = f"Its storage cannot be read ({type(error).__name__}). Run watchfloor doctor."
        return [Missing("Dagster", now, what)]


def _daemons(instance: dg.DagsterInstance, now: datetime) -> Iterator[Missing]:
    """Parts of the daemon without a sign of life; the daemon itself where none has one."""
    beats = instance.get_daemon_heartbeats()
    wanted = instance.get_required_daemon_types()
    last = {kind: datetime.fromtimestamp(beats[kind].timestamp, UTC) for kind in beats}
    dead = sorted(kind for kind in wanted if kind not in last or now - last[kind] > SILENT)
    if dead and len(dead) == len(wanted):
        since = max(last.values(), default=now)
        yield Missing("daemon", since, "It gives no sign of life: nothing is evaluated or told.")
        return
    for kind in dead:
        yield Missing(f"daemon {kind}", last.get(kind, now), "It gives no sign of life.")


def _sensors(instance: dg.DagsterInstance, started: datetime, now: datetime) -> Iterator[Missing]:
    """That no sensor ticks, as when the code does not load; or that who watches them fails."""
    last = started
    for state in instance.all_instigator_state():
        name, where = state.name, (state.instigator_origin_id, state.selector_id)
        newest = instance.get_tick_summaries(*where, limit=1)
        last = max([last, *(datetime.fromtimestamp(tick.timestamp, UTC) for tick in newest)])
        for tick in instance.get_tick_summaries(*where, limit=1, statuses=ENDED):
            if name == HEALTH and tick.status is TickStatus.FAILURE:
                since = datetime.fromtimestamp(tick.timestamp, UTC)
                yield Missing("sensor health", since, "Its ticks fail: it tells of nothing.")
    if now - last > TICKS:
        yield Missing("sensors", last, "None has ticked. Does the code load? watchfloor doctor")


def _hourly(
    instance: dg.DagsterInstance, job: str, started: datetime, now: datetime
) -> Iterator[Missing]:
    """That the hourly tick does not come."""
    newest = instance.get_run_records(dg.RunsFilter(job_name=job), limit=1)
    last = max([*(record.create_timestamp for record in newest), started])
    if now - last > HOURLY:
        yield Missing("hourly tick", last, "It did not come: nothing is evaluated.")


def _of_ledger(settings: Settings, now: datetime) -> list[Missing]:
    try:
        engine = connect(settings.ledger)
        try:
            require_latest(engine)
            with reading(engine) as connection:
                _, oldest = backlog(connection, now)
        finally:
            engine.dispose()
    except (LedgerError, SQLAlchemyError) as error:
        what = f"It cannot be read ({type(error).__name__}). Run watchfloor ledger status."
        return [Missing("ledger", now, what)]
    if oldest is None or now - oldest <= WAITS:
        return []
    return [Missing("outbox", oldest, "What is to be told does not leave.")]
