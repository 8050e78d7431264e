"""Where facts come from: one installation's parts, and what looking there may fail with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from launch_checklists.facts import Known, Missing
from monitors.registry import Registry
from orchestration.cases.terms import Terms
from orchestration.ledger.errors import LedgerError
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.rota import Rota

T = TypeVar("T")
# What a part of an installation fails with while it is down or damaged.
DOWN = (
    OSError,
    SQLAlchemyError,
    LedgerError,
    PeopleError,
    pl.exceptions.PolarsError,
    dg.DagsterError,
)


@dataclass(frozen=True, slots=True)
class Sources:
    """One installation as a gate looks at it; `lake` is its folder or address.

    `engine`, `terms` and `rota` are missing where there is no ledger, or where the files of an
    installation were never sound. `checks` are the names of a monitor's checks. `root` is the
    checkout with the runbooks.
    """

    product: str
    instance: Known[dg.DagsterInstance]
    registry: Registry
    lake: str
    engine: Known[Engine]
    terms: Known[Terms]
    rota: Known[Rota]
    checks: Sequence[str]
    schedules: Mapping[str, str]  # by a monitor's cadence
    root: Path
    now: datetime


def looked(part: str, look: Callable[[], Known[T]]) -> Known[T]:
    """What a look gives; `Missing` and broken where the part is down. Other faults are raised."""
    try:
        return look()
    except DOWN as error:
        return Missing(f"{part} cannot be read ({type(error).__name__})", broken=True)
