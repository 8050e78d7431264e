import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "ab04d31cf9d7408d"}
HOUR = timedelta(hours=1)


def signups(n: int, name: str = "a{i}", days: int = 0, **values: object) -> list[Row]:
    defaults: Row = {"account_id": name, "email_domain": "gmail.com"}
    return many(n, at("08:00", days), HOUR, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/signup_ring", "signups", *groups)


def test_fires_at_four_accounts_made_on_one_device() -> None:
    assert score(signups(4, device_id="d")) == {"a0": (4.0, "flagged")}


def test_fires_on_a_chain_of_pairs_that_share_different_things() -> None:
    pairs = [
        signups(1, "a0", device_id="d1"),
        signups(1, "a1", device_id="d1", payment_hash="c1"),
        signups(1, "a2", device_id="d2", payment_hash="c1"),
        signups(1, "a3", device_id="d2", ip="192.0.2.1"),
        signups(1, "a4", device_id="d3", ip="192.0.2.1"),
    ]
    assert score(*pairs) == {"a0": (5.0, "flagged")}


def test_fires_on_members_made_in_the_week_before() -> None:
    assert score(signups(3, "b{i}", -7, device_id="d"), signups(1, device_id="d")) == {
        "b0": (4.0, "flagged")
    }


def test_nearly_fires_at_three() -> None:
    assert score(signups(3, phone_hash="p")) == {"a0": (3.0, "near")}


def test_stays_quiet_on_an_office_with_one_card_and_one_address() -> None:
    office = signups(9, email_domain="firm.example", payment_hash="c", ip="192.0.2.1")
    assert score(office) == {"a0": (1.0, "bulk")}


def test_stays_quiet_on_a_school_and_a_teacher_with_an_address_of_their_own() -> None:
    pupils = signups(12, email_domain="school.example", device_id="tablet")
    teacher = signups(1, "teacher", device_id="tablet")
    assert score(pupils, teacher) == {"a0": (2.0, "bulk")}


def test_stays_quiet_on_a_crowd_behind_one_address() -> None:
    assert score(signups(12, "a{i}", ip="192.0.2.1"), signups(9, "b{i}", ip="192.0.2.1")) == {}


def test_stays_quiet_on_accounts_that_share_a_mail_domain_only() -> None:
    assert score(signups(12)) == {}


def test_addresses_alone_are_not_enough_to_tell() -> None:
    assert score(signups(9, ip="192.0.2.1")) == {"a0": (None, "null")}
    pair = signups(2, "b{i}", ip="192.0.2.1", phone_hash="p")
    assert score(signups(9, ip="192.0.2.1"), pair) == {"a0": (11.0, "flagged")}


def test_a_ring_that_did_not_grow_today_has_no_row() -> None:
    assert score(signups(9, days=-1, device_id="d")) == {}


def test_evidence_lists_the_members() -> None:
    events = {"signups": table("accounts", "signups", signups(4, device_id="d"))}
    monitor = registry().get("accounts/signup_ring")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1))).findings
    assert json.loads(found["evidence"][0])["members"] == ["a0", "a1", "a2", "a3"]
