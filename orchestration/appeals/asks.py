"""Requests of a product's support path: who sent them, and what they ask. Pure.

An error names the field and what was wanted, never what was found: it may be what somebody wrote.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.appeals.codes import Reason
from orchestration.executors.signing import SIGNATURE, TIMESTAMP, signed

SKEW = timedelta(minutes=5)
DIGITS = 11  # of a time in seconds; with more it could be beyond the last year there is
FIELDS = ("product", "reference", "enforcement_id", "reason")
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
KINDS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "product": (re.compile(r"[a-z0-9_-]{1,80}"), "a product's id"),
    "reference": (
        re.compile(r"[A-Za-z0-9_.:/=+-]{1,100}"),
        "an id of 1 to 100 letters, digits and _ . : / = + - of your own",
    ),
    "enforcement_id": (re.compile(r"[A-Za-z0-9_.:-]{1,200}"), "the reference of the notice"),
    "reason": (re.compile("|".join(Reason)), f"one of {', '.join(Reason)}"),
}
TEXT = "What people wrote stays in the support system, under the reference."


class AskError(ValueError):
    """A request that is not taken, with its HTTP status and a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """An appeal as a product hands it on."""

    product: str
    reference: str
    enforcement_id: str
    reason: str


def verify(
    secret: bytes, headers: Mapping[str, str], body: bytes, *, path: str, now: datetime
) -> None:
    """Raise AskError unless a POST is signed as `executors.signing` does, within five minutes."""
    found = {name.lower(): value for name, value in headers.items()}
    stamp, given = found.get(TIMESTAMP.lower(), ""), found.get(SIGNATURE.lower(), "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= DIGITS and given):
        raise AskError(401, "unsigned", f"Wanted the headers {TIMESTAMP} and {SIGNATURE}.")
    sent = datetime.fromtimestamp(int(stamp), UTC)
    wanted = signed(secret, "POST", path, body, now=sent)[SIGNATURE]
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise AskError(401, "wrong_signature", "Signed with another secret, or changed since.")
    if abs(now - sent) > SKEW:
        raise AskError(
            401,
            "clock_skew",
            f"The request is of {sent:%Y-%m-%d %H:%M:%SZ}, and it is {now:%Y-%m-%d %H:%M:%SZ} "
            "here; wanted at most 5 minutes between. Set both clocks.",
        )


def parse(body: bytes) -> Asked:
    """What is asked. Raises AskError."""
    found = _object(body)
    strange = [name for name in found if name not in FIELDS]
    if strange:
        named = sorted(name for name in strange if NAME.fullmatch(name))
        said = ", ".join(f"'{name}'" for name in named) or "one that is no name"
        raise AskError(
            400, "unknown_field", f"There is no field {said}; wanted {', '.join(FIELDS)}. {TEXT}"
        )
    missing = [name for name in FIELDS if name not in found]
    if missing:
        raise AskError(400, "missing_field", f"Without {', '.join(missing)}; wanted all four.")
    for name, (pattern, wanted) in KINDS.items():
        value = found[name]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise AskError(400, f"bad_{name}", f"The field '{name}' is not {wanted}. {TEXT}")
    return Asked(**found)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AskError(400, "bad_json", "The body is no JSON object with each field once.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. ValueError for a field that is there twice: nobody could say which counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A field is there twice.")
    return found
