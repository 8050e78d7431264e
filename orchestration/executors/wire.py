"""Orders as bodies of requests, and answers as receipts. Pure.

Of what a service says, only codes, ids and values of the expected shape go any further.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, timedelta
from http import HTTPStatus
from typing import Any, get_args

from orchestration.executors.errors import Refused, Slow, Unclear
from orchestration.executors.protocol import KEY, LONGEST_VALUE, Notice, Order, Outcome, Receipt

CODE = re.compile(r"[a-z][a-z0-9_]{0,60}")
OUTCOMES = frozenset(get_args(Outcome))
OK, BAD, FAILED = 200, 400, 500
UNKNOWN_KEY = "unknown_key"
PAUSE = timedelta(seconds=60)  # where an answer does not say how long
LONGEST_PAUSE = timedelta(days=1)
ADVICE = {
    "unknown_target": "It knows no such target; check the type, and how the events name its ids.",
    "unknown_action": "Its target has no such field; check action_class in enforcement.yaml.",
    "already_over": "The end of the order had passed when it came; plan it again if still wanted.",
    "key_reused": "The key stands for another order there; give this order a key of its own.",
    "unknown_application": "It never did what is to be undone; see that it is the same service.",
    "prior_differs": "Its record of the prior value is another; compare both by hand.",
    "wrong_signature": "See that both have one secret, and that no proxy rewrites the path.",
    "clock_skew": "Its clock and ours are over five minutes apart; set both by NTP.",
}


class NotAdmitted(Refused):
    """Refused before the service looked at the key: it says nothing about an earlier try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, body, and the headers that count."""

    status: int
    body: bytes
    retry_after: str = ""
    date: str = ""


def order_body(order: Order) -> bytes:
    """An application; the same order is always the same bytes."""
    until = order.until.astimezone(UTC).isoformat() if order.until else None
    return _bytes({**_target(order), "action": order.action, "value": order.value, "until": until})


def restore_body(order: Order, of: str, prior: str) -> bytes:
    """A restoration of what `of` did."""
    return _bytes({**_target(order), "of": of, "prior": prior})


def notice_body(notice: Notice) -> bytes:
    """A notice to a user."""
    where = {"target_type": notice.target_type, "target": notice.target}
    return _bytes({"id": notice.id, **where, "text": dict(notice.text)})


def checked(answer: Answer) -> Answer:
    """The answer, if it is a yes. Raises Refused, Slow, or Unclear."""
    if answer.status == OK:
        return answer
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Slow(_pause(answer.retry_after))
    code = _code(answer.body)
    if not BAD <= answer.status < FAILED or answer.status == HTTPStatus.REQUEST_TIMEOUT or not code:
        raise Unclear(
            f"The service answered {answer.status}, which says neither yes nor no. See its log; "
            "ask what became of the order before anything else is done."
        )
    advice = ADVICE.get(code, "See the service's own documentation for this code.")
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        clocks = f" It said {answer.date}." if code == "clock_skew" else ""
        raise NotAdmitted(code, advice + clocks)
    raise Refused(code, advice)


def receipt_of(answer: Answer, key: str, outcomes: Collection[Outcome]) -> Receipt:
    """The receipt in an answer that is a yes. Raises Unclear if it is not of our shape."""
    found = _object(answer.body)
    wrong = _wrong(found, key, outcomes)
    if wrong:
        raise Unclear(
            f"The service's receipt has no usable '{wrong}'. It may have acted: mend the service "
            "(docs/executors.md), then ask again."
        )
    return Receipt(key, found["outcome"], found["receipt"], found.get("prior"), found.get("now"))


def _wrong(found: dict[str, Any], key: str, outcomes: Collection[Outcome]) -> str:
    """Name of the first part that is not as it should be; empty if all are."""
    if found.get("key") != key:
        return "key"
    outcome, receipt, prior = (found.get(name) for name in ("outcome", "receipt", "prior"))
    if not isinstance(outcome, str) or outcome not in outcomes:
        return "outcome"
    if not isinstance(receipt, str) or not KEY.fullmatch(receipt):
        return "receipt"
    needed = outcome in ("applied", "already")
    if not _is_value(prior) and (needed or prior is not None):
        return "prior"
    return "" if found.get("now") is None or _is_value(found["now"]) else "now"


def _is_value(text: object) -> bool:
    if not isinstance(text, str) or len(text) > LONGEST_VALUE:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _target(order: Order) -> dict[str, Any]:
    return {
        "key": order.key,
        "target_type": order.target_type,
        "target": order.target,
        "action_class": order.action_class,
    }


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unclear(
            "The service's answer is no JSON object. It may have acted: see that the address is "
            "the service's own and not a proxy's page, then ask again."
        )
    return found


def _code(body: bytes) -> str:
    """The service's reason; empty if somebody else answered in its place."""
    try:
        code = _object(body).get("error")
    except Unclear:
        return ""
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def _pause(retry_after: str) -> timedelta:
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 7:  # noqa: PLR2004 - over a day
        return min(timedelta(seconds=int(retry_after)), LONGEST_PAUSE)
    return PAUSE
