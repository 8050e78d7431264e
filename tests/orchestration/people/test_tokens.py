from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, Text, cast, select

from orchestration.ledger.acts import Actor
from orchestration.ledger.audit import entries
from orchestration.ledger.database import writing
from orchestration.ledger.tables import metadata
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person, Roster
from orchestration.oncall.roles import Role
from orchestration.people.errors import TokenError
from orchestration.people.issuing import give, take_away
from orchestration.people.tokens import REFUSED, authenticate, held, issue, revoke
from tests.support.ledgers import person

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def somebody(person_id: str, *roles: Role) -> Person:
    return Person(person_id, f"U0{person_id[:4].upper()}", frozenset(roles), ZoneInfo("UTC"))


ROSTER = Roster(
    (
        somebody("tapir-8", Role.ADMIN),
        somebody("heron-7", Role.ONCALL),
        somebody("finch-1", Role.VIEWER),
    )
)


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    with writing(ledger) as found:
        yield found


@pytest.fixture
def admin(connection: Connection) -> str:
    """The first token, of the admin."""
    return give(connection, ROSTER, "tapir-8", by="", now=NOON, days=30)


def test_a_token_proves_who_holds_it_until_it_expires(connection: Connection) -> None:
    token = issue(connection, "heron-7", act=person(), now=NOON, days=2)
    just_before = NOON + 2 * DAY - timedelta(seconds=1)
    assert authenticate(connection, ROSTER, token, just_before) == Actor("heron-7", "person")
    assert held(connection, ROSTER, token, NOON).expires_at == NOON + 2 * DAY
    with pytest.raises(TokenError):
        authenticate(connection, ROSTER, token, NOON + 2 * DAY)


def test_every_failure_has_the_same_text(connection: Connection) -> None:
    act = person()
    over = issue(connection, "heron-7", act=act, now=NOON - 5 * DAY, days=1)
    revoked = issue(connection, "heron-7", act=act, now=NOON, days=1)
    revoke(connection, revoked, act=act)
    left = issue(connection, "newt-4", act=act, now=NOON, days=1)
    for token in (over, revoked, left, "wft_nosuch", "", "heron-7"):
        with pytest.raises(TokenError) as raised:
            authenticate(connection, ROSTER, token, NOON)
        assert str(raised.value) == REFUSED


def test_no_token_is_anywhere_in_the_ledger(connection: Connection, admin: str) -> None:
    tokens = [admin, issue(connection, "heron-7", act=person(), now=NOON, days=2)]
    assert len({*tokens, give(connection, ROSTER, "heron-7", by=admin, now=NOON, days=2)}) == 3
    for table in metadata.sorted_tables:
        for column in table.columns:
            texts = connection.execute(select(cast(column, Text))).scalars().all()
            assert not [text for text in texts if text and any(t in text for t in tokens)]


def test_issuing_and_revoking_are_in_the_audit(connection: Connection) -> None:
    token = issue(connection, "heron-7", act=person(who="tapir-8"), now=NOON, days=2)
    assert revoke(connection, token, act=person(1, who="heron-7")) == 1
    assert revoke(connection, token, act=person(2, who="heron-7")) == 0
    issued, revoked = list(entries(connection))[1:]
    assert (issued.verb, issued.actor) == ("issue_token", "tapir-8")
    assert (revoked.verb, revoked.actor) == ("revoke_token", "heron-7")
    assert issued.object == revoked.object
    assert issued.object.startswith("token:")


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lasts_at_most_a_year(connection: Connection, days: int) -> None:
    with pytest.raises(TokenError, match="wanted 1 to 366"):
        issue(connection, "heron-7", act=person(), now=NOON, days=days)


def test_the_first_token_goes_to_an_admin_and_is_audited_as_such(connection: Connection) -> None:
    with pytest.raises(TokenError, match=r"heron-7 is none\. Admins are: tapir-8"):
        give(connection, ROSTER, "heron-7", by="", now=NOON, days=30)
    token = give(connection, ROSTER, "tapir-8", by="", now=NOON, days=30)
    assert authenticate(connection, ROSTER, token, NOON).id == "tapir-8"
    entry = list(entries(connection))[-1]
    assert (entry.actor, entry.on_behalf_of) == ("system:bootstrap", "tapir-8")


@pytest.mark.parametrize("who", ["tapir-8", "heron-7"])
def test_later_tokens_need_an_admins(connection: Connection, admin: str, who: str) -> None:
    with pytest.raises(TokenError, match="needs an admin's, and you have none"):
        give(connection, ROSTER, who, by="", now=NOON, days=30)
    heron = give(connection, ROSTER, "heron-7", by=admin, now=NOON, days=30)
    entry = list(entries(connection))[-1]
    assert (entry.actor, entry.on_behalf_of) == ("tapir-8", "heron-7")
    with pytest.raises(TokenError, match="heron-7 has the roles oncall; other people's"):
        give(connection, ROSTER, who, by=heron, now=NOON, days=30)


def test_when_no_admin_holds_a_token_any_more_there_is_a_first_one_again(
    connection: Connection, admin: str
) -> None:
    heron = give(connection, ROSTER, "heron-7", by=admin, now=NOON, days=90)
    with pytest.raises(TokenError, match="need the role admin"):
        give(connection, ROSTER, "tapir-8", by=heron, now=NOON + 31 * DAY, days=30)
    again = give(connection, ROSTER, "tapir-8", by="", now=NOON + 31 * DAY, days=30)
    assert authenticate(connection, ROSTER, again, NOON + 31 * DAY).id == "tapir-8"


def test_only_somebody_of_people_yaml_gets_a_token(connection: Connection, admin: str) -> None:
    with pytest.raises(PeopleError, match="did you mean 'heron-7'"):
        give(connection, ROSTER, "heron7", by=admin, now=NOON, days=30)


def test_a_person_or_an_admin_takes_away_all_their_tokens(
    connection: Connection, admin: str
) -> None:
    first, second = (
        give(connection, ROSTER, "heron-7", by=admin, now=NOON, days=30) for _ in range(2)
    )
    finch = give(connection, ROSTER, "finch-1", by=admin, now=NOON, days=30)
    with pytest.raises(TokenError, match="need the role admin"):
        take_away(connection, ROSTER, "heron-7", by=finch, now=NOON)
    assert take_away(connection, ROSTER, "heron-7", by=first, now=NOON) == 2
    with pytest.raises(TokenError):
        authenticate(connection, ROSTER, second, NOON)
    assert take_away(connection, ROSTER, "finch-1", by=admin, now=NOON) == 1
    assert take_away(connection, ROSTER, "newt-4", by=admin, now=NOON) == 0
