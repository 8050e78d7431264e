"""Letting items pass by a waiver, where one holds; and saying why one does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from launch_checklists.checklist import Checklist
from launch_checklists.digest import waiver_digest
from launch_checklists.facts import Facts, Missing
from launch_checklists.item import Item, Level, Outcome, Seen
from launch_checklists.report import Result
from launch_checklists.waiver import LONGEST_BLOCKER, Waiver

MAY_APPROVE = frozenset({"approver", "lead"})
WAIVABLE = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


def waived(
    results: Sequence[Result], checklist: Checklist, facts: Facts, now: datetime
) -> list[Result]:
    """The results with those waived that a sound waiver names, and an item for each that is none.

    An error is no failure that somebody could accept: nobody knows what it hides.
    """
    known = {one.item.id: one for one in results}
    wrong = {one: _wrong(one, known, facts, checklist, now) for one in checklist.waivers}
    sound = {one.item: one for one, why in wrong.items() if why is None}
    let = [_let(one, sound.get(one.item.id)) for one in results]
    refused = [_refused(one, why) for one, why in wrong.items() if why is not None]
    return [*let, *refused]


def _let(result: Result, waiver: Waiver | None) -> Result:
    if waiver is None or result.seen.outcome not in WAIVABLE:
        return result
    text = f"{result.seen.observed} Waived until {waiver.expires}: {waiver.reason}"
    seen = replace(result.seen, outcome=Outcome.WAIVED, observed=text)
    return replace(result, seen=seen, root=None, waiver=waiver)


def _wrong(
    waiver: Waiver,
    known: dict[str, Result],
    facts: Facts,
    checklist: Checklist,
    now: datetime,
) -> str | None:
    """Why a waiver does not hold; None if it does."""
    result = known.get(waiver.item)
    if result is None:
        return "there is no such item at this stage; take the waiver out."
    if not result.item.waivable:
        return "this item cannot be waived; mend it."
    if not waiver.active(now.date()):
        return (
            f"it holds from {waiver.created} to {waiver.expires}; renew it once, or mend the item."
        )
    length = waiver.expires - waiver.created
    if result.item.level is Level.BLOCKER and length > LONGEST_BLOCKER:
        return f"it is for {length.days} days; a blocker is waived for 14 at most."
    if sum(one.item == waiver.item for one in checklist.waivers) > 1:
        return "there are two waivers of this item; keep the one that holds."
    return _unapproved(waiver, facts, checklist)


def _unapproved(waiver: Waiver, facts: Facts, checklist: Checklist) -> str | None:
    if waiver.approver in checklist.authors:
        return f"{waiver.approver} wrote the checklist and approves; ask somebody else."
    if isinstance(facts.waived, Missing) or isinstance(facts.people, Missing):
        return "nobody can tell whether it was approved: the ledger or the roster is not to be had."
    mine = waiver_digest(waiver)
    granted = [one for one in facts.waived if one.digest == mine]
    if not any(one.person == waiver.approver for one in granted):
        return f"{waiver.approver} has not approved it as it is; ask for `watchfloor launch waive`."
    roles = facts.people.get(waiver.approver, frozenset())
    if roles.isdisjoint(MAY_APPROVE):
        return f"{waiver.approver} has none of the roles {', '.join(sorted(MAY_APPROVE))}."
    return None


def _refused(waiver: Waiver, why: str) -> Result:
    seen = Seen(Outcome.FAIL, f"The waiver of {waiver.item} does not hold: {why}", fix="See there.")
    item = Item(
        id=f"waivers.{waiver.item}.{waiver.created}",
        section="waivers",
        level=Level.REQUIRED,
        requirement=f"The waiver of {waiver.item} that {waiver.owner} owns holds.",
        owner=waiver.owner,
        probe=partial(_as_seen, seen),
        waivable=False,
    )
    return Result(item, seen)


def _as_seen(seen: Seen, _: Facts) -> Seen:
    return seen
