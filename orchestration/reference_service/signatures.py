"""Whether a request comes from who has the secret, and from now."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from orchestration.reference_service.errors import RefusedError

SKEW = timedelta(minutes=5)
LONGEST = 12  # digits of a time


def verify(
    secret: bytes,
    headers: Mapping[str, str],
    *,
    method: str,
    path: str,
    body: bytes,
    now: datetime,
) -> None:
    """Raise RefusedError unless it is signed with the secret, at most five minutes from `now`.

    `path` and `body` are as they came, byte for byte.
    """
    found = {name.lower(): value for name, value in headers.items()}
    stamp, given = found.get("watchfloor-timestamp", ""), found.get("watchfloor-signature", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= LONGEST and given):
        raise RefusedError(401, "unsigned", "Wanted both headers of a signature.")
    head = f"{stamp}\n{method}\n{path}\n".encode()
    wanted = "v1=" + hmac.new(secret, head + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise RefusedError(401, "wrong_signature", "Signed with another secret, or changed since.")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > SKEW:
        sent = datetime.fromtimestamp(int(stamp), UTC)
        raise RefusedError(
            401,
            "clock_skew",
            f"The request is of {sent:%Y-%m-%d %H:%M:%SZ}, and it is {now:%Y-%m-%d %H:%M:%SZ} "
            "here; wanted at most 5 minutes between. Set both clocks.",
        )
