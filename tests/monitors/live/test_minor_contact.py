from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "410e68a9d0ef47b6"}
MINUTE = timedelta(minutes=1)


def contact(
    peer: str, clock: str = "10:00", days: int = 0, *, asked: bool = True, minor: float | None = 0.4
) -> list[Row]:
    rows = many(
        3, at(clock, days), MINUTE, account_id="a", peer_id=peer, session_id=peer, score_minor=minor
    )
    return [*rows[:2], rows[2] | {"action": "contact_move" if asked else "minute"}]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("live/minor_contact", "live_sessions", *groups)


def test_fires_at_the_second_young_peer_asked_away() -> None:
    assert score(contact("p", days=-6), contact("q")) == {"a": (2.0, "flagged")}


def test_fires_on_minutes_with_a_peer_added_up_over_sessions() -> None:
    scattered = [contact("p", days=-3)[0], contact("p", days=-2)[1], contact("p", days=-1)[2]]
    assert score(scattered, contact("q")) == {"a": (2.0, "flagged")}


def test_nearly_fires_at_one() -> None:
    assert score(contact("p"), contact("q", asked=False)) == {"a": (1.0, "near")}


def test_stays_quiet_on_adults_asked_away() -> None:
    adults = [row for i in range(9) for row in contact(f"p{i}", minor=0.34)]
    assert score(adults) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_young_peers_who_are_not_asked() -> None:
    young = [row for i in range(9) for row in contact(f"p{i}", asked=False, minor=0.9)]
    assert score(young) == {"a": (0.0, "bulk")}


def test_stays_quiet_when_nobody_was_scored() -> None:
    unscored = [row for i in range(9) for row in contact(f"p{i}", minor=None)]
    assert score(unscored) == {"a": (None, "null")}


def test_stays_quiet_in_hours_without_the_account() -> None:
    assert score(contact("p", "08:00"), contact("q", "09:00")) == {}


def test_a_peer_leaves_the_window_after_a_week() -> None:
    assert score(contact("p", "10:57", -7), contact("q")) == {"a": (1.0, "near")}
    assert score(contact("p", "11:00", -7), contact("q")) == {"a": (2.0, "flagged")}
