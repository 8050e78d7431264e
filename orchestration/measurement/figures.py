"""A figure of a monitor's version as a row: value, interval, n, method, and what it is of."""

from dataclasses import dataclass

import polars as pl

from orchestration.measurement.drawn_units import Asked
from orchestration.measurement.estimates import Estimate, shown
from orchestration.measurement.quality import LEAST

MEASURED, FEW, STALE, COUNT = "measured", "insufficient", "stale", "count"
TIME = pl.Datetime("us", "UTC")
FIGURES = pl.Schema(
    {
        "figure": pl.String(),
        "value": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "n": pl.Int64(),
        "k": pl.Int64(),
        "state": pl.String(),
        "reads": pl.String(),
        "method": pl.String(),
        "frame": pl.String(),
        "start": TIME,
        "end": TIME,
        "monitor": pl.String(),
        "version": pl.Int64(),
        "policy": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One estimate under a name, with its sampling frame.

    `k` is null where a count says nothing. Unless `state` is measured, numbers are null in the row
    and `why` is what is read. `unit`: what a total counts, empty for a share. `bounded`: it is a
    lower bound. `always`: it is of all labels, whatever time was asked for.
    """

    name: str
    found: Estimate
    frame: str
    k: int | None = None
    state: str = MEASURED
    why: str = ""
    unit: str = ""
    bounded: bool = False
    always: bool = False


def share(name: str, found: Estimate, frame: str, k: int) -> Figure:
    """A share, insufficient under 14 judged units."""
    if found.n >= LEAST:
        return Figure(name, found, frame, k)
    why = f"insufficient (n = {found.n}, {LEAST} wanted)"
    return Figure(name, found, frame, k, FEW, why)


def frame_of(figures: list[Figure], asked: Asked) -> pl.DataFrame:
    """A row of FIGURES for each."""
    return pl.DataFrame([_row(figure, asked) for figure in figures], schema=FIGURES)


def _row(figure: Figure, asked: Asked) -> dict[str, object]:
    found, known = figure.found, figure.state == MEASURED
    return {
        "figure": figure.name,
        "value": found.value if known else None,
        "lower": found.lower if known else None,
        "upper": found.upper if known else None,
        "n": found.n,
        "k": figure.k,
        "state": figure.state,
        "reads": _said(figure) if known else figure.why,
        "method": found.method,
        "frame": figure.frame,
        "start": None if figure.always else asked.start,
        "end": None if figure.always else asked.end,
        "monitor": asked.monitor,
        "version": asked.version,
        "policy": asked.policy_version,
    }


def _said(figure: Figure) -> str:
    found = figure.found
    if figure.bounded:
        return f"at least {found.lower or 0:.1%} (95% one-sided, {figure.k} of {found.n})"
    if not figure.unit or found.lower is None or found.upper is None:
        return shown(found)
    if not found.value:
        return f"no more than {found.upper:,.0f} {figure.unit} (95%, n = {found.n})"
    ends = f"{found.lower:,.0f} to {found.upper:,.0f}"
    return f"{found.value:,.0f} {figure.unit} ({ends}, 95%, n = {found.n})"
