"""A webhook: one POST of `{"text": …}`."""

import http.client
import json
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from orchestration.outbox.results import Busy, Down, Refused, Result, Sent

TIMEOUT = 8  # seconds for each answer
PAUSE = 60  # seconds, where the answer does not say how many
REDIRECT = 300


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to post; without `tls` only to this machine. Redirects are refused."""

    host: str
    port: int | None
    path: str = field(repr=False)
    tls: ssl.SSLContext | None

    def __call__(self, message_id: str, text: str) -> Result:
        """Post one message."""
        connection = self._connection()
        try:
            try:
                connection.connect()
            except OSError as error:
                return Down(type(error).__name__, unknown=False)
            return self._post(connection, message_id, text)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=TIMEOUT, context=self.tls
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)

    def _post(self, connection: http.client.HTTPConnection, message_id: str, text: str) -> Result:
        headers = {"Content-Type": "application/json", "Idempotency-Key": message_id}
        try:
            connection.request("POST", self.path, json.dumps({"text": text}), headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            return Down(type(error).__name__, unknown=True)
        return _meaning(answer.status, answer.headers.get("Retry-After", ""))


def _meaning(status: int, retry_after: str) -> Result:
    code = f"http_{status}"
    if status < REDIRECT:
        return Sent()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else PAUSE  # noqa: PLR2004 - a day
        return Busy(timedelta(seconds=seconds))
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT:
        return Refused(code)
    return Down(code, unknown=True)
