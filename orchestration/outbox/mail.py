"""E-mail by SMTP."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from orchestration.outbox.results import Down, Refused, Result, Sent

TIMEOUT = 8  # seconds for each answer
SUBJECT = "Watchfloor: notices that Slack did not take"
NAME = "watchfloor"  # how we greet; the machine's own name is nobody's business
FINAL = 500  # answers from here on are refusals


@dataclass(frozen=True, slots=True)
class Mail:
    """A server, and whom to write to through it."""

    host: str
    port: int | None
    to: tuple[str, ...] = field(repr=False)
    sender: tuple[str, ...] = field(repr=False)
    login: tuple[str, str] | None = field(repr=False)
    tls: ssl.SSLContext | None
    starttls: ssl.SSLContext | None

    def __call__(self, message_id: str, text: str) -> Result:
        """Send one message; Refused only if nobody at all was reached."""
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            return _failure(error, unknown=False)
        try:
            self._prepare(server)
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            return _failure(error, unknown=False)
        try:
            server.send_message(self._message(message_id, text), self.sender[0], list(self.to))
        except (OSError, smtplib.SMTPException) as error:
            server.close()
            return _failure(error, unknown=not isinstance(error, smtplib.SMTPResponseException))
        server.close()  # it was taken; a farewell could only fail
        return Sent()

    def _connect(self) -> smtplib.SMTP:
        if self.tls:
            return smtplib.SMTP_SSL(
                self.host, self.port or 465, NAME, timeout=TIMEOUT, context=self.tls
            )
        return smtplib.SMTP(self.host, self.port or 25, NAME, timeout=TIMEOUT)

    def _prepare(self, server: smtplib.SMTP) -> None:
        if self.starttls:
            server.starttls(context=self.starttls)
        if self.login:
            server.login(*self.login)

    def _message(self, message_id: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = SUBJECT
        message["From"] = self.sender[0]
        message["To"] = ", ".join(self.to)
        message["Message-ID"] = f"<{message_id}@{NAME}>"
        message.set_content(text)
        return message


def _failure(error: Exception, *, unknown: bool) -> Result:
    """What a failure means; its text is left out, which may hold addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        code = f"smtp_{max(codes)}"
        return Refused(code) if min(codes) >= FINAL else Down(code, unknown=False)
    if isinstance(error, smtplib.SMTPResponseException):
        code = f"smtp_{error.smtp_code}"
        return Refused(code) if error.smtp_code >= FINAL else Down(code, unknown=False)
    return Down(type(error).__name__, unknown=unknown)
