"""The second notifier, for what the first does not take: e-mail, or a webhook that takes JSON."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from orchestration.outbox import mail, webhook
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Deliver, Describe, Result
from orchestration.outbox.work import Work

NEAR = ("127.0.0.1", "::1", "localhost")
WANTED = (
    "wanted smtp://host:port?to=address with starttls=1, or smtps://, or https://. "
    "Set WATCHFLOOR_FALLBACK"
)
WEBHOOK_CANNOT = (
    "The second notifier is a webhook. Its messages cannot be changed later and have no buttons: "
    "each notice is a message of its own, and acks are given by `watchfloor alerts ack`."
)
MAIL_CANNOT = (
    "The second notifier is e-mail. Its messages cannot be changed later and have no buttons: "
    "acks are given by `watchfloor alerts ack`."
)
Send = Callable[[str, str], Result]  # id and text of a message


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Sends the text of a message, and no more of it."""

    send: Send = field(repr=False)
    describe: Describe

    def __call__(self, work: Work, seen: Progress) -> Result:
        """What came of it. One that may have arrived is sent again, with the same id."""
        del seen
        return self.send(work.outbox_id, self.describe(work))


def second_notifier(url: str, describe: Describe) -> Deliver:
    """Who sends elsewhere, by its URL; OutboxError, without the URL, if it cannot be used.

    `describe` gives the text, of ids and counts.
    """
    return _Elsewhere(text_sender(url), describe)


def cannot(url: str) -> str:
    """What people give up with this second notifier, in a sentence; OutboxError as above."""
    text_sender(url)
    return MAIL_CANNOT if url.startswith("smtp") else WEBHOOK_CANNOT


def text_sender(url: str) -> Send:
    """What sends a text elsewhere, by its URL; OutboxError, without the URL, if it cannot be used.

    It takes the text's id, by which one that arrives twice is known, and the text.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboxError(f"The second notifier's URL cannot be read; {WANTED}.") from error
    host = parts.hostname
    near = host in NEAR
    if not host or parts.scheme not in ("smtp", "smtps", "http", "https"):
        raise OutboxError(f"The second notifier's URL is of kind '{parts.scheme}'; {WANTED}.")
    if parts.scheme in ("http", "https"):
        if parts.scheme == "http" and not near:
            raise OutboxError(f"The second notifier's URL is not encrypted; {WANTED}.")
        if parts.username or parts.password:
            raise OutboxError("The webhook's URL holds a password; wanted it in the path or query.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return webhook.Webhook(host, port, path, tls=_tls(parts.scheme == "https"))
    asked = parse_qs(parts.query)
    to, sender = _address(asked, "to"), _address(asked, "from")
    if not to:
        raise OutboxError(f"The second notifier's URL names nobody to write to; {WANTED}.")
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    starttls = asked.get("starttls", ["0"])[-1] == "1"
    if not (near or starttls or parts.scheme == "smtps"):
        raise OutboxError(f"The second notifier's e-mail is not encrypted; {WANTED}.")
    return mail.Mail(
        host=host,
        port=port,
        to=to,
        sender=sender or to[:1],
        login=login,
        tls=_tls(parts.scheme == "smtps"),
        starttls=_tls(starttls),
    )


def _tls(wanted: bool) -> ssl.SSLContext | None:  # noqa: FBT001 - says whether
    return ssl.create_default_context() if wanted else None


def _address(asked: Mapping[str, list[str]], name: str) -> tuple[str, ...]:
    found = tuple(
        one.strip() for value in asked.get(name, []) for one in value.split(",") if one.strip()
    )
    if not all(one.isprintable() and one.count("@") == 1 and " " not in one for one in found):
        raise OutboxError(f"'{name}' of the second notifier's URL is no address; {WANTED}.")
    return found
