"""Sign-offs: who answers for a launch, bound to the state that they saw."""

from collections.abc import Collection, Mapping
from functools import partial

from launch_checklists.checklist import Checklist
from launch_checklists.facts import Facts, Missing, Signature
from launch_checklists.item import Item, Outcome, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage

# The roles, of which a signer must have one.
MAY_SIGN: Mapping[str, frozenset[str]] = {
    "product": frozenset({"lead", "engineer", "admin", "approver"}),
    "tns_eng": frozenset({"engineer"}),
    "ops": frozenset({"lead"}),
    "policy": frozenset({"approver", "lead"}),
    "legal_privacy": frozenset({"approver"}),
}


def signoffs(checklist: Checklist, stage: Stage, digest: str) -> list[Item]:
    """One item for each signer that the checklist wants."""
    return [
        Item(
            id=f"signoffs.{signer}",
            section="signoffs",
            level=level("signoff", stage),
            requirement=f"Signed for {signer}, by somebody who may, as things are now.",
            owner=checklist.product.owner,
            probe=partial(_signed, signer, digest, checklist.authors),
            waivable=False,
        )
        for signer in checklist.signoffs
    ]


def may_sign(signer: str, person: str, facts: Facts) -> bool:
    """Whether somebody has a role that may sign as this signer."""
    if isinstance(facts.people, Missing):
        return False
    return not MAY_SIGN[signer].isdisjoint(facts.people.get(person, frozenset()))


def _signed(signer: str, digest: str, authors: Collection[str], facts: Facts) -> Seen:
    if isinstance(facts.signed, Missing):
        outcome = Outcome.ERROR if facts.signed.broken else Outcome.UNKNOWN
        return Seen(outcome, f"Signatures are not to be had: {facts.signed.why}")
    mine = sorted((one for one in facts.signed if one.signer == signer), key=lambda one: one.at)
    fix = f"watchfloor launch sign --as {signer}"
    if not mine:
        return Seen(Outcome.FAIL, "nobody has signed.", fix=fix)
    last = mine[-1]
    if last.person in authors or not may_sign(signer, last.person, facts):
        return Seen(Outcome.FAIL, f"{last.person} signed and may not.", last.at, fix)
    return _of_state(last, digest, fix)


def _of_state(last: Signature, digest: str, fix: str) -> Seen:
    if last.digest != digest:
        text = f"{last.person} signed another state: since then an item or a requirement changed."
        return Seen(Outcome.FAIL, text, last.at, fix)
    return Seen(Outcome.PASS, f"{last.person} signed.", last.at)
