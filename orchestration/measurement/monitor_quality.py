"""What is known of a monitor's version: precision, recall and prevalence, each with what makes it.

Gates rest on `quality` alone, which is the row `gate` here; the others are for people.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from orchestration.ledger.ids import check_time
from orchestration.measurement.drawn_units import (
    FLAGGED,
    UNSCORED,
    Asked,
    Windows,
    episodes_in,
    labels_for,
    machine_labels,
    missed_in,
    windows_in,
)
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import nothing
from orchestration.measurement.figures import COUNT, FEW, MEASURED, Figure, frame_of, share
from orchestration.measurement.quality import LEAST, MonitorQuality, measured
from orchestration.measurement.rates import clopper_pearson, rogan_gladen, weighted_share, wilson
from orchestration.measurement.simulation import METHOD
from orchestration.measurement.strata_views import SEED, slices, strata_view, together
from orchestration.measurement.weighted_strata import Whole

EPISODES = "episodes, even slice"
WINDOWS = "scored windows, by stratum"
PROXY = "a model's labels, no judgement"


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What is known of a version. `gate` is what may be relied on, over all of its labels.

    `figures`: one row for each (`figures.FIGURES`). `strata`: what was drawn, judged and found of
    scored windows, and how much of recall's uncertainty each adds (`strata_views.STRATA`); where
    too few were judged, totals are null. `slices`: precision of flagged windows by group.
    """

    gate: MonitorQuality
    figures: pl.DataFrame
    strata: pl.DataFrame
    slices: pl.DataFrame


def monitor_report(
    connection: Connection,
    monitor: str,
    version: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime,
    policy_version: str | None = None,
    harm: str | None = None,
    groups: pl.DataFrame | None = None,
) -> MonitorReport:
    """The report of one version on what was opened or scored in `[start, end)`, as of `now`.

    With `policy_version` only labels that cite it count, in `gate` too. `harm` narrows what people
    found by themselves. `groups`[unit, by, name] says in which language, region or product units
    are, for `slices`. Under 14 judged units a figure is "insufficient" and null, and recall where
    a stratum has fewer (and fewer than all its units). Raises LedgerError for a time without a
    zone, and MeasurementError for a time that ends before it begins.
    """
    for name, at in (("now", now), ("start", start), ("end", end)):
        if at is not None:
            check_time(name, at)
    if start is not None and end is not None and start >= end:
        raise MeasurementError(
            f"The time asked for begins at {start} and ends at {end}; wanted a later end. Turn "
            "them round."
        )
    asked = Asked(monitor, version, now, start, end, policy_version)
    labels = labels_for(connection, asked)
    gate = measured(labels, now)
    recent = measured(episodes_in(connection, asked, labels), now)
    windows = windows_in(connection, asked, labels)
    made = together(windows)
    figures = [
        _gate(gate),
        share("precision", wilson(recent.k, recent.n), EPISODES, recent.k),
        *_shares(windows),
        *_of_strata(windows, made),
        *_of_machines(*machine_labels(labels)),
        _missed(missed_in(connection, asked, harm)),
    ]
    return MonitorReport(
        gate,
        frame_of(figures, asked),
        strata_view(windows, made),
        slices(windows.units, groups),
    )


def _gate(gate: MonitorQuality) -> Figure:
    exact = clopper_pearson(gate.k, gate.n)
    found = replace(exact, lower=gate.lower, upper=1.0, method="Clopper-Pearson, one-sided")
    why = f"{gate.state} (n = {gate.n})"
    return Figure("gate", found, EPISODES, gate.k, gate.state, why=why, bounded=True, always=True)


def _shares(windows: Windows) -> list[Figure]:
    """Precision of what was flagged, and what is bad of what got no score."""
    made = []
    for name, stratum in (("flagged windows", FLAGGED), ("unscored windows", UNSCORED)):
        mine = windows.units.filter(pl.col("stratum") == stratum)
        if stratum == FLAGGED or mine.height:
            made.append(share(name, weighted_share(mine), WINDOWS, int(mine["value"].sum())))
    return made


def _of_strata(windows: Windows, made: Whole | str) -> list[Figure]:
    if isinstance(made, str):
        judged = windows.units.filter(pl.col("stratum") != UNSCORED)["value"].count()
        empty = nothing(judged, METHOD)
        return [
            Figure(name, empty, WINDOWS, None, FEW, made)
            for name in ("recall", "prevalence", "positives")
        ]
    hits = int(made.strata["positive"].sum())
    none = "insufficient (nothing positive was found)"
    state = FEW if made.recall.value is None else MEASURED
    return [
        Figure("recall", made.recall, WINDOWS, None, state, none),
        Figure("prevalence", made.prevalence, WINDOWS, hits),
        Figure("positives", made.total, WINDOWS, hits, unit="windows"),
    ]


def _of_machines(said: dict[str, bool], people: dict[str, bool]) -> list[Figure]:
    """What models say, and that corrected by how they err where people looked too."""
    if not said:
        return []
    k, n = sum(said.values()), len(said)
    made = [share("model's labels", wilson(k, n), PROXY, k)]
    bad = [said[unit] for unit, value in people.items() if value]
    good = [said[unit] for unit, value in people.items() if not value]
    if min(len(bad), len(good)) < LEAST:
        return made
    passed = len(good) - sum(good)
    if sum(bad) / len(bad) + passed / len(good) > 1:
        found = rogan_gladen((k, n), (sum(bad), len(bad)), (passed, len(good)), seed=SEED)
        made.append(Figure("model's labels, corrected", found, PROXY))
    return made


def _missed(n: int) -> Figure:
    """What people found without a monitor: a count of no frame, so no share follows of it."""
    why = f"{n} found by people; they are in no rate"
    return Figure("missed", nothing(n, "count"), "cases", None, COUNT, why)
