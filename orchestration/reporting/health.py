"""Health of the operation in numbers: a table for each question, from the facts of a window."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from orchestration.oncall.people import Person, Roster, may
from orchestration.oncall.rota import Rota
from orchestration.reporting import monitors, noise, overturns, queues, staffing
from orchestration.reporting.facts import Facts
from orchestration.reporting.figures import spread
from orchestration.triage.desks import Desks

SECTIONS = (
    "queues",
    "sla",
    "work",
    "monitors",
    "pages",
    "noise",
    "appeals",
    "overturns",
    "capacity",
    "staffing",
    "labelling",
)
LABELLING = {
    "made": pl.Int64,
    "answers": pl.Int64,
    "open": pl.Int64,
    "disputed": pl.Int64,
    "oldest_days": pl.Float64,
    "minutes_p50": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class House:
    """Settings that a report reads: queues, people and rota, as they are in force."""

    desks: Desks
    roster: Roster
    rota: Rota


def health(facts: Facts, house: House, who: Person | None = None) -> Mapping[str, pl.DataFrame]:
    """Every section by name, in the order of `SECTIONS`.

    Queues that are shut to `who` are not named. Each share, rate and median has its n and interval
    beside it and is null where n is too small: its `reads` then says "insufficient".
    """
    seen = visible(house.desks, who)
    found = (
        queues.flow(facts, seen),
        queues.promised(facts, seen),
        queues.work(facts, seen),
        monitors.value(facts),
        monitors.signal(facts),
        noise.noise(facts, house.rota),
        overturns.appeals(facts.window, facts.appeals, facts.enforcements),
        overturns.pareto(facts),
        staffing.capacities(facts, house.roster),
        staffing.needed(facts, house.desks, house.roster, seen),
        labelling(facts),
    )
    return dict(zip(SECTIONS, found, strict=True))


def visible(desks: Desks, who: Person | None) -> list[str]:
    """Queues whose cases somebody may know more of than that they exist."""
    return [
        name
        for name, queue in desks.queues.items()
        if not queue.restricted
        or (who is not None and may(who, "review") and queue.skills <= who.skills)
    ]


def labelling(facts: Facts) -> pl.DataFrame:
    """Blind reviews, gold left out: made and answered in the window, and what is open of them."""
    window, tasks = facts.window, facts.tasks
    made = tasks.filter(pl.col("made_at") >= window.start)
    open_ = tasks.filter(pl.col("state").is_in(["open", "leased", "disputed"]))
    age = (window.end - open_["made_at"]).dt.total_seconds() / 86400
    row = {
        "made": made.height,
        "answers": facts.answers.height,
        "open": open_.height,
        "disputed": open_.filter(pl.col("state") == "disputed").height,
        "oldest_days": age.max(),
        "minutes_p50": spread(facts.answers["minutes"].drop_nulls().to_list()).median.value,
    }
    return pl.DataFrame([row], schema=LABELLING)
