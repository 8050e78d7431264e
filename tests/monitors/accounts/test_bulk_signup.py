from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "b46e54d44a98d112"}
MINUTE = timedelta(minutes=1)


def signups(
    n: int, name: str = "a{i}", clock: str = "10:00", every: timedelta = MINUTE, **values: object
) -> list[Row]:
    defaults: Row = {"account_id": name, "email_domain": "mail.example", "asn": 64496}
    return many(n, at(clock), every, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/bulk_signup", "signups", *groups)


def test_fires_at_twenty_accounts_of_one_domain_and_network() -> None:
    assert score(signups(20)) == {"mail.example": (20.0, "flagged")}


def test_fires_when_each_was_invited_by_somebody_else() -> None:
    assert score(signups(20, referrer_id="r{i}")) == {"mail.example": (20.0, "flagged")}


def test_nearly_fires_at_twelve() -> None:
    assert score(signups(12)) == {"mail.example": (12.0, "near")}


def test_stays_quiet_on_a_class_that_a_teacher_invited() -> None:
    assert score(signups(59, referrer_id="teacher")) == {"mail.example": (1.0, "bulk")}


def test_stays_quiet_on_a_domain_whose_people_come_from_everywhere() -> None:
    rows = [row | {"asn": 64496 + i} for i, row in enumerate(signups(50))]
    assert score(rows) == {"mail.example": (1.0, "bulk")}


def test_stays_quiet_without_domain_or_network() -> None:
    assert score(signups(50, email_domain=None), signups(50, "b{i}", asn=None)) == {}


def test_a_sign_up_counts_until_the_end_of_the_fifth_hour_after_its_own() -> None:
    now = signups(19)
    assert score(signups(1, "old", "05:00"), now) == {"mail.example": (20.0, "flagged")}
    assert score(signups(1, "old", "04:59:59"), now) == {"mail.example": (19.0, "near")}
