"""The rules of enforcement: modes, caps, who is protected, and what each action needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from monitors.contract import Severity
from orchestration.oncall.scalars import unknown
from orchestration.policies.actions import MOST_APPROVALS, Action, Automation
from orchestration.policies.errors import PolicyError, refuse

TIERS_OF_PEOPLE = frozenset({Severity.S0, Severity.S1})


class Acting(StrEnum):
    """Whether plans are carried out."""

    DRY_RUN = "dry_run"
    LIVE = "live"


class GroundKind(StrEnum):
    """What a policy rests on."""

    TERMS = "terms"
    LAW = "law"


@dataclass(frozen=True, slots=True)
class Caps:
    """The most enforcements of one batch and of one day; a breach applies none of the batch.

    `per_day_share` is of the entities active that day, `per_monitor` and `per_tenant` are of one
    day. Raises PolicyError for a cap that stops everything, or that another makes idle.
    """

    per_run: int
    per_day: int
    per_day_share: float
    per_monitor: int
    per_tenant: int

    def __post_init__(self) -> None:
        counts = {
            name: getattr(self, name)
            for name in ("per_run", "per_day", "per_monitor", "per_tenant")
        }
        wrong = {f"{name} is {n}; wanted more than 0.": n <= 0 for name, n in counts.items()}
        wrong |= {
            f"{name} {n} is over per_day {self.per_day}, so it never holds; lower it.": (
                n > self.per_day > 0
            )
            for name, n in counts.items()
        }
        share = self.per_day_share
        refuse(
            wrong | {f"per_day_share is {share}; wanted over 0, and at most 1.": not 0 < share <= 1}
        )


@dataclass(frozen=True, slots=True)
class Protected:
    """Targets that nothing is done to without people: of these types, or with these tags."""

    types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything in enforcement.yaml. `people` are actions that are asked of people, never done."""

    mode: Acting
    products: Mapping[str, Acting]
    approval_expires: timedelta
    caps: Caps
    protected: Protected
    actions: Mapping[str, Action] = field(repr=False)
    people: frozenset[str]

    def get(self, action_id: str) -> Action:
        """The action. Raises PolicyError for one that is unknown, or that only people do."""
        if action_id in self.actions:
            return self.actions[action_id]
        if action_id in self.people:
            raise PolicyError(f"'{action_id}' is asked of people; there is nothing to execute.")
        raise PolicyError(unknown(action_id, self.known, "action", " in enforcement.yaml"))

    @property
    def known(self) -> frozenset[str]:
        """Ids of all actions, those of people too."""
        return frozenset(self.actions) | self.people

    def acting(self, product: str) -> Acting:
        """Whether plans for a product are carried out."""
        return self.products.get(product, self.mode)

    def automation(self, action_id: str, severity: Severity) -> Automation:
        """The most of a decision on an action that a machine may make.

        `fully` needs no person; `partially` is planned by a machine and waits for a person, as
        everything of S0 and S1 does; `not` begins with a person's decision.
        Raises PolicyError for an unknown action.
        """
        if action_id in self.people:
            return Automation.NOT
        if self.get(action_id).gate is None:  # as is every action's that is irreversible
            return Automation.NOT
        return Automation.PARTIALLY if severity in TIERS_OF_PEOPLE else Automation.FULLY

    def approvals(
        self, action_id: str, severity: Severity, ground: GroundKind, *, decided: bool
    ) -> int:
        """How many people must approve; `decided` says whether a person's decision is behind it.

        Two for what is irreversible, and for S0 on the ground of law. Without a decision one at
        least, unless a machine may decide fully. Raises PolicyError for what is never executed,
        and for what without a decision must not be planned.
        """
        action = self.get(action_id)
        machine = self.automation(action_id, severity)
        if not decided and machine is Automation.NOT:
            raise PolicyError(f"'{action_id}' begins with a person's decision; open a case.")
        legal = severity is Severity.S0 and ground is GroundKind.LAW
        if legal or not action.reversible:
            return MOST_APPROVALS
        alone = decided or machine is Automation.FULLY
        return action.approvals if alone else max(action.approvals, 1)

    def waits(self, action_id: str) -> timedelta:
        """How long an approval is waited for. Raises PolicyError as `get` does."""
        return self.get(action_id).approval_expires or self.approval_expires

    def protects(self, target_type: str, tags: Collection[str]) -> str | None:
        """Why a target is protected: its type, or the first of its tags; None if it is not."""
        if target_type in self.protected.types:
            return target_type
        return min(self.protected.tags.intersection(tags), default=None)


def between_actions(actions: Sequence[Action]) -> list[tuple[str, str]]:
    """Actions whose gate is wider than that of a lighter one: each id, and what to do about it."""
    gates = [(action, action.gate) for action in actions if action.gate]
    found = []
    for action, gate in gates:
        lighter = [
            (other_gate.lower_bound, other.id)
            for other, other_gate in gates
            if other.gravity < action.gravity
        ]
        most, strictest = max(lighter, default=(0.0, ""))
        if gate.lower_bound < most:
            text = (
                f"its lower_bound {gate.lower_bound} is below {most} of '{strictest}', which is "
                "lighter; raise it."
            )
            found.append((action.id, text))
    return found
