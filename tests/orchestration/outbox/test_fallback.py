import json
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import connect
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.fallback import cannot, second_notifier
from orchestration.outbox.progress import Holder, Progress
from orchestration.outbox.results import Busy, Deliver, Down, Refused, Result, Sent
from orchestration.outbox.work import Work, alone
from tests.support.mail_server import MailBox, WebBox, mail_server, web_server
from tests.support.outboxes import Clock, Receiver, after, many, outcomes, put, row, run


@pytest.fixture
def mails() -> Iterator[MailBox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def web() -> Iterator[WebBox]:
    with web_server() as box:
        yield box


def describe(work: Work) -> str:
    return f"{len(work.rows)} of lane {work.lane}"


def sent(send: Deliver) -> Result:
    nowhere = Holder(connect("sqlite:////nowhere/ledger.db"), Clock(), "w1")
    seen = Progress(nowhere, ["o1"], {}, first_try=True)
    return send(alone(row("o1", 1, lane=1)), seen)


def by_mail(box: MailBox, more: str = "") -> Deliver:
    url = f"smtp://127.0.0.1:{box.port}?to=on-call@example.org{more}"
    return second_notifier(url, describe)


def by_web(box: WebBox) -> Deliver:
    return second_notifier(f"http://127.0.0.1:{box.port}/hook?key=k1", describe)


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_an_email_holds_the_text_and_the_id(mails: MailBox) -> None:
    send = by_mail(mails, ",second@example.org&from=watch@example.org")
    assert sent(send) == Sent()
    (mail,) = mails.mails
    assert mail.get_content() == "1 of lane 1\n"
    assert (mail["From"], mail["To"]) == (
        "watch@example.org",
        "on-call@example.org, second@example.org",
    )
    assert mail["Message-ID"] == "<o1@watchfloor>"
    assert mail["Subject"] == "Watchfloor: notices that Slack did not take"
    assert mails.said[0] == "ehlo watchfloor"


def test_who_sends_is_who_is_written_to_unless_told_otherwise(mails: MailBox) -> None:
    assert sent(by_mail(mails)) == Sent()
    assert mails.mails[0]["From"] == "on-call@example.org"


@pytest.mark.parametrize(
    ("verb", "answer", "result"),
    [
        ("RCPT", "550 no such one", Refused("smtp_550")),
        ("RCPT", "450 later", Down("smtp_450", unknown=False)),
        ("MAIL", "530 log in", Refused("smtp_530")),
        ("DATA", "451 later", Down("smtp_451", unknown=False)),
        ("END", "554 no", Refused("smtp_554")),
        ("END", None, Down("SMTPServerDisconnected", unknown=True)),
        ("EHLO", None, Down("SMTPServerDisconnected", unknown=False)),
    ],
)
def test_what_a_mail_server_answers_is_understood(
    mails: MailBox, verb: str, answer: str | None, result: Result
) -> None:
    mails.answers[verb] = answer
    more = "&starttls=1" if verb == "EHLO" else ""
    assert sent(by_mail(mails, more)) == result


def test_an_email_is_never_sent_in_clear_if_it_was_to_be_encrypted(mails: MailBox) -> None:
    result = sent(by_mail(mails, "&starttls=1"))
    assert result == Down("SMTPNotSupportedError", unknown=False)
    assert mails.mails == []


def test_a_server_that_is_away_did_nothing() -> None:
    port = closed_port()
    url = f"smtp://127.0.0.1:{port}?to=on-call@example.org"
    assert sent(second_notifier(url, describe)) == Down("ConnectionRefusedError", unknown=False)
    url = f"http://127.0.0.1:{port}/"
    assert sent(second_notifier(url, describe)) == Down("ConnectionRefusedError", unknown=False)


def test_a_webhook_gets_the_text_and_the_id(web: WebBox) -> None:
    assert sent(by_web(web)) == Sent()
    ((path, headers, body),) = web.got
    assert path == "/hook?key=k1"
    assert (headers["Content-Type"], headers["Idempotency-Key"]) == ("application/json", "o1")
    assert json.loads(body) == {"text": "1 of lane 1"}


@pytest.mark.parametrize(
    ("status", "headers", "result"),
    [
        (204, {}, Sent()),
        (302, {"Location": "/other"}, Refused("http_302")),
        (404, {}, Refused("http_404")),
        (408, {}, Down("http_408", unknown=True)),
        (429, {"Retry-After": "7"}, Busy(timedelta(seconds=7))),
        (429, {"Retry-After": "soon"}, Busy(timedelta(seconds=60))),
        (503, {}, Down("http_503", unknown=True)),
        (0, {}, Down("RemoteDisconnected", unknown=True)),
    ],
)
def test_what_a_webhook_answers_is_understood(
    web: WebBox, status: int, headers: dict[str, str], result: Result
) -> None:
    web.status, web.headers = status, headers
    assert sent(by_web(web)) == result
    assert len(web.got) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/x", "is of kind 'ftp'"),
        ("smtp:///?to=a@b", "is of kind 'smtp'"),
        ("smtp://127.0.0.1:port?to=a@b", "cannot be read"),
        ("smtp://127.0.0.1:25", "names nobody"),
        ("smtp://127.0.0.1:25?to=secret", "'to' of the second notifier's URL is no address"),
        ("smtp://127.0.0.1:25?to=a@secret%0d%0aBcc:x", "is no address"),
        ("smtp://mail.example.org?to=a@b", "e-mail is not encrypted"),
        ("http://example.org/secret", "URL is not encrypted"),
        ("https://me:secret@example.org/", "holds a password"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_not_repeated(url: str, said: str) -> None:
    with pytest.raises(OutboxError, match=said) as raised:
        second_notifier(url, describe)
    assert "secret" not in str(raised.value)
    with pytest.raises(OutboxError):
        cannot(url)


def test_an_encrypted_url_can_be_used_and_is_not_shown() -> None:
    for url in (
        "smtps://me:secret@mail.example.org?to=secret@example.org",
        "smtp://mail.example.org:587?to=secret@example.org&starttls=1",
        "https://hooks.example.org/secret",
    ):
        assert "secret" not in repr(second_notifier(url, describe))


def test_people_are_told_what_a_second_notifier_cannot_do() -> None:
    assert cannot("https://hooks.example.org/x") == (
        "The second notifier is a webhook. Its messages cannot be changed later and have no "
        "buttons: each notice is a message of its own, and acks are given by `watchfloor alerts "
        "ack`."
    )
    assert cannot("smtps://mail.example.org?to=a@b").startswith("The second notifier is e-mail.")


def test_an_outage_is_told_by_email(ledger: Engine, mails: MailBox) -> None:
    put(ledger, row("a", 1, lane=0), *many("bc", lane=1), row("d", 1))
    away = Receiver(lambda _work, _number: Down("timeout", unknown=True))
    for seconds in (0, 300, 610, 615):
        clock = Clock(after(seconds))
        run(ledger, away, clock, seconds=5, fallback=by_mail(mails))
    assert [mail.get_content() for mail in mails.mails] == ["1 of lane 0\n", "2 of lane 1\n"]
    told = {name: outcomes(ledger)[name] for name in "abcd"}
    assert told == {"a": "fallback", "b": "fallback", "c": "fallback", "d": None}
