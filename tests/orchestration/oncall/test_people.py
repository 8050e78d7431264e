from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person, Roster, may, require
from orchestration.oncall.roles import PERMITTED, Role, Verb
from tests.orchestration.oncall.builders import roster

UTC_ZONE = ZoneInfo("UTC")


def person(*roles: Role, name: str = "ann", slack: str = "U0ANN") -> Person:
    return Person(name, slack, frozenset(roles), UTC_ZONE)


REVIEWS = "assign false_positive open_case review receive_appeal certify"
SEES = "reveal decide_appeal answer"
MUTES = "ack silence unsilence"
LEADS = "lower_severity assign_case merge protect reverse"


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (Role.VIEWER, ""),
        (Role.REVIEWER, f"{REVIEWS} {SEES}"),
        (Role.ONCALL, f"{REVIEWS} {MUTES} kill_switch incident"),
        (
            Role.LEAD,
            f"{REVIEWS} {MUTES} {SEES} kill_switch incident {LEADS} adjudicate gold",
        ),
        (
            Role.APPROVER,
            "lower_severity promote approve reverse protect kill_switch incident classify",
        ),
        (Role.ENGINEER, f"{REVIEWS} kill_switch incident promote reverse classify"),
        (Role.ADMIN, f"{REVIEWS} {MUTES} kill_switch incident {LEADS} promote forget"),
    ],
)
def test_each_role_may_do_what_its_row_says(role: Role, verbs: str) -> None:
    permitted = {verb for verb in get_args(Verb) if may(person(role), verb)}
    assert permitted == set(verbs.split())


def test_every_role_has_a_row() -> None:
    assert set(PERMITTED) == set(Role)


def test_roles_add_up() -> None:
    both = person(Role.VIEWER, Role.ENGINEER)
    assert may(both, "promote")
    assert not may(both, "ack")


def test_who_may_not_is_told_which_role_is_wanted() -> None:
    require(person(Role.ONCALL), "ack")
    with pytest.raises(PeopleError) as caught:
        require(person(Role.VIEWER, Role.ENGINEER), "lower_severity")
    assert str(caught.value) == (
        "ann has the roles engineer, viewer, none of which may 'lower_severity'; wanted one of "
        "lead, approver, admin. Ask somebody who has it, or have it added in people.yaml."
    )


def test_people_are_found_by_id_and_by_slack_id() -> None:
    assert roster().person("ann").slack == "U0ANN"
    assert roster().of_slack("U0ANN").id == "ann"
    assert roster().teams == {"chat", "api"}


def test_who_is_not_there_is_refused_without_repeating_what_was_asked() -> None:
    with pytest.raises(PeopleError, match=r"no person with that id; did you mean 'ann'\?"):
        roster().person("anna")
    with pytest.raises(PeopleError, match=r"with that id; add them to people\.yaml"):
        roster().person("zebra@example.com")
    with pytest.raises(PeopleError, match="No person has that Slack id; ask an admin"):
        roster().of_slack("ann")


def test_two_people_are_two() -> None:
    with pytest.raises(PeopleError, match="Two people have one id or one Slack id"):
        Roster((person(Role.VIEWER), person(Role.VIEWER, slack="U0BOB")))
    with pytest.raises(PeopleError, match="Two people have one id or one Slack id"):
        Roster((person(Role.VIEWER), person(Role.VIEWER, name="bob")))
