from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from orchestration.cases.errors import CaseError
from orchestration.cases.facts import (
    Fact,
    account_age,
    crawler_agent,
    disposable_mail,
    hosting_network,
    linked,
    plan,
    spend,
)
from orchestration.cases.lists import MAIL, Lists, is_thrown_away, read_lists
from orchestration.cases.related import RELATED
from orchestration.cases.sightings import SIGHTINGS
from tests.support.lakes import at

ROOT = Path(__file__).parents[3]
LISTS = read_lists(ROOT / "samples" / "enrichment")
DAY_ONE, DAY_TWO = at("2026-03-01T10:00"), at("2026-03-02T10:00")
NONE: pl.DataFrame = pl.DataFrame(schema=SIGHTINGS)


def seen(last: datetime = DAY_ONE, **values: object) -> dict[str, object]:
    return {
        "kind": "account_id",
        "entity": "ann",
        "contract": "logins",
        "product": "chat",
        "hour": last,
        "events": 1,
        "first": last,
        "last": last,
        **values,
    }


def rows(*some: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(some, schema=SIGHTINGS)


def said(fact: Fact) -> tuple[object, datetime | None]:
    return fact.value, fact.as_of


def test_the_shipped_lists_are_read_with_a_digest_of_each() -> None:
    assert LISTS.mail is not None
    assert LISTS.mail.name == "disposable_email_domains.txt.gz@" + LISTS.mail.name[-12:]
    assert len(LISTS.mail.values) == 8335
    assert LISTS.networks is not None
    assert 198375 in LISTS.networks.values
    assert LISTS.agents is not None
    assert LISTS.agents.values.search("Googlebot/2.1 (+http://www.google.com/bot.html)")


def test_a_list_that_is_not_there_is_none_and_a_broken_one_is_an_error(tmp_path: Path) -> None:
    assert read_lists(tmp_path) == Lists()
    (tmp_path / MAIL).write_text("no archive", encoding="utf-8")
    with pytest.raises(CaseError, match=r"disposable_email_domains.txt.gz cannot be read"):
        read_lists(tmp_path)


def test_a_part_of_a_listed_domain_is_listed_and_its_ending_is_not() -> None:
    domains = frozenset({"thrown.example"})
    assert is_thrown_away("thrown.example", domains)
    assert is_thrown_away("a.THROWN.example", domains)
    assert not is_thrown_away("overthrown.example", domains)
    assert not is_thrown_away("example", frozenset({"example"}))


def test_nothing_seen_is_unknown_and_never_zero() -> None:
    found = [
        account_age(NONE, DAY_TWO),
        disposable_mail(NONE, LISTS),
        hosting_network(NONE, LISTS),
        crawler_agent(NONE, LISTS),
        plan(NONE),
        spend(NONE),
        *linked(NONE, pl.DataFrame(schema=RELATED)),
    ]
    assert len(found) == 10
    assert {said(fact) for fact in found} == {(None, None)}


def test_the_age_is_in_whole_days_as_of_the_sign_up() -> None:
    fact = account_age(rows(seen(DAY_ONE, contract="signups")), at("2026-03-04T09:00"))
    assert (fact.value, fact.table, fact.as_of) == (2, "events/signups", DAY_ONE)


@pytest.mark.parametrize(("domain", "value"), [("0-mail.com", True), ("example.org", False)])
def test_a_throw_away_domain_is_known_by_the_list(domain: str, value: object) -> None:
    signed_up = rows(seen(contract="signups", email_domain=domain))
    fact = disposable_mail(signed_up, LISTS)
    assert said(fact) == (value, DAY_ONE)
    assert fact.table.startswith("events/signups, disposable_email_domains.txt.gz@")


def test_a_sign_up_without_mail_says_nothing_of_its_domain() -> None:
    assert said(disposable_mail(rows(seen(contract="signups")), LISTS)) == (None, None)


def test_a_list_that_is_missing_leaves_its_fact_unknown() -> None:
    some = rows(seen(asn=198375, user_agent="Googlebot/2.1"))
    assert hosting_network(some, Lists()).value is None
    assert crawler_agent(some, Lists()).value is None


def test_one_hosting_network_among_others_is_told_as_of_when_it_was_used() -> None:
    some = rows(seen(DAY_ONE, asn=198375), seen(DAY_TWO, asn=3320), seen(DAY_TWO))
    assert said(hosting_network(some, LISTS)) == (True, DAY_ONE)
    assert said(hosting_network(some.filter(pl.col("asn") == 3320), LISTS)) == (False, DAY_TWO)


def test_a_crawler_is_known_by_how_it_names_itself() -> None:
    robot, person = "Mozilla/5.0 (compatible; Googlebot/2.1)", "Mozilla/5.0 (X11; Linux x86_64)"
    assert crawler_agent(rows(seen(user_agent=robot)), LISTS).value is True
    assert crawler_agent(rows(seen(user_agent=person)), LISTS).value is False


def test_the_newest_plan_that_an_event_names_counts() -> None:
    some = rows(seen(DAY_TWO, plan="free"), seen(DAY_ONE, plan="team"), seen(DAY_TWO))
    assert said(plan(some)) == ("free", DAY_TWO)


def test_spend_is_summed_over_events_that_say_it() -> None:
    some = rows(
        seen(DAY_ONE, contract="payments", spend_usd=20.0),
        seen(DAY_TWO, contract="api_requests", spend_usd=0.125),
        seen(DAY_TWO),
    )
    fact = spend(some)
    assert said(fact) == (20.12, DAY_TWO)
    assert fact.table == "events/api_requests, events/payments"
    assert spend(rows(seen(spend_usd=0.0))).value == 0.0


def test_a_device_that_nobody_shares_is_a_zero_and_no_device_is_unknown() -> None:
    some = rows(seen(device_id="d-1"))
    found = {fact.name: fact.value for fact in linked(some, pl.DataFrame(schema=RELATED))}
    assert found == {
        "linked_by_device": 0,
        "linked_by_payment": None,
        "linked_by_key": None,
        "linked_by_address": None,
    }
