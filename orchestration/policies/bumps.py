"""Changes of policies between two files: which are allowed, and who must learn them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from orchestration.policies.errors import PolicyError
from orchestration.policies.policy import Policies, Policy


@dataclass(frozen=True, slots=True)
class Bump:
    """A policy whose version changed; null `before` is a new policy, null `after` one gone."""

    policy: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Recertification:
    """What one reviewer has to learn and prove before deciding under it."""

    person: str
    policy: str
    version: int


def changed(before: Policies, after: Policies) -> list[Bump]:
    """Every policy that is new, gone or of another version, in order of id."""
    ids = sorted(before.by_id.keys() | after.by_id.keys())
    pairs = [(policy, _version(before, policy), _version(after, policy)) for policy in ids]
    return [Bump(policy, old, new) for policy, old, new in pairs if old != new]


def check_bump(before: Policies, after: Policies) -> None:
    """Raise PolicyError where `after` says something else under a version already in force.

    Decisions pin a version, so its words must not change; only the playbook may. `before` is the
    last file in force. A version that goes back would give two texts one number.
    """
    found = []
    for new in after.items:
        old = before.by_id.get(new.id)
        if old is None:
            continue
        if new.version < old.version:
            found.append(
                f"Policy '{new.id}' is version {new.version}, but {old.version} is in force; "
                f"write {old.version + 1}."
            )
        elif new.version == old.version and _pinned(new) != _pinned(old):
            parts = ", ".join(_differing(old, new))
            found.append(
                f"Policy '{new.id}' changed ({parts}) but is still version {old.version}, which "
                f"decisions cite; write version {old.version + 1}."
            )
    if found:
        raise PolicyError("\n".join(found))


def recertifications(
    before: Policies, after: Policies, reviewers: Mapping[str, Collection[str]]
) -> list[Recertification]:
    """Who must recertify in what, in order of person and policy.

    `reviewers` are people's ids with the ids of the policies under which each decides. A policy
    that is gone asks nothing of anybody.
    """
    return [
        Recertification(person, bump.policy, bump.after)
        for person, policies in sorted(reviewers.items())
        for bump in changed(before, after)
        if bump.after is not None and bump.policy in policies
    ]


def _version(policies: Policies, policy_id: str) -> int | None:
    policy = policies.by_id.get(policy_id)
    return policy.version if policy else None


def _pinned(policy: Policy) -> Policy:
    """All that a decision under this version relies on."""
    return replace(policy, playbook="")


def _differing(old: Policy, new: Policy) -> list[str]:
    names = [name for name in Policy.__dataclass_fields__ if name != "playbook"]
    return [name for name in names if getattr(old, name) != getattr(new, name)]
