"""Names for entities that may be shown in the UI, logs and messages: keyed, never reversible."""

import hashlib
import hmac
import secrets
import uuid
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
SHOWN = 12  # hex digits, 48 bits: among a million entities a clash has a chance of 1 in 560


def read_key(home: Path) -> bytes:
    """The installation's key, made on first use, readable by its owner alone."""
    path = home / "keys" / "pseudonyms"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(KEY_BYTES))
        # A link, unlike a rename, is refused when another process was first: its key is the key.
        with suppress(FileExistsError):
            path.hardlink_to(made)
        made.unlink()
    return path.read_bytes()


def pseudonym(key: bytes, entity_type: str, entity: str) -> str:
    """A short name such as `ip_7f3a09c2e1`, the same for one entity as long as the key lives."""
    text = f"{len(entity_type)}:{entity_type}{entity}".encode()
    digest = hmac.new(key, text, hashlib.sha256).hexdigest()[:SHOWN]
    return f"{entity_type.removesuffix('_id')}_{digest}"
