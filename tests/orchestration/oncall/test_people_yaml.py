from zoneinfo import ZoneInfo

import pytest

from orchestration.oncall.people import Person
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.roles import Role
from orchestration.yaml_lines import YamlError

FULL = """
people:
  - id: heron-7
    slack: U0HERON7
    roles: [oncall, lead]
    teams: [chat-safety]
    zone: America/Los_Angeles
    skills: [spam]
  - {id: otter-2, slack: W0OTTER2, roles: [viewer], zone: UTC}
"""


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_people(text)
    return str(caught.value).splitlines()


def test_reads_people() -> None:
    assert parse_people(FULL).people == (
        Person(
            "heron-7",
            "U0HERON7",
            frozenset({Role.ONCALL, Role.LEAD}),
            ZoneInfo("America/Los_Angeles"),
            frozenset({"chat-safety"}),
            frozenset({"spam"}),
        ),
        Person("otter-2", "W0OTTER2", frozenset({Role.VIEWER}), ZoneInfo("UTC")),
    )


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = """\
people:
  - id: heron-7
    slack: U0HERON7
    roles: [oncal]
    zone: Europe/Dublni
  - id: heron-7
    slack: U0HERON7
    roles: []
    zone: EST
    team: [chat]
  - id: Ann Example
    slack: "@ann"
    roles: [viewer]
    zone: UTC
    mail: nobody@example.com
  - id: ann@example.com
    roles: viewer
    zone: UTC
    teams: [Chat Safety]
"""
    assert errors(text) == [
        "people.yaml:4: there is no role 'oncal'; did you mean 'oncall'?",
        "people.yaml:5: there is no zone 'Europe/Dublni'; did you mean 'Europe/Dublin'?",
        "people.yaml:6: this id is that of line 2; give each person their own.",
        "people.yaml:7: this slack is that of line 3; give each person their own.",
        "people.yaml:8: there is no role; write viewer for somebody who only looks.",
        "people.yaml:9: there is no zone 'EST'; write a place, as in Europe/Dublin.",
        "people.yaml:10: there is no setting 'team' here; did you mean 'teams'?",
        "people.yaml:11: it is no handle; write small letters and digits, as in heron-7.",
        "people.yaml:12: it is no Slack user id; copy it from the profile, as in U0HERON7.",
        (
            "people.yaml:15: there is no setting 'mail' here; "
            "use one of id, slack, roles, zone, teams, skills, site, vendor."
        ),
        "people.yaml:16: it is a mail address; write small letters and digits, as in heron-7.",
        "people.yaml:16: slack is missing; write it.",
        "people.yaml:17: wanted a list; begin each line with a dash.",
        "people.yaml:19: it is no handle; write small letters and digits, as in heron-7.",
    ]


def test_somebody_may_work_at_a_site_and_for_a_vendor() -> None:
    (one,) = parse_people(
        "people:\n  - {id: finch-1, slack: U0FINCH1, roles: [reviewer], zone: UTC,"
        " site: manila, vendor: acme}\n"
    ).people
    assert (one.site, one.vendor) == ("manila", "acme")
    assert (parse_people(FULL).people[0].site, parse_people(FULL).people[0].vendor) == ("", "")


def test_nothing_personal_is_repeated() -> None:
    text = """\
people:
  - {id: canary@example.com, slack: canary-slack, roles: [viewer], zone: UTC, mail: canary-mail}
  - {id: Canary Name, slack: "canary", roles: [viewer], zone: UTC, teams: [Canary Team]}
  - {id: a, slack: U0A, roles: [canary@example.com], zone: canary@example.com}
"""
    assert not [line for line in errors(text) if "canary" in line.lower()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "people.yaml:1: it is empty"),
        ("people: [", "people.yaml:1: expected the node content"),
        ("- a", "people.yaml:1: wanted a mapping with people."),
        ("people: []", "people.yaml:1: there are no people; write at least one, under `people:`."),
        ("people: {}", "people.yaml:1: wanted a list; begin each line with a dash."),
        ("people: [heron-7]", "people.yaml:1: wanted a mapping with id, slack, roles, zone, "),
        ("folk: []", "people.yaml:1: there is no setting 'folk' here; use one of people."),
        ("people:\n  - {id: [a], slack: U0A, roles: [viewer], zone: UTC}", "2: wanted a text."),
        ("people:\n  - {id: a, slack: U0A, roles: [viewer], zone: }", "2: wanted a text."),
        ("people:\n  - {id: a, slack: U0A, roles: [viewer], zone: localtime}", "no zone 'localti"),
        ("people:\n  - {id: a, id: b, slack: U0A, roles: [viewer], zone: UTC}", "'id' is there tw"),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(text: str, message: str) -> None:
    assert any(message in line for line in errors(text))


def test_another_name_of_the_file_is_named() -> None:
    with pytest.raises(YamlError, match=r"^desk\.yaml:1: "):
        parse_people("- a", name="desk.yaml")
