"""How often a shift of the rota was paged, in halves of a day from its hand-over on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise

import polars as pl

from monitors.contract import Severity
from orchestration.oncall.ladders import Ladder, OnCall
from orchestration.oncall.rota import Rota, ladder_for
from orchestration.oncall.turns import TeamRota
from orchestration.oncall.walls import DAY, Span, moment, today
from orchestration.reporting.facts import Facts
from orchestration.reporting.figures import columns, said, share
from orchestration.reporting.window import Window

MOST = 2  # pages in a shift: more leave no time to follow any of them up (SRE, ch. 11)
SHIFTS = 14  # a week of them, under which no share is shown
HALF_DAY = 12
NOISE = {
    "team": pl.String,
    "shifts": pl.Int64,
    "pages": pl.Int64,
    "calls": pl.Int64,
    "median": pl.Float64,
    "p90": pl.Float64,
    "most": pl.Int64,
    "noisy": pl.Int64,
    "noisy_share": pl.Float64,
    "noisy_share_lower": pl.Float64,
    "noisy_share_upper": pl.Float64,
    "reads": pl.String,
}


def noise(facts: Facts, rota: Rota) -> pl.DataFrame:
    """Pages of each team's shifts that ended in the window, those without a page too.

    Only shifts count that began after the ledger was made. A page is that team's whose rota the
    ladder of its gravest alert calls first. `calls` are steps of ladders that told somebody; they
    are not among the pages. `noisy` shifts had more than two pages. The counts are of all shifts;
    the share has Wilson's interval, null under 14 shifts.
    """
    pages, calls = _pages(facts, rota), _calls(facts, rota)
    rows = []
    for team, its in rota.teams.items():
        spans = [span for span in shifts(its, facts.window) if span.start >= facts.since]
        counts = pl.Series("pages", _counted(spans, pages.get(team, ())), dtype=pl.Int64)
        noisy = int((counts > MOST).sum())
        found = share(noisy, len(spans), SHIFTS)
        row = {
            "team": team,
            "shifts": len(spans),
            "pages": int(counts.sum()),
            "calls": sum(_counted(spans, calls.get(team, ()))),
            "median": counts.median(),
            "p90": counts.quantile(0.9, "higher"),
            "most": counts.max(),
            "noisy": noisy,
            **columns("noisy_share", found),
            "reads": said(found),
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=NOISE)


def shifts(its: TeamRota, window: Window) -> list[Span]:
    """The halves of days from hand-over to hand-over that ended in the window, by wall time."""
    ends = [at for at in _changes(its, window) if at <= window.end]
    return [Span(start, end) for start, end in pairwise(ends) if window.start < end <= window.end]


def _changes(its: TeamRota, window: Window) -> Iterator[datetime]:
    other = time((its.handover.hour + HALF_DAY) % 24, its.handover.minute)
    day, last = today(window.start, its.zone) - DAY, today(window.end, its.zone)
    while day <= last:
        for wall in sorted((its.handover, other)):
            yield moment(day, wall, its.zone)
        day += timedelta(days=1)


def _counted(spans: Sequence[Span], times: Sequence[datetime]) -> list[int]:
    return [sum(start <= at < end for at in times) for start, end in spans]


def _pages(facts: Facts, rota: Rota) -> Mapping[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    first = facts.pages.unique("page_id", keep="first", maintain_order=True)
    for at, severity, owner in first.select("at", "severity", "owner").iter_rows():
        team = _called(ladder_for(rota, Severity(severity), owner))
        found.setdefault(team, []).append(at)
    return found


def _calls(facts: Facts, rota: Rota) -> Mapping[str, list[datetime]]:
    ladders = {ladder.name: ladder for ladder in rota.ladders}
    found: dict[str, list[datetime]] = {}
    for at, name in facts.calls.iter_rows():
        found.setdefault(_called(ladders.get(name)), []).append(at)
    return found


def _called(ladder: Ladder | None) -> str:
    """The team whose rota a ladder calls first; empty for none."""
    steps = ladder.steps if ladder is not None else ()
    return next((step.target.team for step in steps if isinstance(step.target, OnCall)), "")
