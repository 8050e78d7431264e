"""Policies: what is not allowed, on what ground, and what may be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.oncall.scalars import unknown
from orchestration.policies.errors import PolicyError, refuse
from orchestration.policies.rules import GroundKind

SHORTEST_APPEAL = timedelta(days=184)  # Art. 20(1) DSA: six months, the longest of which these are
OURS = frozenset({Harm.MONITORING_GAP})  # faults of our own watching, which nobody violated


@dataclass(frozen=True, slots=True)
class Wording:
    """A policy's text, in the three parts that a reviewer asks for."""

    not_allowed: str
    allowed: str
    borderline: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The clause of the terms or of the law that a policy rests on."""

    kind: GroundKind
    clause: str


@dataclass(frozen=True, slots=True)
class Strike:
    """How much a violation counts against an entity, and for how long."""

    weight: int
    expires: timedelta

    def __post_init__(self) -> None:
        refuse({"the weight is 0; write 1 or more, or strike: none.": self.weight <= 0})


@dataclass(frozen=True, slots=True)
class Statement:
    """A policy's part of a statement of reasons, in the DSA's words written short.

    `other` says what the content type other stands for. `explanation` is why such content is
    illegal or against the terms.
    """

    category: str
    keywords: tuple[str, ...]
    content_types: tuple[str, ...]
    explanation: str
    other: str | None = None

    def __post_init__(self) -> None:
        refuse(
            {
                "content_types is empty; name at least one.": not self.content_types,
                "content_types has other; say in `other` what it is.": (
                    "other" in self.content_types and not self.other
                ),
                "`other` goes with the content type other only; leave it out.": (
                    "other" not in self.content_types and self.other is not None
                ),
            }
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy. A null `strike` leaves no mark on anybody.

    `actions` are ids of enforcement.yaml, the lightest first by custom; those that are asked of
    people need no permission. Raises PolicyError for a version below 1 or for no harm.
    """

    id: str
    version: int
    title: str
    harms: frozenset[Harm]
    severity: Severity
    ground: Ground
    text: Wording
    actions: tuple[str, ...]
    notice: str
    playbook: str
    strike: Strike | None
    statement: Statement

    def __post_init__(self) -> None:
        ours = ", ".join(sorted(self.harms & OURS))
        twice = sorted({action for action in self.actions if self.actions.count(action) > 1})
        refuse(
            {
                f"version is {self.version}; count from 1.": self.version < 1,
                "harms is empty; name at least one.": not self.harms,
                f"{ours} is a fault of our own watching and no policy matter; leave it out.": (
                    bool(ours)
                ),
                f"actions has {', '.join(twice)} twice; keep one.": bool(twice),
            }
        )


@dataclass(frozen=True, slots=True)
class Appeal:
    """How a user objects: for how long after a decision, and by what way.

    Raises PolicyError for less than the six months of Art. 20(1) DSA.
    """

    within: timedelta
    route: str

    def __post_init__(self) -> None:
        text = f"within is {self.within.days}d; the DSA gives six months, so write 184d or more."
        refuse({text: self.within < SHORTEST_APPEAL})


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy of policies.yaml, in its order; each harm but monitoring_gap is of one."""

    items: tuple[Policy, ...]
    appeal: Appeal
    by_id: Mapping[str, Policy] = field(init=False, repr=False, compare=False)
    by_harm: Mapping[Harm, Policy] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        missing = set(Harm) - OURS - {harm for policy in self.items for harm in policy.harms}
        named = ", ".join(harm.value for harm in Harm if harm in missing)
        refuse({f"no policy covers {named}; write one for each.": bool(missing)})
        by_harm = {harm: policy for policy in self.items for harm in policy.harms}
        object.__setattr__(self, "by_id", {policy.id: policy for policy in self.items})
        object.__setattr__(self, "by_harm", by_harm)

    def of(self, policy_id: str) -> Policy:
        """The policy. Raises PolicyError for an unknown one, with the nearest there is."""
        if policy_id not in self.by_id:
            raise PolicyError(unknown(policy_id, self.by_id, "policy", " in policies.yaml"))
        return self.by_id[policy_id]

    def of_harm(self, harm: Harm) -> Policy | None:
        """The policy of a harm; None for monitoring_gap, under which nothing is enforced."""
        return self.by_harm.get(harm)
