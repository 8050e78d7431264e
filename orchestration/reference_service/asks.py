"""What requests ask for, read from their bodies. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestration.reference_service.errors import malformed

KEY = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Spot:
    """A field of a target."""

    target_type: str
    target: str = field(repr=False)
    field: str


@dataclass(frozen=True, slots=True)
class Application:
    """Set a field. `value` is a JSON text, `until` None for ever; `digest` is of the whole body."""

    key: str
    spot: Spot
    value: str
    until: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class Restoration:
    """Give back what the application `of` replaced."""

    key: str
    spot: Spot
    of: str
    prior: str
    digest: str


@dataclass(frozen=True, slots=True)
class Target:
    """A target with all its fields, as JSON texts."""

    target_type: str
    target: str = field(repr=False)
    fields: Mapping[str, str]


def application(body: bytes, key: str) -> Application:
    """Raises RefusedError, as all here do."""
    found = _object(body)
    _text(found, "action", NAME)
    until = found.get("until")
    end = None if until is None else _time(until)
    return Application(
        _same(found, "key", key), _spot(found), _value(found, "value"), end, _digest(body)
    )


def restoration(body: bytes, key: str, of: str) -> Restoration:
    """A restoration of what the path says."""
    found = _object(body)
    _same(found, "of", of)
    return Restoration(
        _same(found, "key", key), _spot(found), of, _value(found, "prior"), _digest(body)
    )


def notice(body: bytes, key: str) -> tuple[str, str, str, str]:
    """Id, target type and target of a notice, and the digest of its body."""
    found = _object(body)
    if not isinstance(found.get("text"), dict):
        raise malformed("text", "the parts of the message by name")
    target_type, target = _text(found, "target_type", NAME), _text(found, "target")
    return _same(found, "id", key), target_type, target, _digest(body)


def targets(body: bytes) -> list[Target]:
    """Targets to set up: `{"targets": [{"target_type": …, "target": …, "fields": {…}}]}`."""
    listed = _object(body).get("targets")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise malformed("targets", "a list of objects")
    return [_target(one) for one in listed]


def canonical(text: str) -> str:
    """The one spelling of a JSON text; ValueError if it is none."""
    try:
        return _spelt(json.loads(text))
    except RecursionError as error:
        raise ValueError("It is too deep.") from error


def _target(found: dict[str, Any]) -> Target:
    values = found.get("fields")
    if not isinstance(values, dict) or not all(NAME.fullmatch(name) for name in values):
        raise malformed("fields", "values by the name of their field")
    try:
        spelt = {name: _spelt(value) for name, value in values.items()}
    except (ValueError, RecursionError):
        raise malformed("fields", "values that are JSON") from None
    return Target(_text(found, "target_type", NAME), _text(found, "target"), spelt)


def _spot(found: dict[str, Any]) -> Spot:
    kind, name = _text(found, "target_type", NAME), _text(found, "action_class", NAME)
    return Spot(kind, _text(found, "target"), name)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise malformed("body", "a JSON object")
    return found


def _same(found: dict[str, Any], name: str, wanted: str) -> str:
    """The part, which must say what the header or the path says."""
    if _text(found, name, KEY) != wanted:
        raise malformed(name, "the same as in the header Idempotency-Key and the path")
    return wanted


def _text(found: dict[str, Any], name: str, pattern: re.Pattern[str] | None = None) -> str:
    text = found.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
        raise malformed(name, f"a text of 1 to {LONGEST} characters")
    if pattern and not pattern.fullmatch(text):
        raise malformed(name, f"a text such as {pattern.pattern}")
    return text


def _value(found: dict[str, Any], name: str) -> str:
    text = found.get(name)
    try:
        return canonical(text if isinstance(text, str) else "")
    except ValueError:
        raise malformed(name, "a JSON text within a text") from None


def _time(text: object) -> datetime:
    try:
        found = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        found = datetime.min  # noqa: DTZ901 - has no zone, and is refused for it
    if found.tzinfo is None:
        raise malformed("until", "a time in ISO 8601 with its zone, or null")
    return found.astimezone(UTC)


def _spelt(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
