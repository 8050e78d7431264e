"""What policies and the rules of enforcement refuse."""

from collections.abc import Mapping


class PolicyError(ValueError):
    """A policy, rule or notice that cannot be; says what was found, wanted, what to do."""


def refuse(wrong: Mapping[str, bool]) -> None:
    """Raise PolicyError with every text whose condition holds."""
    found = [text for text, holds in wrong.items() if holds]
    if found:
        raise PolicyError(" ".join(found))
