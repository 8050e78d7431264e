import http.client
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.executors.signing import signed
from tests.orchestration.reference_service.services import (
    CANARY,
    SECRET,
    START,
    Client,
    Clock,
    running,
)

BODY = {
    "key": "k1",
    "target_type": "account",
    "target": "u1",
    "action": "suspend_account",
    "action_class": "access",
    "value": '"suspended"',
    "until": None,
}
KEY = {"Idempotency-Key": "k1"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with running(tmp_path) as found:
        yield found


def test_a_request_as_the_docs_have_it_is_carried_out(client: Client) -> None:
    status, receipt = client.ask("POST", "/v1/actions", BODY, **KEY)
    assert status == 200
    assert receipt.pop("receipt").startswith("r-")
    assert receipt == {
        "key": "k1",
        "outcome": "applied",
        "prior": '"active"',
        "now": '"suspended"',
    }


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"key": "k2"}, "key"),
        ({"key": None}, "key"),
        ({"target": ""}, "target"),
        ({"target": ["u1"]}, "target"),
        ({"target": "x" * 501}, "target"),
        ({"target_type": "Account!"}, "target_type"),
        ({"action_class": None}, "action_class"),
        ({"action": ""}, "action"),
        ({"value": "suspended"}, "value"),
        ({"value": {"a": 1}}, "value"),
        ({"value": "1e400"}, "value"),
        ({"value": "[" * 100_000}, "value"),
        ({"until": "2026-03-02T13:00:00"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"until": 1772452800}, "until"),
    ],
)
def test_a_part_that_cannot_be_read_is_named_and_nothing_is_done(
    client: Client, changed: dict[str, object], part: str
) -> None:
    status, said = client.ask("POST", "/v1/actions", {**BODY, **changed}, **KEY)
    assert (status, said["error"]) == (400, "malformed")
    assert said["message"].startswith(f"'{part}' is not as wanted")
    assert client.effects() == []
    assert client.ask("GET", "/v1/actions/k1")[1]["error"] == "unknown_key"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    for method, path in (("POST", "/v1/actions"), ("PUT", "/v1/targets"), ("POST", "/v1/notices")):
        status, said = client.ask(method, path, body, **KEY)
        assert (status, said["error"]) == (400, "malformed")


@pytest.mark.parametrize(
    "targets",
    [
        {},
        [7],
        [{"target_type": "account", "target": "u2"}],
        [{"target_type": "account", "target": "u2", "fields": {"No!": 1}}],
        [{"target_type": "account", "target": "u2", "fields": {"a": float("inf")}}],
    ],
)
def test_targets_that_cannot_be_set_up_are_refused(client: Client, targets: object) -> None:
    status, said = client.ask("PUT", "/v1/targets", {"targets": targets})
    assert (status, said["error"]) == (400, "malformed")
    assert client.ask("GET", "/v1/targets/account/u2")[1]["error"] == "unknown_target"


def test_a_path_that_there_is_not_is_refused(client: Client) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/v1/actions"),
        ("PUT", "/v1/actions"),
        ("GET", "/v1/log?after=x"),
        ("POST", "/v1/actions/k1/restore/more"),
    ):
        assert client.ask(method, path)[1]["error"] == "unknown_path"


@pytest.mark.parametrize("length", ["-1", "x", "99999999", "9" * 30])
def test_a_length_that_cannot_be_read_is_refused_before_the_body(
    client: Client, length: str
) -> None:
    connection = http.client.HTTPConnection(client.url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/v1/actions")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, b"malformed" in response.read()) == (400, True)
    connection.close()


def test_a_body_that_was_cut_off_is_not_carried_out(client: Client) -> None:
    connection = http.client.HTTPConnection(client.url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/v1/actions")
    connection.putheader("Content-Length", "500")
    connection.endheaders(b'{"key": "k1"')
    connection.close()
    assert client.effects() == []


@pytest.mark.parametrize("part", ["method", "path", "body", "stamp", "signature", "secret"])
def test_a_signature_covers_method_path_body_and_time(client: Client, part: str) -> None:
    method, path, body, secret, now = "POST", "/v1/actions", b"{}", SECRET, START
    method = "PUT" if part == "method" else method
    path = "/v1/notices" if part == "path" else path
    body = b"[]" if part == "body" else body
    secret = b"x" * 40 if part == "secret" else secret
    headers = signed(secret, method, path, body, now=now)
    if part == "stamp":
        headers["Watchfloor-Timestamp"] = "1772452801"
    if part == "signature":
        headers["Watchfloor-Signature"] = "v1=é"
    status, said = client.ask("POST", "/v1/actions", b"{}", **headers)
    assert (status, said["error"]) == (401, "wrong_signature")


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1.5", "\u0661", "9" * 13])
def test_a_time_that_is_none_is_no_signature(client: Client, stamp: str) -> None:
    headers = {"Watchfloor-Timestamp": stamp.encode().decode("latin-1")}
    status, said = client.ask("GET", "/v1/log", **headers)
    assert (status, said["error"]) == (401, "unsigned")


@pytest.mark.parametrize(("seconds", "status"), [(300, 200), (301, 401), (-300, 200), (-301, 401)])
def test_a_signature_holds_for_five_minutes(client: Client, seconds: int, status: int) -> None:
    stale = signed(SECRET, "GET", "/v1/log", b"", now=START + timedelta(seconds=seconds))
    assert client.ask("GET", "/v1/log", **stale)[0] == status


def test_a_clock_that_is_wrong_is_told_both_times(client: Client) -> None:
    stale = signed(SECRET, "GET", "/v1/log", b"", now=START - timedelta(hours=2))
    said = client.ask("GET", "/v1/log", **stale)[1]["message"]
    assert "of 2026-03-02 10:00:00Z, and it is 2026-03-02 12:00:00Z here" in said


def test_no_message_names_a_target(client: Client) -> None:
    body = {**BODY, "target": CANARY}
    for changed in ({}, {"until": CANARY}, {"value": CANARY}, {"target_type": CANARY}):
        said = client.ask("POST", "/v1/actions", {**body, **changed}, **KEY)[1]
        assert "error" in said
        assert CANARY not in str(said)
    assert CANARY not in str(client.ask("GET", f"/v1/targets/account/{CANARY}")[1])


def test_the_log_is_given_page_by_page_in_order(client: Client) -> None:
    rows = [{"target_type": "key", "target": f"k{n}", "fields": {"rate": n}} for n in range(1200)]
    client.ask("PUT", "/v1/targets", {"targets": rows})
    first = client.ask("GET", "/v1/log")[1]["log"]
    rest = client.ask("GET", f"/v1/log?after={first[-1]['seq']}")[1]["log"]
    assert [line["seq"] for line in (*first, *rest)] == list(range(1, 1202))
    assert rest[-1]["after"] == "1199"


def test_the_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    with running(tmp_path, clock=Clock()):
        modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o600}
