"""What goes wrong on purpose, by rules or by a seeded schedule; the same each time.

A request meets a fault by its key and by how often the key came before, so that neither threads nor
their order change which.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from orchestration.reference_service.errors import ServiceError

Kind = Literal[
    "hang_after",  # acts, and gives no answer
    "error_before",  # 500, and nothing was done
    "error_after",  # acts, and answers 500
    "busy",  # 429, and nothing was done
    "drop_before",  # cuts the connection, and nothing was done
    "drop_after",  # acts, and cuts the connection
    "duplicate",  # carries out the request twice at once
    "slow",  # waits, acts and answers
    "garbled",  # acts, and answers with something that is no JSON
]
KINDS = get_args(Kind)
ASKS = ("apply", "restore", "find", "notice")


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault of the first `tries` requests of each key; empty `on` and `keys` mean every one."""

    fault: Kind
    on: Sequence[str] = ()
    keys: Sequence[str] = ()
    tries: int = 1


@dataclass(slots=True)
class Faults:
    """The first rule that fits counts, else the schedule.

    `shares` says how often each fault is met, from 0 to 1 in total, by the first `tries` requests
    of each key. `seconds` is how long hanging and slow requests wait, and what a busy one says.
    """

    rules: Sequence[Rule] = ()
    shares: Mapping[Kind, float] = field(default_factory=dict)
    seed: int = 0
    tries: int = 2
    seconds: float = 1.0
    _met: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, on: str, key: str) -> Kind | None:
        """What a request meets; None for nothing."""
        with self._lock:
            self._met[on, key] += 1
            attempt = self._met[on, key]
        for rule in self.rules:
            fits = (not rule.on or on in rule.on) and (not rule.keys or key in rule.keys)
            if fits and attempt <= rule.tries:
                return rule.fault
        return self._scheduled(on, key, attempt) if attempt <= self.tries else None

    def _scheduled(self, on: str, key: str, attempt: int) -> Kind | None:
        digest = hashlib.sha256(f"{self.seed}:{on}:{key}:{attempt}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        for kind, share in self.shares.items():
            if drawn < share:
                return kind
            drawn -= share
        return None


def parse_faults(text: str) -> Faults:
    """Faults from JSON with the parts of `Faults` and `Rule`. Raises ServiceError."""
    try:
        found = json.loads(text)
        rules = [_rule(rule) for rule in found.pop("rules", [])]
        faults = Faults(rules=rules, **found)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ServiceError(
            f"The faults cannot be read ({error}). Wanted JSON with rules, shares, seed, tries, "
            "seconds, as docs/executors.md has them."
        ) from error
    _check(faults.shares.keys() - set(KINDS), KINDS)
    if sum(faults.shares.values()) > 1 or any(share < 0 for share in faults.shares.values()):
        raise ServiceError("The shares of faults are none; wanted 0 to 1, and 1 at most in total.")
    return faults


def _rule(found: dict[str, Any]) -> Rule:
    rule = Rule(**found)
    _check({rule.fault} - set(KINDS), KINDS)
    _check(set(rule.on) - set(ASKS), ASKS)
    return rule


def _check(unknown: set[Any], known: Sequence[str]) -> None:
    if unknown:
        raise ServiceError(f"There is no '{unknown.pop()}' in faults; wanted {', '.join(known)}.")
