"""Events that the monitors need: there, filled, and on time."""

from collections.abc import Iterator
from functools import partial

from launch_checklists.checklist import Checklist, DataNeed
from launch_checklists.facts import EventFacts, Facts
from launch_checklists.item import Item, Outcome, Probe, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage, length_text
from launch_checklists.seeing import ago, failed, named, passed


def data(checklist: Checklist, stage: Stage) -> list[Item]:
    """Three items for each contract: events come, columns are filled, and they come in time."""
    owner = checklist.product.owner
    return [item for need in checklist.data for item in _of_contract(need, owner, stage)]


def _of_contract(need: DataNeed, owner: str, stage: Stage) -> Iterator[Item]:
    name = f"data.{need.events}"

    def item(kind: str, requirement: str, probe: Probe, *after: str) -> Item:
        return Item(
            id=f"{name}.{kind}",
            section="data",
            level=level(kind, stage),
            requirement=requirement,
            owner=owner,
            probe=probe,
            after=after,
        )

    yield item("events", f"Events of {need.events} come in.", partial(_come, need))
    columns = ", ".join(need.required)
    text = f"{columns}: each filled in at least {need.non_null:.0%} of the rows."
    yield item("columns", text, partial(_filled, need), f"{name}.events")
    text = f"95 of 100 events are there within {length_text(need.max_lag)}."
    yield item("lag", text, partial(_in_time, need), f"{name}.events")


def _none(need: DataNeed) -> Seen:
    fix = f"Declare the contract {need.events} for this product, and send events."
    return failed("the product sends no such events.", fix=fix)


def _come(need: DataNeed, facts: Facts) -> Seen:
    def seen(found: EventFacts) -> Seen:
        if not found.rows:
            return _none(need)
        return passed(f"{found.rows} in the last 7 days.", found.newest)

    return named(facts.events, need.events, seen, lack=_none(need))


def _filled(need: DataNeed, facts: Facts) -> Seen:
    return named(facts.events, need.events, partial(_columns, need), lack=_none(need))


def _columns(need: DataNeed, found: EventFacts) -> Seen:
    absent = [name for name in need.required if name not in found.filled]
    thin = [
        f"{name} {found.filled[name]:.1%}"
        for name in need.required
        if name in found.filled and found.filled[name] < need.non_null
    ]
    if absent or thin:
        parts = [f"no column {', '.join(absent)}"] if absent else []
        parts += [f"filled less: {', '.join(thin)}"] if thin else []
        fix = "Log what is missing, or take it out of `required` if no monitor reads it."
        return failed(f"{'; '.join(parts)}.", fix=fix, since=found.newest)
    return passed("all of them are.", found.newest)


def _in_time(need: DataNeed, facts: Facts) -> Seen:
    return named(facts.events, need.events, partial(_lag, need), lack=_none(need))


def _lag(need: DataNeed, found: EventFacts) -> Seen:
    if found.lag is None:
        return Seen(Outcome.UNKNOWN, "nothing says when they came.", fix="Ingest some events.")
    text = f"95 of 100 within {ago(found.lag)}."
    if found.lag > need.max_lag:
        return failed(text, fix="Look at the source's delivery.", since=found.newest)
    return passed(text, found.newest)
