"""Signs requests, so that a service knows who sends them, and when. `docs/executors.md`."""

import hashlib
import hmac
from datetime import datetime
from pathlib import Path

from orchestration.executors.errors import ConfigurationError

TIMESTAMP, SIGNATURE = "Watchfloor-Timestamp", "Watchfloor-Signature"
SHORTEST = 32  # bytes


def signed(secret: bytes, method: str, path: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The two headers for a request that is sent `now`. `path` is as sent, with its query."""
    stamp = str(int(now.timestamp()))
    head = f"{stamp}\n{method}\n{path}\n".encode()
    digest = hmac.new(secret, head + body, hashlib.sha256).hexdigest()
    return {TIMESTAMP: stamp, SIGNATURE: f"v1={digest}"}


def read_secret(path: Path) -> bytes:
    """The secret in a file, without the space around it. Raises ConfigurationError."""
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(
            f"The secret's file cannot be read ({type(error).__name__}). Check its path and owner."
        ) from error
    return checked(secret)


def checked(secret: bytes) -> bytes:
    """The secret, if it is long enough. Raises ConfigurationError."""
    if len(secret) < SHORTEST:
        raise ConfigurationError(
            f"The secret has {len(secret)} bytes; wanted at least {SHORTEST}. "
            "Make one with: openssl rand -hex 32"
        )
    return secret
