"""Holding a checklist against what the live system says. Pure: the same facts, the same report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from launch_checklists.checklist import Checklist
from launch_checklists.digest import digest
from launch_checklists.facts import Facts, Missing
from launch_checklists.item import Item, Outcome, Seen
from launch_checklists.items import items
from launch_checklists.parts import Stage
from launch_checklists.report import GOOD, Report, Result
from launch_checklists.signoffs import signoffs
from launch_checklists.waiving import waived


def evaluate(checklist: Checklist, facts: Facts, *, stage: Stage, now: datetime) -> Report:
    """What became of every item at a stage, as of `now`.

    An item whose ground fails is not looked at: it reads *unknown* under that root. Waivers apply
    after that, so that one of a root lifts its consequences only by their own. Signatures come
    last: they are of all the rest.
    """
    seen = looked(items(checklist, stage), facts)
    results = [_of_monitor(one, facts) for one in waived(seen, checklist, facts, now)]
    signed_state = digest(checklist, results, now.date())
    signatures = [
        Result(item, _seen(item, facts)) for item in signoffs(checklist, stage, signed_state)
    ]
    every = (*results, *signatures)
    return Report(checklist.product.id, stage, now, tuple(every), signed_state)


def looked(wanted: Sequence[Item], facts: Facts) -> list[Result]:
    """Every item in the order given, which has each after those that it builds on."""
    found: dict[str, Result] = {}
    for item in wanted:
        found[item.id] = _looked(item, facts, found)
    return list(found.values())


def _looked(item: Item, facts: Facts, before: Mapping[str, Result]) -> Result:
    ground = next((before[name] for name in item.after if _bad(before[name])), None)
    if ground is None:
        return Result(item, _seen(item, facts))
    root = ground.root or ground.item.id
    text = f"not looked at: {root} comes first."
    return Result(item, Seen(Outcome.UNKNOWN, text, fix=f"Mend {root}."), root=root)


def _bad(result: Result) -> bool:
    return result.seen.outcome not in GOOD


def _seen(item: Item, facts: Facts) -> Seen:
    return item.probe(facts)


def _of_monitor(result: Result, facts: Facts) -> Result:
    monitor = result.item.asset
    if monitor is None or isinstance(facts.monitors, Missing) or monitor not in facts.monitors:
        return result
    one = facts.monitors[monitor]
    item = replace(result.item, owner=one.owner or result.item.owner)
    return replace(result, item=item, version=one.version)
