from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "d7fa1288e86f3622"}
SECOND = timedelta(seconds=1)


def reads(
    n: int, operation: str = "GetSecretValue", every: timedelta = SECOND, clock: str = "10:00"
) -> list[Row]:
    return many(n, at(clock), every, key_id="k", operation=operation)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/secret_harvest", "api_requests", *groups)


def test_fires_at_twenty_secrets_within_ten_minutes() -> None:
    assert score(reads(10), reads(10, "GetParameter")) == {"k": (20.0, "flagged")}


def test_fires_on_reads_that_are_refused() -> None:
    refused = [row | {"error": "AccessDenied"} for row in reads(20, "GetPasswordData")]
    assert score(refused) == {"k": (20.0, "flagged")}


def test_nearly_fires_at_eighteen() -> None:
    assert score(reads(18)) == {"k": (18.0, "near")}


def test_stays_quiet_on_a_service_that_reads_its_own_all_day() -> None:
    assert score(reads(30, every=timedelta(minutes=2))) == {"k": (5.0, "bulk")}


def test_stays_quiet_on_other_reading() -> None:
    assert score(reads(90, "GetObject")) == {}


def test_a_read_leaves_the_window_after_exactly_ten_minutes() -> None:
    assert score(reads(1, clock="09:50"), reads(19, every=0 * SECOND)) == {"k": (19.0, "near")}
    assert score(reads(1, clock="09:50:01"), reads(19, every=0 * SECOND)) == {
        "k": (20.0, "flagged")
    }
