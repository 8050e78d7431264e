from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.appeals.codes import Outcome
from orchestration.appeals.errors import AppealError
from orchestration.cases.terms import Terms
from orchestration.enforcement.switches import throw
from orchestration.launch.appeal_drill import Works, begin_appeal_drill, end_appeal_drill
from orchestration.launch.errors import LaunchError
from orchestration.launch.facts_ledger import taken, trials
from orchestration.launch.trials import Tried
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.appeals.houses import House
from tests.orchestration.appeals.houses import house as make_house
from tests.support.enforcement import ANA, somebody
from tests.support.executing import DRY

DEE = replace(somebody("dee", Role.REVIEWER), skills=frozenset({"spam"}))
SAM = somebody("sam", Role.REVIEWER)
ACTION, ACCOUNT = "restrict_messaging", "test-account-1"


@pytest.fixture
def house(ledger: Engine, tmp_path: Path) -> Iterator[House]:
    with make_house(ledger, tmp_path / "service") as found:
        found.account(ACCOUNT)
        yield found


def works(house: House, *, terms: Terms | None = None, service: bool = True) -> Works:
    return Works(
        engine=house.engine,
        terms=terms or house.terms,
        targets=house.room.targets,
        active=lambda _product: 10_000,
        executor=house.floor.executor if service else None,
        clock=house.floor.clock,
    )


def begun(house: House) -> Tried:
    return begin_appeal_drill(works(house), DEE, "chat", ACCOUNT, ACTION)


def drills(house: House, **later: float) -> dict[str, tuple[bool, str]]:
    with reading(house.engine) as connection:
        found = trials(connection, "appeal", house.now + timedelta(**later))
    return {about: (one.passed, one.seen) for about, one in found.items()}


def test_a_drill_gives_the_test_account_back_what_it_had(house: House) -> None:
    trial = begun(house)
    assert house.floor.value(ACCOUNT, "messaging") == "contacts_only"
    assert trial.passed is None
    assert drills(house) == {}
    house.forward(minutes=7)

    done = end_appeal_drill(works(house), SAM, "chat")

    assert house.floor.value(ACCOUNT, "messaging") == "open"
    assert done.passed
    said = (
        "restrict_messaging was carried out, appealed, overturned and undone in 7 min; the service "
        "says applied, then restored, and the value is as before."
    )
    assert drills(house) == {"chat": (True, said)}
    assert ACCOUNT not in str(house.table("trials")) + str(house.table("audit"))
    assert house.is_sound()
    with reading(house.engine) as connection:
        assert taken(connection, "chat", house.now) is True


def test_a_drill_is_nothing_that_measurement_counts(house: House) -> None:
    begun(house)
    end_appeal_drill(works(house), SAM, "chat")
    assert house.table("labels") == []
    assert house.table("gaps") == []


def test_whoever_began_it_cannot_end_it(house: House) -> None:
    begun(house)
    with pytest.raises(AppealError):
        end_appeal_drill(works(house), DEE, "chat")
    assert drills(house) == {}
    assert end_appeal_drill(works(house), SAM, "chat").passed


def test_what_somebody_changed_meanwhile_is_no_passed_drill(house: House) -> None:
    begun(house)
    house.floor.client.put(ACCOUNT, "account_id", messaging="closed")

    done = end_appeal_drill(works(house), SAM, "chat")

    assert not done.passed
    assert done.seen.endswith("says applied, then changed_since, and the value is not as before.")


def test_an_account_that_the_service_does_not_know_fails_the_drill(house: House) -> None:
    done = begin_appeal_drill(works(house), DEE, "chat", "nobody", ACTION)
    assert done.passed is False
    assert ": failed unknown_target where it was to be applied" in done.seen
    assert drills(house)["chat"][0] is False


def test_a_service_that_is_down_while_it_ends_is_asked_again(house: House) -> None:
    begun(house)
    down = replace(works(house), executor=house.floor.client.executor(secret=b"x" * 32))

    with pytest.raises(LaunchError, match="end the drill again"):
        end_appeal_drill(down, SAM, "chat")
    assert drills(house) == {}

    house.forward(minutes=11)
    assert end_appeal_drill(works(house), SAM, "chat").passed
    assert house.floor.value(ACCOUNT, "messaging") == "open"


def test_an_action_that_could_not_be_sent_is_never_sent_later(house: House) -> None:
    down = replace(works(house), executor=house.floor.client.executor(secret=b"x" * 32))

    assert begin_appeal_drill(down, DEE, "chat", ACCOUNT, ACTION).passed is False

    house.forward(hours=2)
    house.floor.run()
    assert house.floor.value(ACCOUNT, "messaging") == "open"


def test_what_a_broken_off_drill_decided_is_not_carried_out_later(house: House) -> None:
    def interrupted(_product: str) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_appeal_drill(replace(works(house), active=interrupted), DEE, "chat", ACCOUNT, ACTION)
    assert [row["decider"] for row in house.table("decisions")] == ["dee"]

    assert end_appeal_drill(works(house), SAM, "chat").passed is False

    house.room.plan()
    house.floor.run()
    assert house.floor.value(ACCOUNT, "messaging") == "open"


def test_an_appeal_that_somebody_upheld_fails_the_drill_and_is_taken_back(house: House) -> None:
    begun(house)
    (appeal,) = house.table("appeals")
    house.claim(appeal["appeal_id"], SAM)
    house.decide(appeal["appeal_id"], Outcome.UPHELD, SAM)

    assert end_appeal_drill(works(house), SAM, "chat").passed is False
    assert house.floor.value(ACCOUNT, "messaging") == "open"


def test_a_second_drill_waits_for_the_first(house: House) -> None:
    begun(house)
    with pytest.raises(LaunchError, match="A drill of dee has been under way since"):
        begun(house)
    assert len(house.table("trials")) == 1


def test_nothing_is_recorded_where_nothing_can_be_drilled(house: House) -> None:
    dry = works(house, terms=replace(house.terms, enforcement=DRY.enforcement))
    with pytest.raises(LaunchError, match="chat is in dry-run"):
        begin_appeal_drill(dry, DEE, "chat", ACCOUNT, ACTION)
    with pytest.raises(LaunchError, match="No service is set"):
        begin_appeal_drill(works(house, service=False), DEE, "chat", ACCOUNT, ACTION)
    with pytest.raises(LaunchError, match="No drill of an appeal is under way for chat"):
        end_appeal_drill(works(house), SAM, "chat")
    with pytest.raises(LaunchError, match="lacks spam"):
        begin_appeal_drill(works(house), SAM, "chat", ACCOUNT, ACTION)
    with pytest.raises(PeopleError):
        begin_appeal_drill(works(house), ANA, "chat", ACCOUNT, ACTION)
    throw(house.engine, who=ANA, name="all", on=True, reason="an incident", now=house.now)
    with pytest.raises(LaunchError, match="The switch all is on"):
        begin_appeal_drill(works(house), DEE, "chat", ACCOUNT, ACTION)
    assert [house.table(name) for name in ("trials", "cases", "decisions")] == [[], [], []]


@pytest.mark.parametrize("action", ["warn", "terminate_account", "block_address", "no_such"])
def test_what_cannot_be_given_back_at_once_is_no_drill(house: House, action: str) -> None:
    with pytest.raises(LaunchError, match=r"cannot be drilled; .+ restrict_messaging") as refused:
        begin_appeal_drill(works(house), DEE, "chat", ACCOUNT, action)
    assert "terminate_account," not in str(refused.value)
    assert house.table("trials") == []


def test_a_drill_of_which_the_service_said_nothing_clear_ends_once_that_is_known(
    ledger: Engine, tmp_path: Path
) -> None:
    silent = Faults([Rule("error_after", on=("apply",), tries=99)])
    with make_house(ledger, tmp_path / "service", faults=silent) as house:
        house.account(ACCOUNT)
        assert begun(house).passed is None
        with pytest.raises(LaunchError, match="has not said yet whether restrict_messaging"):
            end_appeal_drill(works(house), SAM, "chat")
        assert drills(house) == {}

        house.forward(minutes=20)
        house.floor.reconcile()

        assert end_appeal_drill(works(house), SAM, "chat").passed
        assert house.floor.value(ACCOUNT, "messaging") == "open"
