"""The monitor contract: one behaviour as a function from tables to scores, and its declaration.

A monitor's parameters name the tables it reads: `<contract>` (events of its window),
`<contract>_text` (restricted content), `<contract>_activity` (hourly aggregates),
`<contract>_baseline` (daily, known before the day begins), `period` (the hours under evaluation).
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from monitors.activity import Activity, Baseline, Season
from monitors.canary import Rows
from monitors.errors import MonitorError
from monitors.harms import Harm

Cadence = Literal["5m", "hourly", "daily"]
Score = Callable[..., pl.LazyFrame]
DAY = timedelta(days=1)
TITLE = re.compile(r"[A-Z]\w*( \w+)?:")  # a section may follow another without an empty line


class Severity(IntEnum):
    """How fast a person must look: S0 imminent harm, S1 page, S2 business hours, S3 digest."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3


class Mode(StrEnum):
    """What a monitor may do, from least to most."""

    DRAFT = "draft"
    SHADOW = "shadow"
    REVIEW = "review"
    AUTO = "auto"


@dataclass(frozen=True)
class Monitor:
    """One behaviour to watch for on one product.

    Calling it calls its function, so in a notebook or a test it is a function. `sql` is set, and
    the function refuses, for a monitor written in SQL. `near` is the score from which an
    unflagged row counts as a near miss. `window` is how far before a partition its events begin:
    nothing for calendar hours and days.
    """

    name: str
    product: str
    harm: Harm
    entity: str
    version: int
    authors: tuple[str, ...]
    owner: str
    threshold: float
    window: timedelta
    cadence: Cadence
    severity: Severity
    action: str
    runbook: str
    doc: str
    source: Path
    canary: tuple[Rows, ...]
    reads: tuple[str, ...]
    score: Score = field(compare=False)
    near: float = 0.0
    mode: Mode = Mode.SHADOW
    monotone: bool = False
    activity: tuple[Activity, ...] = ()
    baseline: tuple[Baseline, ...] = ()
    sql: str | None = None

    def __call__(self, *tables: pl.LazyFrame, **named: pl.LazyFrame) -> pl.LazyFrame:
        """Score the tables given, as the function itself would."""
        return self.score(*tables, **named)

    @property
    def id(self) -> str:
        """`product/name`, unique in the registry."""
        return f"{self.product}/{self.name}"

    @property
    def every(self) -> Literal["1h", "1d"]:
        """Length of one partition."""
        return "1d" if self.cadence == "daily" else "1h"

    @property
    def behaviour(self) -> str:
        """First line of the documentation."""
        return self.doc.strip().splitlines()[0]

    def section(self, title: str) -> str:
        """Text of one section of the documentation, such as `Misses`; empty where it is absent."""
        lines = inspect.cleandoc(self.doc).splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith(f"{title}:")]
        if not starts:
            return ""
        found = [lines[starts[0]].removeprefix(f"{title}:").strip()]
        for line in lines[starts[0] + 1 :]:
            if not line.strip() or TITLE.match(line):
                break
            found.append(line.strip())
        return " ".join(found).strip()


def monitor(
    *,
    product: str,
    harm: Harm,
    entity: str,
    version: int,
    authors: tuple[str, ...],
    owner: str,
    threshold: float,
    window: timedelta,
    cadence: Cadence,
    severity: Severity,
    action: str,
    runbook: str,
    canary: tuple[Rows, ...],
    near: float | None = None,
    mode: Mode = Mode.SHADOW,
    monotone: bool = False,
    activity: tuple[Activity, ...] = (),
    baseline: tuple[Baseline, ...] = (),
) -> Callable[[Score], Monitor]:
    """Declare the decorated scoring function a monitor.

    `near` defaults to four fifths of the threshold. Raises MonitorError when the declaration
    contradicts itself or the function.
    """

    def declare(score: Score) -> Monitor:
        declared = Monitor(
            name=score.__name__,
            product=product,
            harm=harm,
            entity=entity,
            version=version,
            authors=authors,
            owner=owner,
            threshold=threshold,
            window=window,
            cadence=cadence,
            severity=severity,
            action=action,
            runbook=runbook,
            doc=inspect.getdoc(score) or "",
            source=Path(inspect.getsourcefile(score) or ""),
            canary=canary,
            reads=tuple(inspect.signature(score).parameters),
            score=score,
            near=threshold * 0.8 if near is None else near,
            mode=mode,
            monotone=monotone,
            activity=activity,
            baseline=baseline,
        )
        check(declared)
        return declared

    return declare


def check(declared: Monitor) -> None:
    """Raise MonitorError with every contradiction in the declaration at once."""
    found = [text for wrong, text in _contradictions(declared).items() if text and wrong]
    if found:
        raise MonitorError(f"Monitor '{declared.id}': " + " ".join(found))


def _contradictions(m: Monitor) -> Mapping[str, str]:
    """What is wrong, by topic; an empty text means that topic is right."""
    activity = {a.contract for a in m.activity}
    baseline = {b.activity.contract for b in m.baseline}
    seasons = {b.season for b in m.baseline} - set(get_args(Season))
    read_activity = {t.removesuffix("_activity") for t in m.reads if t.endswith("_activity")}
    read_baseline = {t.removesuffix("_baseline") for t in m.reads if t.endswith("_baseline")}
    return {
        "version": "" if m.version >= 1 else f"version is {m.version}; count from 1.",
        "authors": "" if m.authors else "has no authors; name at least one person's id.",
        "owner": "" if m.owner else "has no owner; name a team.",
        "window": "" if m.window >= timedelta(0) else f"window {m.window} looks ahead.",
        "near": "" if m.near <= m.threshold else f"near {m.near} is over its threshold.",
        "cadence": (
            f"cadence is '{m.cadence}'; choose one of {', '.join(get_args(Cadence))}."
            if m.cadence not in get_args(Cadence)
            else ""
        ),
        "season": (
            f"a baseline's season is {sorted(seasons)}; choose one of "
            f"{', '.join(get_args(Season))}."
            if seasons
            else ""
        ),
        "5m": (
            "cadence '5m' re-evaluates an open hour, so it needs monotone=True: a score that can "
            "only grow as rows arrive."
            if m.cadence == "5m" and not m.monotone
            else ""
        ),
        "reads": "" if m.reads else "reads no table; name one as a parameter.",
        "canary": "" if m.canary else "has no canary; give rows that must be found.",
        "activity": (
            f"reads activity of {sorted(read_activity)} and declares {sorted(activity)}; "
            "make them equal."
            if read_activity != activity
            else ""
        ),
        "baseline": (
            f"reads baselines of {sorted(read_baseline)} and declares {sorted(baseline)}; "
            "make them equal."
            if read_baseline != baseline
            else ""
        ),
    }
