"""Every harm of the taxonomy is answered: watched for on all surfaces, or ruled out by somebody."""

from collections.abc import Mapping
from functools import partial

from launch_checklists.checklist import Checklist, HarmNeed, NotApplicable
from launch_checklists.facts import Facts
from launch_checklists.item import Item, Outcome, Probe, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage
from launch_checklists.seeing import failed, given, passed
from monitors.harms import Harm

MAY_RULE_OUT = frozenset({"approver", "lead"})
# It is about Watchfloor itself and not about a product's users.
NOT_OF_PRODUCTS = frozenset({Harm.MONITORING_GAP})


def harms(checklist: Checklist, stage: Stage) -> list[Item]:
    """An item for each harm: those that the checklist does not mention are required."""
    there = {harm.id: harm for harm in checklist.harms}
    return [
        item
        for harm in Harm
        if harm not in NOT_OF_PRODUCTS
        for item in _of_harm(harm, there.get(harm), checklist, stage)
    ]


def _of_harm(harm: Harm, need: HarmNeed | None, checklist: Checklist, stage: Stage) -> list[Item]:
    def item(kind: str, requirement: str, probe: Probe) -> Item:
        return Item(
            id=f"harms.{harm.value}" if kind == "harm" else f"harms.{harm.value}.{kind}",
            section="harms",
            level=level(kind, stage, need.tier if need else 1),
            requirement=requirement,
            owner=checklist.product.owner,
            probe=probe,
            after=() if kind == "harm" else (f"harms.{harm.value}",),
            waivable=harm is not Harm.CHILD_SAFETY,
        )

    wanted = f"{harm.value} is watched for by a monitor, or ruled out with a reason."
    if need is None:
        text = "the checklist does not mention it, so that it is required."
        fix = f"Add `- id: {harm.value}` to harms."
        return [item("harm", wanted, partial(_as, failed(text, fix=fix)))]
    if need.not_applicable is not None:
        ruled = f"{harm.value} cannot happen here: {need.not_applicable.reason}"
        return [item("harm", ruled, partial(_ruled_out, need.not_applicable, checklist.authors))]
    return [
        item("harm", wanted, partial(_as, _watched(need))),
        item("rated", f"The likelihood of {harm.value} is rated.", partial(_as, _rated(need))),
        item("surfaces", _surfaces(checklist), partial(_as, _covered(need, checklist))),
    ]


def _as(seen: Seen, _: Facts) -> Seen:
    return seen


def _watched(need: HarmNeed) -> Seen:
    if not need.monitors:
        fix = f"watchfloor launch scaffold, or name a monitor under {need.id.value}."
        return failed("no monitor is named.", fix=fix)
    return passed(f"{len(need.monitors)} monitors are named.")


def _rated(need: HarmNeed) -> Seen:
    if need.likelihood is None:
        return failed("it is not.", fix=f"Write `likelihood:` under {need.id.value}.")
    return passed(f"{need.likelihood}, tier {need.tier}.")


def _surfaces(checklist: Checklist) -> str:
    return f"Its monitors watch {', '.join(checklist.surfaces)}."


def _covered(need: HarmNeed, checklist: Checklist) -> Seen:
    seen = {s for one in need.monitors for s in one.surfaces or checklist.surfaces}
    missing = [surface for surface in checklist.surfaces if surface not in seen]
    if missing:
        text = f"nothing watches {', '.join(missing)}."
        return failed(text, fix="Name a monitor for it, or add it to a monitor's surfaces.")
    return passed("all of them are watched.")


def _ruled_out(why: NotApplicable, authors: tuple[str, ...], facts: Facts) -> Seen:
    def by(people: Mapping[str, frozenset[str]]) -> Seen:
        roles = people.get(why.approver, frozenset())
        if why.approver in authors or MAY_RULE_OUT.isdisjoint(roles):
            text = f"{why.approver} may not say so."
            wanted = " or ".join(sorted(MAY_RULE_OUT))
            return failed(text, fix=f"Name an {wanted} who did not write the checklist.")
        return Seen(Outcome.NOT_APPLICABLE, f"{why.approver} says so.")

    return given(facts.people, by)
