"""One installation as the gate looks at it: opened for a look, whatever of it is down."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import dagster as dg
from sqlalchemy import Engine

from launch_checklists.facts import Known, Missing
from monitors.registry import Registry
from orchestration.cases.terms import terms
from orchestration.intake.rules import rules
from orchestration.launch.sources import DOWN, Sources
from orchestration.ledger.schema import open_ledger
from orchestration.oncall.rota import Rota
from orchestration.settings import Settings
from orchestration.yaml_lines import YamlError

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
# The schedule that starts monitors of each cadence: names in `orchestration.schedules`.
SCHEDULES = {"hourly": "every_hour", "daily": "every_day", "5m": "every_five_minutes"}


@contextmanager
def opened(
    settings: Settings,
    registry: Registry,
    product: str,
    *,
    checks: Sequence[str],
    now: datetime,
    instance: dg.DagsterInstance | None = None,
    root: Path = ROOT,
) -> Iterator[Sources]:
    """The parts of an installation; those that cannot be opened are missing with their cause.

    Without an instance that of the settings is opened, and closed again. `root` is the checkout.
    """
    with ExitStack() as stack:
        engine = _engine(settings, stack)
        dagster = instance or _dagster(settings, stack)
        yield Sources(
            product=product,
            instance=dagster,
            registry=registry,
            lake=settings.lake,
            engine=engine,
            terms=_with(engine, lambda there: terms(there, settings, now=now, registry=registry)),
            rota=_rota(engine, settings, now),
            checks=checks,
            schedules=SCHEDULES,
            root=root,
            now=now,
        )


def _dagster(settings: Settings, stack: ExitStack) -> Known[dg.DagsterInstance]:
    if not (settings.dagster_home / "dagster.yaml").exists():
        return Missing("Dagster's folder is not prepared: watchfloor init")
    return stack.enter_context(dg.DagsterInstance.from_config(str(settings.dagster_home)))


def _engine(settings: Settings, stack: ExitStack) -> Known[Engine]:
    try:
        engine = open_ledger(settings.ledger)
    except DOWN as error:
        return Missing(f"the ledger cannot be opened ({type(error).__name__})", broken=True)
    stack.callback(engine.dispose)
    return engine


def _rota(engine: Known[Engine], settings: Settings, now: datetime) -> Known[Rota]:
    return _with(engine, lambda there: rules(there, settings, now=now).rota)


def _with(engine: Known[Engine], read: Callable[[Engine], T]) -> Known[T]:
    """What is in force; missing where there is no ledger, or a file that was never sound."""
    if isinstance(engine, Missing):
        return engine
    try:
        return read(engine)
    except YamlError as error:
        first = str(error).splitlines()[0]
        return Missing(f"the settings were never sound: {first}", broken=True)
    except DOWN as error:
        return Missing(f"the ledger cannot be read ({type(error).__name__})", broken=True)
