"""What the live system says, gathered once before a checklist is held against it.

A fact that could not be had is `Missing` with its cause, never a value: it reads *unknown*, or
*error* where looking for it failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a fact is not there. `broken`: looking for it failed; else there is nothing to see."""

    why: str
    broken: bool = False


Known: TypeAlias = T | Missing


@dataclass(frozen=True, slots=True)
class Check:
    """The newest end of one check of an asset."""

    passed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Quality:
    """What judgements of drawn units come to; as `measurement.quality` gives it."""

    n: int
    k: int
    lower: float | None
    newest: datetime | None
    state: Literal["insufficient", "measured", "stale"]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A backtest that somebody kept: of which version, when, and the findings a day it showed."""

    version: int
    at: datetime
    a_day: float


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many of a named set of known cases a version found."""

    version: int
    found: int
    of: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MonitorFacts:
    """One monitor as it is registered, scheduled, run and measured.

    `broken` is what keeps its file from being loaded. `mode` is the effective one, and `since`
    when this version got it; null where nobody approved it. `first` and `ran` are its first and
    newest evaluation. `scheduled` is null where Dagster has
    never started its schedule or sensor.
    """

    version: int
    harm: str
    owner: str
    broken: str | None = None
    mode: Known[str] = Missing("no ledger")
    since: datetime | None = None
    scheduled: Known[bool] = Missing("no Dagster instance")
    first: Known[datetime] = Missing("this version never ran")
    ran: Known[datetime] = Missing("it never ran")
    checks: Known[Mapping[str, Check]] = Missing("no check has run")
    quality: Known[Quality] = Missing("no ledger")
    backtest: Known[Backtest] = Missing("no backtest was kept")
    seeded: Mapping[str, Seeded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFacts:
    """Events of one contract in the last days: rows, filled share by column, lag, the newest."""

    rows: int
    filled: Mapping[str, float]
    lag: timedelta | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nobody is woken."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Team:
    """A team's people, and the gaps of its rota in the coming two weeks."""

    people: tuple[str, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook's headings, and the day on which it was last changed or confirmed."""

    headings: frozenset[str]
    changed: date


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What comes to a queue and what it can do, a day. Null: too little is known to say."""

    languages: frozenset[str]
    capacity: float | None
    forecast_p90: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of enforcement in force, caps, and the product's mode.

    `actions` says of each how many people's word it takes at least.
    """

    actions: Mapping[str, int]
    caps: Mapping[str, float]
    mode: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A drill or test that was recorded: when, whether it went well, and what was seen."""

    at: datetime
    passed: bool
    seen: str = ""


@dataclass(frozen=True, slots=True)
class GoldenFacts:
    """A product's set of settled units, and how its raters do on it."""

    n: int
    newest: datetime | None
    sensitivity: float | None
    specificity: float | None
    answers: int


@dataclass(frozen=True, slots=True)
class Signature:
    """Somebody signed a state of the checklist as one kind of signer."""

    signer: str
    person: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Granted:
    """Somebody approved a waiver; `digest` is of the waiver as it was then."""

    person: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that probes look at, as of one moment.

    `monitors` by id, `events` by contract, `teams` and `runbooks` by name, `routes` by channel,
    `queues` by name, `drills` by name (kill_switch, appeal), `open_findings` of red teams by
    severity, `people` with their roles.
    """

    at: datetime
    monitors: Known[Mapping[str, MonitorFacts]]
    events: Known[Mapping[str, EventFacts]]
    teams: Known[Mapping[str, Team]]
    runbooks: Known[Mapping[str, Runbook]]
    routes: Known[Mapping[str, Trial]]
    queues: Known[Mapping[str, QueueFacts]]
    rules: Known[Rules]
    drills: Known[Mapping[str, Trial]]
    golden: Known[GoldenFacts]
    open_findings: Known[Mapping[str, int]]
    appeals: Known[bool]
    people: Known[Mapping[str, frozenset[str]]]
    waived: Known[tuple[Granted, ...]]
    signed: Known[tuple[Signature, ...]]
