"""`watchfloor appeals`, from the support path to the restored account, and over HTTP."""

import http.client
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

from orchestration.executors.signing import signed
from tests.orchestration.cli.cases.bench import Bench
from tests.orchestration.cli.conftest import REPOSITORY
from tests.orchestration.reference_service.services import SECRET, Client

PATH = "/appeals"


def suspended(bench: Bench, service: Client) -> str:
    """Ann is suspended by otter-2's decision and crane-6's yes; the id of that."""
    bench.live(service)
    bench.decided("ann")
    bench.be("crane-6")
    bench.ask("enforcement", "run")
    (row,) = bench.ask("enforcement", "list")
    bench.ask("enforcement", "approve", row["enforcement_id"], "--reason", "looked", "--yes")
    bench.ask("enforcement", "run")
    return str(row["enforcement_id"])


def access(service: Client, account: str) -> object:
    found = service.ask("GET", f"/v1/targets/account_id/{account}")[1]
    return found["fields"]["access"]["value"]


def test_who_is_right_is_restored_by_another_reviewer(bench: Bench, service: Client) -> None:
    enforcement_id = suspended(bench, service)
    receive = ("appeals", "receive", "web", "S-1", "--reason", "not_violating")
    bench.be("otter-2")
    made = bench.one(*receive, "--enforcement", enforcement_id)
    assert (made["state"], made["code"], made["repeated"]) == ("queued", "accepted", False)
    again = bench.one(*receive, "--enforcement", enforcement_id)
    assert (again["appeal_id"], again["repeated"]) == (made["appeal_id"], True)
    assert "No appeal waits that otter-2" in bench.refused("appeals", "next", code=3)
    (row,) = bench.ask("appeals", "list")
    assert (row["reviewers"], row["breached"], row["held_by"]) == (2, False, None)
    bench.be("wren-5")
    shown = bench.ask("appeals", "next")
    assert shown["appeal"][0]["held_by"] == "wren-5"
    assert shown["against"][0]["case_id"] == bench.case_of("ann").case_id
    bench.ask("appeals", "release", made["appeal_id"])
    bench.be("heron-7")
    bench.ask("appeals", "next")
    assert "rationale for overturned" in bench.refused(
        "appeals", "decide", made["appeal_id"], "overturned", "--rationale", "too_severe"
    )
    done = bench.one(
        "appeals", "decide", made["appeal_id"][:14], "overturned", "--rationale", "no_violation"
    )
    assert (done["state"], done["labels"], done["by_people"]) == ("overturned", 1, False)
    bench.be("crane-6")
    ran = bench.one("enforcement", "run")
    assert (ran["restored"], ran["to_undo"]) == (1, 0)
    assert access(service, "ann") == "active"
    (row,) = bench.ask("appeals", "list", "--state", "notified")
    assert row["outcome"] == "overturned"
    assert bench.ask("appeals", "list") == []
    assert bench.is_sound()


def test_what_cannot_be_heard_and_what_is_withdrawn(bench: Bench, service: Client) -> None:
    enforcement_id = suspended(bench, service)
    bench.be("otter-2")
    about = ("--reason", "not_me", "--enforcement")
    unknown = bench.run("appeals", "receive", "web", "S-1", *about, "nosuch")
    assert (unknown.exit_code, "has no such enforcement" in unknown.stderr) == (1, True)
    assert "no id of 1 to 100" in bench.refused("appeals", "receive", "web", "a b", *about, "x")
    assert "Wanted either" in bench.refused("appeals", "receive", "web", "S-1", "--reason", "other")
    entity = ("--entity", "account_id=ann", "--reason", "other")
    made = bench.one("appeals", "receive", "web", "S-2", *entity)
    assert bench.ask("appeals", "show", made["appeal_id"])["against"][0]["enforcement_id"] == (
        enforcement_id
    )
    assert bench.one("appeals", "withdraw", made["appeal_id"])["state"] == "withdrawn"
    late = ("appeals", "decide", made["appeal_id"], "upheld", "--rationale", "violation_confirmed")
    assert "wanted one that otter-2 has in review" in bench.refused(*late)
    bench.be("finch-1")
    assert "none of which may 'decide_appeal'" in bench.refused(*late)
    assert "none of which may 'receive_appeal'" in bench.refused(
        "appeals", "receive", "web", "S-3", *entity
    )


def test_listens_to_a_products_support_path(bench: Bench, service: Client) -> None:
    enforcement_id = suspended(bench, service)
    command = [sys.executable, "-m", "orchestration.cli.main", "appeals", "listen", "--port", "0"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line.startswith("Appeals are taken at http://127.0.0.1:")
            place = urlsplit(line.split()[-1].removesuffix(PATH + ".")).netloc
            asked = {"product": "web", "reference": "S-1", "enforcement_id": enforcement_id}
            assert post(place, {**asked, "reason": "not_me"}) == (202, "accepted")
            assert post(place, {**asked, "reason": "not_me"}) == (200, "accepted")
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
    (row,) = bench.ask("appeals", "list")
    assert (row["reference"], row["state"]) == ("S-1", "queued")


def test_listens_with_a_secret_only(bench: Bench) -> None:
    assert "WATCHFLOOR_SERVICE_SECRET is not set" in bench.refused("appeals", "listen")


def post(place: str, asked: dict[str, str]) -> tuple[int, str]:
    body = json.dumps(asked).encode()
    headers = signed(SECRET, "POST", PATH, body, now=datetime.now(UTC))
    connection = http.client.HTTPConnection(place, timeout=30)
    try:
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())["code"]
    finally:
        connection.close()
