import pytest
from sqlalchemy import Engine

from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.switches import covering, on, throw, thrown
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role
from tests.support.enforcement import ANA, MONITOR, REVIEWER, somebody
from tests.support.ledgers import NOON

ONCALL = somebody("otto", Role.ONCALL)


def turn(ledger: Engine, name: str, *, to: bool = True, who: object = ANA) -> bool:
    return throw(ledger, who=who, name=name, on=to, reason="a drill", now=NOON)  # type: ignore[arg-type]


def now_thrown(ledger: Engine, product: str = "chat", monitor: str | None = MONITOR) -> str | None:
    with reading(ledger) as connection:
        return thrown(connection, product, monitor)


def test_the_widest_switch_that_is_on_is_named(ledger: Engine) -> None:
    assert now_thrown(ledger) is None
    turn(ledger, "monitor:chat/mass_messages")
    assert now_thrown(ledger) == "monitor:chat/mass_messages"
    turn(ledger, "product:chat")
    assert now_thrown(ledger) == "product:chat"
    turn(ledger, "all")
    assert now_thrown(ledger) == "all"
    assert now_thrown(ledger, "web", None) == "all"


def test_a_switch_covers_nothing_else(ledger: Engine) -> None:
    turn(ledger, "monitor:chat/mass_messages")
    assert now_thrown(ledger, "chat", "chat/scam_factory") is None
    assert now_thrown(ledger, "chat", None) is None
    assert covering({"product:web"}, "chat", MONITOR) is None


def test_turning_is_audited_and_turning_again_changes_nothing(ledger: Engine) -> None:
    assert turn(ledger, "all")
    assert not turn(ledger, "all")
    assert turn(ledger, "all", to=False)
    assert not turn(ledger, "all", to=False)
    with reading(ledger) as connection:
        assert [(row.actor, row.verb, row.object) for row in entries(connection)][1:] == [
            ("ana", "throw", "switch:all"),
            ("ana", "lift", "switch:all"),
        ]
        assert on(connection) == frozenset()


def test_who_is_on_call_may_throw_and_not_lift(ledger: Engine) -> None:
    turn(ledger, "all", who=ONCALL)
    with pytest.raises(PeopleError, match="none of which may 'approve'"):
        turn(ledger, "all", to=False, who=ONCALL)
    assert now_thrown(ledger) == "all"


def test_a_reviewer_may_not_throw(ledger: Engine) -> None:
    with pytest.raises(PeopleError, match="none of which may 'kill_switch'"):
        turn(ledger, "all", who=REVIEWER)


@pytest.mark.parametrize("name", ["", "everything", "product:", "monitor:chat", "product:Chat X"])
def test_what_is_no_switch_is_refused(ledger: Engine, name: str) -> None:
    with pytest.raises(EnforcementError, match="is none; wanted all, product:<product> or"):
        turn(ledger, name)
