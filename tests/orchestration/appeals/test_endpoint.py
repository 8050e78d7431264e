import http.client
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestration.appeals.endpoint import LARGEST, PATH, serve
from orchestration.appeals.errors import AppealError
from orchestration.executors.errors import ConfigurationError
from orchestration.executors.signing import signed
from tests.orchestration.appeals.houses import House

SECRET = b"of-the-appeals-of-the-appeals-of-the"
CANARY = "please help me, john@example.org"
Answer = tuple[int, dict[str, Any]]


@contextmanager
def endpoint(house: House) -> Iterator[str]:
    with serve(
        house.engine, secret=SECRET, terms=lambda: house.terms, clock=house.floor.clock
    ) as url:
        yield url


def send(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    path: str = PATH,
    method: str = "POST",
) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def post(house: House, url: str, body: object, *, secret: bytes = SECRET, **by: float) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    now = house.now + timedelta(**by)
    return send(url, raw, signed(secret, "POST", PATH, raw, now=now))


def asked(enforcement_id: str, **more: object) -> dict[str, object]:
    usual = {"product": "chat", "reference": "S-1", "reason": "not_violating"}
    return {**usual, "enforcement_id": enforcement_id, **more}


def test_an_appeal_is_accepted_with_its_id_and_due_date_and_repeated_as_it_is(house: House) -> None:
    (suspended,) = house.done("u1")
    with endpoint(house) as url:
        status, said = post(house, url, asked(suspended))
        again = post(house, url, asked(suspended))
    (row,) = house.table("appeals")
    assert status == 202
    assert (said["appeal"], said["state"]) == (row["appeal_id"], "queued")
    assert (said["due"], said["code"]) == ("2026-03-10T12:00:00+00:00", "accepted")
    assert again == (200, said)


def test_what_cannot_be_heard_is_said_with_its_code(house: House) -> None:
    one, other = house.done("u1", "u2")
    house.floor.reverse(one)
    with endpoint(house) as url:
        assert post(house, url, asked("e-none"))[0] == 404
        status, said = post(house, url, asked(one))
        assert (status, said["error"]) == (422, "already_reversed")
        assert said["appeal"].startswith("appeal_")
        assert post(house, url, asked(one)) == (status, said)
        assert post(house, url, asked(other, reference="S-2"))[0] == 202
        status, said = post(house, url, asked(other, reference="S-3"))
        assert (status, said["error"]) == (409, "already_open")
        assert said["due"] == "2026-03-10T12:00:00+00:00"
        status, said = post(house, url, asked(one, reference="S-2"))
        assert (status, said["error"]) == (409, "reference_reused")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b"\xff", 400, "bad_json"),
        (b"[]", 400, "bad_json"),
        (b"[" * 4000, 400, "bad_json"),
        (b'{"product": "chat", "product": "api"}', 400, "bad_json"),
        ({}, 400, "missing_field"),
        (asked("e-1", text=CANARY), 400, "unknown_field"),
        ({**asked("e-1"), CANARY: 1}, 400, "unknown_field"),
        (asked("e-1", reason=CANARY), 400, "bad_reason"),
        (asked("e-1", reason="i_was_hacked"), 400, "bad_reason"),
        (asked("e-1", reference=CANARY), 400, "bad_reference"),
        (asked("e-1", reference=7), 400, "bad_reference"),
        (asked("e-1", reference=""), 400, "bad_reference"),
        (asked("e-1", product=None), 400, "bad_product"),
        (asked(CANARY), 400, "bad_enforcement_id"),
        (b"x" * (LARGEST + 1), 413, "too_large"),
    ],
)
def test_what_is_no_code_or_id_is_refused_and_nowhere_repeated(
    house: House,
    caplog: pytest.LogCaptureFixture,
    body: object,
    status: int,
    code: str,
) -> None:
    with caplog.at_level(logging.DEBUG), endpoint(house) as url:
        found, said = post(house, url, body)
    assert (found, said["error"]) == (status, code)
    assert "john" not in json.dumps(said) + caplog.text
    assert house.table("appeals") == []


def test_unknown_fields_are_named_and_told_where_text_stays(house: House) -> None:
    with endpoint(house) as url:
        said = post(house, url, asked("e-1", text="x", mail="y"))[1]["message"]
    assert said.startswith("There is no field 'mail', 'text'; wanted product, reference,")
    assert "stays in the support system" in said


def test_only_who_has_the_secret_is_heard(house: House) -> None:
    (suspended,) = house.done("u1")
    raw = json.dumps(asked(suspended)).encode()
    good = signed(SECRET, "POST", PATH, raw, now=house.now)
    with endpoint(house) as url:
        assert send(url, raw, {})[1]["error"] == "unsigned"
        assert send(url, raw + b" ", good)[1]["error"] == "wrong_signature"
        status, said = post(house, url, asked(suspended), secret=SECRET[::-1])
        assert (status, said["error"]) == (401, "wrong_signature")
        for minutes in (-6, 6):
            assert post(house, url, asked(suspended), minutes=minutes)[1]["error"] == "clock_skew"
        for stamp in ("", "-1", "1e3", "9" * 40, "٣"):
            headers = {"Watchfloor-Signature": good["Watchfloor-Signature"]}
            sent = {**headers, "Watchfloor-Timestamp": stamp.encode().decode("latin-1")}
            assert send(url, raw, sent)[1]["error"] == "unsigned"
        assert house.table("appeals") == []
        assert post(house, url, asked(suspended), minutes=5)[0] == 202


def test_other_methods_and_paths_are_none(house: House) -> None:
    with endpoint(house) as url:
        assert send(url, b"", {}, method="GET")[0] == 405
        assert send(url, b"", {}, method="GET", path="/")[0] == 404
        assert send(url, b"{}", {}, path="/appeals/1")[1]["error"] == "unknown_path"
        assert send(url, b"{}", {"Content-Length": "x"})[0] == 411


def test_two_posts_of_one_reference_at_once_are_one_appeal(house: House) -> None:
    (suspended,) = house.done("u1")
    found: list[int] = []
    with endpoint(house) as url:
        threads = [
            threading.Thread(target=lambda: found.append(post(house, url, asked(suspended))[0]))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == [200] * 5 + [202]
    assert len(house.table("appeals")) == 1


def test_after_a_fault_of_ours_the_request_may_come_again(house: House) -> None:
    (suspended,) = house.done("u1")
    with endpoint(house) as url:
        house.floor.terms, kept = None, house.floor.terms  # type: ignore[assignment]
        status, said = post(house, url, asked(suspended))
        assert (status, said["error"]) == (500, "internal")
        house.floor.terms = kept
        assert post(house, url, asked(suspended))[0] == 202


def test_a_short_secret_and_a_taken_port_are_refused(house: House) -> None:
    given = {"terms": lambda: house.terms, "clock": house.floor.clock}
    with pytest.raises(ConfigurationError), serve(house.engine, secret=b"short", **given):
        pass
    with (
        endpoint(house) as url,
        pytest.raises(AppealError, match="cannot be had"),
        serve(house.engine, secret=SECRET, port=urlsplit(url).port or 0, **given),
    ):
        pass
