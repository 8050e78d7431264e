"""What others looked at: red teams, settled units for raters, and what people answer for."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from launch_checklists.checklist import Attestation, Attested, Checklist, Golden
from launch_checklists.facts import Facts, GoldenFacts
from launch_checklists.item import Item, Outcome, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage, length_text
from launch_checklists.seeing import ago, failed, given, passed

ATTESTATION = timedelta(days=180)
EVERY: tuple[tuple[Attested, str, str], ...] = (
    ("risk_assessment", "attested", "The risk assessment is approved."),
    ("red_team_scope", "attested", "Scope and findings of the red team are written down."),
    ("privacy_assessment", "attested", "The assessment of privacy (DPIA) is done."),
    ("dsa_mapping", "attested", "Statements of reasons are mapped to what the law wants."),
    ("regulator_path", "attested", "Somebody answers regulators."),
    ("law_enforcement_path", "attested", "Somebody answers the police."),
    ("support_macros", "attested", "Support knows what to tell users."),
    ("child_safety_route", "child_safety_route", "Whoever finds child abuse knows where it goes."),
    ("reviewer_wellbeing", "wellbeing", "Exposure is estimated, images are blurred, work rotates."),
    ("vendor_contract", "wellbeing", "Vendors who review are under contract, or there are none."),
)


def assurance(checklist: Checklist, stage: Stage) -> list[Item]:
    """Open findings, gold and raters, then every attestation."""
    owner, red, gold = checklist.product.owner, checklist.red_team, checklist.golden
    most = ", ".join(f"{n} of {name}" for name, n in sorted(red.unresolved_max.items()))
    red_team = Item(
        id="red_team.open",
        section="red_team",
        level=level("red_team", stage),
        requirement=f"At most so many findings of the red team are open: {most}.",
        owner=owner,
        probe=partial(_closed, {str(name): n for name, n in red.unresolved_max.items()}),
    )
    units = Item(
        id="quality.golden",
        section="quality",
        level=level("golden", stage),
        requirement=f"{gold.min_n} settled units, the newest of {length_text(gold.max_age)}.",
        owner=owner,
        probe=partial(_golden, gold),
    )
    raters = Item(
        id="quality.raters",
        section="quality",
        level=level("raters", stage),
        requirement=(
            f"Raters find {gold.sensitivity:.0%} of what violates and clear "
            f"{gold.specificity:.0%} of what does not, on settled units."
        ),
        owner=owner,
        probe=partial(_raters, gold),
        after=("quality.golden",),
    )
    by = {one.item: one for one in checklist.attestations}
    attested = [
        Item(
            id=f"attestations.{name}",
            section="attestations",
            level=level(kind, stage),
            requirement=text,
            owner=owner,
            probe=partial(_attested, by.get(name)),
            waivable=name != "child_safety_route",
        )
        for name, kind, text in EVERY
    ]
    return [red_team, units, raters, *attested]


def _closed(most: Mapping[str, int], facts: Facts) -> Seen:
    def seen(there: Mapping[str, int]) -> Seen:
        over = [
            f"{there.get(name, 0)} of {name}"
            for name, n in sorted(most.items())
            if there.get(name, 0) > n
        ]
        if over:
            fix = "Close them, or have somebody accept them: watchfloor launch finding"
            return failed(f"open are {', '.join(over)}.", fix=fix)
        return passed(f"{sum(there.values())} are open, none more than may be.")

    return given(facts.open_findings, seen)


def _golden(need: Golden, facts: Facts) -> Seen:
    fix = "watchfloor review golden add"

    def seen(found: GoldenFacts) -> Seen:
        if found.n < need.min_n:
            text = f"{found.n} are there, {need.min_n - found.n} short."
            return failed(text, fix=fix, since=found.newest)
        if found.newest is None or facts.at - found.newest > need.max_age:
            text = f"{found.n} are there, none of them new."
            return Seen(Outcome.UNKNOWN, text, found.newest, fix)
        return passed(f"{found.n} are there.", found.newest)

    return given(facts.golden, seen, fix=fix)


def _raters(need: Golden, facts: Facts) -> Seen:
    fix = "See who needs help: watchfloor quality reviewers"

    def seen(found: GoldenFacts) -> Seen:
        if found.sensitivity is None or found.specificity is None:
            text = f"{found.answers} answers to settled units are too few to say."
            return Seen(Outcome.UNKNOWN, text, found.newest, "Judge more: watchfloor review next")
        text = f"{found.sensitivity:.0%} and {found.specificity:.0%}, of {found.answers} answers."
        if found.sensitivity < need.sensitivity or found.specificity < need.specificity:
            return failed(text, fix=fix, since=found.newest)
        return passed(text, found.newest)

    return given(facts.golden, seen, fix=fix)


def _attested(one: Attestation | None, facts: Facts) -> Seen:
    if one is None:
        return failed("nobody answers for it.", fix="Add it to attestations, with its evidence.")
    evidence = one.evidence

    def seen(people: Mapping[str, object]) -> Seen:
        age = facts.at.date() - one.on
        if one.by not in people:
            return failed(f"{one.by} is nobody here.", fix="Name a person of people.yaml.")
        if age < timedelta(0):
            return failed(f"it is of {one.on}, which is to come.", fix="Correct the day.")
        if age > ATTESTATION:
            return Seen(Outcome.UNKNOWN, f"{one.by} said so {ago(age)} ago.", fix="Confirm it.")
        return passed(f"{one.by} said so on {one.on}: {evidence}")

    return given(facts.people, seen)
