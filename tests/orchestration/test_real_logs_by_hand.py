"""The logs themselves, counted without Watchfloor: what docs/findings checks the monitors by."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
AUTH_LOG = ROOT.parent / "shared/data/linux_auth_log/Linux_2k.log"
REQUEST = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d+)')
DOOR = re.compile(r"wp-login|wp-admin|/administrator|/admin\.php|fckeditor", re.IGNORECASE)


@pytest.fixture(scope="module")
def requests() -> list[tuple[str, ...]]:
    """Address, time, method, path and status of every request that has them."""
    with gzip.open(SAMPLES / "web_access_log.gz", "rt", encoding="utf-8") as lines:
        found = (REQUEST.match(line) for line in lines)
        return [match.groups() for match in found if match]


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    with gzip.open(SAMPLES / "cloudtrail.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def system_log() -> list[str]:
    if not AUTH_LOG.exists():
        pytest.skip("the licence of this log keeps it out of here")
    return AUTH_LOG.read_text(encoding="utf-8").splitlines()


def test_doors_that_35_addresses_tried(requests: list[tuple[str, ...]]) -> None:
    tried = [r for r in requests if DOOR.search(r[3])]
    each = Counter(address for address, *_ in tried)
    assert (len(tried), len(each)) == (53, 35)
    assert Counter(each.values()) == {1: 27, 2: 3, 3: 4, 8: 1}
    assert {status for *_, status in tried} == {"404"}
    most = [r for r in requests if r[0] == each.most_common(1)[0][0]]
    assert (len(most), Counter(r[2] for r in most)["HEAD"]) == (9, 8)


def test_two_addresses_asked_for_the_same_41(requests: list[tuple[str, ...]]) -> None:
    n = Counter(address for address, *_ in requests)
    doors = {r[0] for r in requests if r[3] == "/administrator/index.php"}
    first, second = (sorted(r[3] for r in requests if r[0] == address) for address in doors)
    assert sorted(n[address] for address in doors) == [41, 41]
    assert first == second


def tool(call: dict[str, Any]) -> str:
    """Who called: the attack tool, the infrastructure tool that it also runs, or another."""
    agent = call.get("userAgent") or ""
    if "Terraform" in agent:
        return "infrastructure"
    return "attack" if agent.startswith("stratus-red-team") else "other"


def made(calls: list[dict[str, Any]], *names: str) -> Counter[str]:
    return Counter(tool(call) for call in calls if call["eventName"] in names)


def test_what_the_attack_tool_did_and_what_the_infrastructure_tool(
    calls: list[dict[str, Any]],
) -> None:
    keys = {call["userIdentity"].get("accessKeyId") for call in calls} - {None, ""}
    assert len(keys) == 133
    assert made(calls, "GetSecretValue") == {"attack": 20, "infrastructure": 40}
    assert made(calls, "GetPasswordData") == {"attack": 29}
    minted = ("CreateUser", "CreateAccessKey", "CreateLoginProfile", "AttachUserPolicy")
    assert made(calls, *minted, "UpdateAssumeRolePolicy") == {"attack": 7, "infrastructure": 4}
    assert made(calls, "CreateUser") == {"attack": 1, "infrastructure": 3}
    hidden = ("StopLogging", "DeleteTrail", "PutEventSelectors", "DeleteFlowLogs")
    assert made(calls, *hidden) == {"attack": 7, "infrastructure": 2}
    assert len({c["sourceIPAddress"] for c in calls if c["eventName"] == "CreateUser"}) == 1


def test_sessions_of_one_account_and_guesses(system_log: list[str]) -> None:
    failed = [line for line in system_log if "sshd" in line and "authentication failure" in line]
    hosts = Counter(re.findall(r"rhost=(\S+)", "\n".join(failed)))
    assert (len(failed), len(hosts)) == (489, 47)
    numbers = {host: n for host, n in hosts.items() if re.fullmatch(r"[\d.]+", host)}
    assert (len(numbers), sum(numbers.values())) == (27, 300)
    opened = [line for line in system_log if "sshd" in line and "session opened" in line]
    assert {line.split("for user ")[1].split()[0] for line in opened} == {"test"}
    days = Counter(line[:6] for line in opened)
    assert (len(opened), len(days)) == (36, 6)
    assert max(Counter(line[:15] for line in opened).values()) == 10
    met = [line for line in system_log if "ftpd" in line and "connection from" in line]
    assert (len(met), max(Counter(line.split("from ")[1].split()[0] for line in met).values())) == (
        909,
        46,
    )
