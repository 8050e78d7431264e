from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "be251b0e0456ad28"}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def crowd(countries: int, clients: int) -> list[Row]:
    """One request from each country, and one from each client."""
    places = many(countries, at("10:00"), MINUTE, key_id="k", country="c{i}", user_agent="a0")
    return places + many(clients, at("12:00"), MINUTE, key_id="k", country="c0", user_agent="a{i}")


def week(hours: int, templates: int = 16, handwritten: int = 8) -> list[Row]:
    """Seven days of requests without a template in the first hours of the clock, and templates."""
    rows: list[Row] = []
    for day in range(-6, 1):
        rows += many(hours, at("00:00", day), HOUR, key_id="k")
    today = many(templates, at("00:30"), MINUTE, key_id="k", template_hash="t{i}")
    return rows + today + many(handwritten, at("23:40"), MINUTE, key_id="other")


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/resold_key", "api_requests", *groups)


def test_fires_on_strangers_of_many_countries_with_many_clients() -> None:
    assert score(crowd(14, 12)) == {"k": (1.0, "flagged")}
    assert score(crowd(10, 9)) == {"k": (0.5, "flagged")}


def test_fires_on_people_behind_one_proxy_who_never_sleep() -> None:
    assert score(week(24))["k"] == (1.0, "flagged")


def test_nearly_fires_on_a_company_that_is_half_as_spread() -> None:
    assert score(crowd(10, 7))["k"][1] == "near"


def test_stays_quiet_on_a_team_of_six_countries_and_clients() -> None:
    assert score(crowd(6, 6)) == {"k": (0.0, "bulk")}


def test_stays_quiet_on_one_person_who_sleeps() -> None:
    assert score(week(14))["k"] == (0.0, "bulk")


def test_stays_quiet_on_a_service_of_few_templates_that_never_sleeps() -> None:
    assert score(week(24, templates=8))["k"][1] in {"bulk", "null"}


def test_stays_quiet_on_a_service_that_writes_nothing_by_hand() -> None:
    rows = many(400, at("00:00"), timedelta(minutes=3), key_id="k", template_hash="t{i}")
    assert score(week(24), rows)["k"][1] in {"bulk", "null"}


def test_without_countries_clients_and_a_history_nothing_can_be_told() -> None:
    assert score(many(40, at("10:00"), MINUTE, key_id="k")) == {"k": (None, "null")}
