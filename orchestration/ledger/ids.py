"""Ids and digests: what the ledger may hold in place of what people wrote."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from monitors.finding_ids import microseconds
from orchestration.ledger.errors import LedgerError

ID = re.compile(r"[A-Za-z0-9_.:/=+-]{1,200}")  # without space or @: no sentence, no address
LONGEST_LINE = 300


def check_id(name: str, value: str) -> str:
    """The value, if it can be an id; LedgerError otherwise, which does not repeat the value."""
    if not ID.fullmatch(value):
        raise LedgerError(
            f"{name} is a text of {len(value)} characters that is no id; wanted 1 to 200 letters, "
            "digits and _ . : / = + -. Give an id or a pseudonym, never what somebody wrote."
        )
    return value


def check_line(name: str, value: str) -> str:
    """The value, if it is one printable line; LedgerError otherwise."""
    if not value.strip() or len(value) > LONGEST_LINE or not value.isprintable():
        raise LedgerError(
            f"{name} has {len(value)} characters; wanted one printable line of 1 to "
            f"{LONGEST_LINE}. Say it in a sentence."
        )
    return value


def check_time(name: str, value: datetime) -> datetime:
    """The time in UTC; LedgerError if it has no zone."""
    if value.tzinfo is None:
        raise LedgerError(f"{name} is {value}, without a zone; wanted UTC. Give `tzinfo`.")
    return value.astimezone(UTC)


def digest_parts(*parts: str | None) -> str:
    """SHA-256 over the length-prefixed UTF-8 of the parts. None differs from an empty text."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = b"" if part is None else b"=" + part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def digest_record(record: Mapping[str, object]) -> str:
    """SHA-256 of a record, whatever the order of its fields; times count as microseconds."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"A digest cannot hold {type(value).__name__}.")
