"""The state machines: which state may follow which, what that is called, and who may do it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from orchestration.alerts.records import AlertState
from orchestration.ledger.acts import Act, Kind
from orchestration.ledger.errors import LedgerError


class ModeState(StrEnum):
    """What a monitor's version is approved for. `deprecated` is final."""

    DRAFT = "draft"
    SHADOW = "shadow"
    REVIEW = "review"
    AUTO = "auto"
    DISABLED = "disabled"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a change is called in the audit, and which kinds of actor may make it."""

    verb: str
    by: frozenset[Kind]


State = TypeVar("State", bound=StrEnum)
PERSON: frozenset[Kind] = frozenset({"person"})
SYSTEM: frozenset[Kind] = frozenset({"system"})
EITHER = PERSON | SYSTEM

ALERT: Mapping[tuple[AlertState, AlertState], Rule] = {
    (AlertState.PENDING, AlertState.FIRING): Rule("fire", SYSTEM),
    (AlertState.PENDING, AlertState.RESOLVED): Rule("resolve", SYSTEM),
    (AlertState.FIRING, AlertState.ACKED): Rule("ack", PERSON),
    (AlertState.FIRING, AlertState.RESOLVED): Rule("resolve", EITHER),
    (AlertState.ACKED, AlertState.FIRING): Rule("fire_again", SYSTEM),
    (AlertState.ACKED, AlertState.RESOLVED): Rule("resolve", EITHER),
    (AlertState.RESOLVED, AlertState.FIRING): Rule("fire_again", SYSTEM),
    (AlertState.RESOLVED, AlertState.CLOSED): Rule("close", EITHER),
}
MODE: Mapping[tuple[ModeState, ModeState], Rule] = {
    (ModeState.DRAFT, ModeState.SHADOW): Rule("promote", PERSON),
    (ModeState.SHADOW, ModeState.REVIEW): Rule("promote", PERSON),
    (ModeState.REVIEW, ModeState.AUTO): Rule("promote", PERSON),
    (ModeState.AUTO, ModeState.REVIEW): Rule("demote", EITHER),
    (ModeState.DRAFT, ModeState.DISABLED): Rule("disable", PERSON),
    (ModeState.SHADOW, ModeState.DISABLED): Rule("disable", PERSON),
    (ModeState.REVIEW, ModeState.DISABLED): Rule("disable", PERSON),
    (ModeState.AUTO, ModeState.DISABLED): Rule("disable", PERSON),
    (ModeState.DISABLED, ModeState.DISABLED): Rule("disable", PERSON),
    (ModeState.DISABLED, ModeState.DEPRECATED): Rule("deprecate", PERSON),
}


def permitted(
    table: Mapping[tuple[State, State], Rule], *, what: str, found: State, to: State, act: Act
) -> Rule:
    """The rule of one change; LedgerError if the table has none, or none for this actor."""
    rule = table.get((found, to))
    if rule is None:
        nexts = ", ".join(sorted(after for before, after in table if before == found))
        raise LedgerError(
            f"{what} is {found} and cannot become {to}; "
            + (f"wanted one of: {nexts}. Look at it again." if nexts else "that is final.")
        )
    if act.actor.kind not in rule.by:
        wanted = " or ".join(sorted(rule.by))
        raise LedgerError(
            f"'{rule.verb}' of {what} was asked for by the {act.actor.kind} '{act.actor.id}'; "
            f"wanted a {wanted}. Let one do it."
        )
    return rule
