import re
from datetime import date, time, timedelta

import pytest

from orchestration.oncall.hours import Hours
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.roles import Role
from orchestration.triage.clock import Goals
from orchestration.triage.desks import Appeals, Desks, Queue, Rule
from orchestration.triage.queues_yaml import parse_desks
from orchestration.yaml_lines import YamlError
from tests.orchestration.triage.builders import LONDON, MONITORS, parse

FULL = """\
hours:
  office:
    {zone: Europe/London, open: "09:00", close: "17:00", weekdays: [monday], holidays: [2026-12-28]}
  always: {zone: Europe/London, open: "00:00", close: "24:00", weekdays: [sunday]}
sla:
  usual:
    S0: {first_action: 15m, resolve: 4h, pauses: false}
    S1: {first_action: 1h, resolve: 12h, pauses: false}
    S2: {first_action: 8h, resolve: 24h, pauses: true}
    S3: {first_action: 24h, resolve: 80h, pauses: true}
queues:
  money:
    {hours: office, sla: usual, restricted: true, skills: [fraud], reveal: [lead],
     exposure_limit: 9}
  rest:
    hours: always
    sla: usual
    restricted: false
    languages: [en, pt-BR]
    reveal: []
    exposure_limit: 1
routing:
  - {name: paid, match: {harm: payment_abuse, severity: [S0, S1], source: alert}, queue: money}
  - {name: sold, match: {product: [api, chat], entity_type: key_id}, queue: money}
default: rest
score: {severity: 0.35, violating: 0.25, reach: 0.15, vulnerability: 0.1, repeat: 0.1, age: 0.05}
reopen_window: 14d
ageing: 0.8
lease: 30m
largest_cluster: 50
appeals: {hours: office, first_action: 8h, resolve: 40h, pauses: false}
"""


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse(text)
    return str(caught.value).splitlines()


def test_reads_everything() -> None:
    office = Hours(
        "office", LONDON, time(9), time(17), frozenset({0}), frozenset({date(2026, 12, 28)})
    )
    always = Hours("always", LONDON, time(), time(), frozenset({6}))
    usual = (
        Goals(15, 240),
        Goals(60, 720),
        Goals(480, 1440, pauses=True),
        Goals(1440, 4800, pauses=True),
    )
    lead, nobody = frozenset({Role.LEAD}), frozenset[Role]()
    paid = {
        "harm": frozenset({"payment_abuse"}),
        "severity": frozenset({"S0", "S1"}),
        "source": frozenset({"alert"}),
    }
    sold = {"product": frozenset({"api", "chat"}), "entity_type": frozenset({"key_id"})}
    assert parse(FULL) == Desks(
        hours={"office": office, "always": always},
        queues={
            "money": Queue(
                "money", office, "usual", lead, 9, restricted=True, skills=frozenset({"fraud"})
            ),
            "rest": Queue("rest", always, "usual", nobody, 1, languages=frozenset({"en", "pt-BR"})),
        },
        policies={"usual": usual},
        rules=(Rule("paid", paid, "money"), Rule("sold", sold, "money")),
        default="rest",
        weights={
            "severity": 0.35,
            "violating": 0.25,
            "reach": 0.15,
            "vulnerability": 0.1,
            "repeat": 0.1,
            "age": 0.05,
        },
        reopen_window=timedelta(days=14),
        ageing=0.8,
        lease=timedelta(minutes=30),
        largest_cluster=50,
        appeals=Appeals(office, Goals(480, 2400)),
    )


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = """\
hours:
  office: {zone: Europe/Londn, open: "9:00", close: "17:00", weekdays: [mondy]}
sla:
  usual:
    S0: {first_action: 15, resolve: 4h, pauses: maybe}
    S1: {first_action: 1d, resolve: 90s, pauses: false}
    S3: {first_action: 24h, resolve: 8h, pauses: true}
queues:
  money:
    {hours: offce, sla: usul, restricted: no, skills: [frud], reveal: [boss], exposure_limit: 0}
  rest: {hours: office, sla: usual, restricted: false, languages: [english]}
routing:
  - {name: paid, match: {harm: payment_abus, severities: S0}, queue: mony}
  - {name: Sold, match: {}, queue: rest}
  - {name: none, match: {product: [], monitor: [web/scrapping, none]}, queue: rest}
default: rst
score: {severity: 1.5, violating: 0.25, reach: .15, vulnerability: 0.1, repeat: 0.1}
reopen_window: 14
ageing: 0
lease: 0m
largest_cluster: many
appeals: {hours: office, first_action: 8h, resolve: 4h}
"""
    assert errors(text) == [
        "queues.yaml:2: '9:00' is no time of day; write two digits each, as in 09:00.",
        "queues.yaml:2: there is no weekday 'mondy'; did you mean 'monday'?",
        "queues.yaml:2: there is no zone 'Europe/Londn'; did you mean 'Europe/London'?",
        "queues.yaml:5: '15' is no time; write a number and s, m, h or d, as in 15m.",
        "queues.yaml:5: S2 is missing; every severity has its goals.",
        "queues.yaml:5: there is no answer 'maybe'; use one of false, true.",
        "queues.yaml:6: it counts working time; write whole minutes or hours, as in 30m or 8h.",
        (
            "queues.yaml:7: The first action is due after 1440 minutes and the end after "
            "480; wanted at least 1, and the end not before the first action."
        ),
        "queues.yaml:10: '0' is no count from 1 to 999999; write one, as in 100.",
        "queues.yaml:10: there is no SLA policy 'usul'; did you mean 'usual'?",
        "queues.yaml:10: there is no answer 'no'; use one of false, true.",
        "queues.yaml:10: there is no hours 'offce'; did you mean 'office'?",
        (
            "queues.yaml:10: there is no role 'boss'; use one of admin, approver, engineer, "
            "lead, oncall, reviewer, viewer."
        ),
        "queues.yaml:10: there is no skill 'frud' in people.yaml; did you mean 'fraud'?",
        "queues.yaml:11: it is no language; write its code, as in en or pt-BR.",
        "queues.yaml:11: reveal, exposure_limit is missing; write it.",
        "queues.yaml:13: there is no harm 'payment_abus'; did you mean 'payment_abuse'?",
        "queues.yaml:13: there is no queue 'mony'; did you mean 'money'?",
        "queues.yaml:13: there is no setting 'severities' here; did you mean 'severity'?",
        "queues.yaml:14: it is no handle; write small letters and digits, as in heron-7.",
        "queues.yaml:14: it matches everything; name a trait, or make the queue the default.",
        "queues.yaml:15: it is empty; name a product, or leave product out for any.",
        "queues.yaml:15: there is no monitor 'none'; take its id from docs/monitors.md.",
        "queues.yaml:15: there is no monitor 'web/scrapping'; did you mean 'web/scraping'?",
        "queues.yaml:16: there is no queue 'rst'; did you mean 'rest'?",
        "queues.yaml:17: '.15' is no share; write it as in 0.35, from 0 to 1.",
        "queues.yaml:17: '1.5' is no share; write it as in 0.35, from 0 to 1.",
        "queues.yaml:17: age is missing; write it.",
        "queues.yaml:18: '14' is no time; write a number and s, m, h or d, as in 15m.",
        "queues.yaml:19: at 0 every case is aged; write a share, as in 0.8.",
        "queues.yaml:20: it is no time at all; write one, as in 30m.",
        "queues.yaml:21: 'many' is no count from 1 to 999999; write one, as in 100.",
        "queues.yaml:22: pauses is missing; write it.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("default: rest\n", "", "queues.yaml:1: default is missing; write it."),
        ("score: {severity: 0.35", "score: {severity: 0.30", "26: the weights sum to 0.95; wanted"),
        (
            "severity: 0.35, violating: 0.25",
            "severity: 0, violating: 0.60",
            "26: severity weighs 0, and may be all that is known; write more.",
        ),
        ("skills: [fraud]", "skills: [fraud, spam]", "12: nobody in people.yaml may work on 'mon"),
        ("name: sold", "name: paid", "24: there is a rule 'paid' before; give each its own name."),
        (
            "first_action: 8h, resolve: 40h",
            "first_action: 8h, resolve: 4h",
            "wanted at least 1, an",
        ),
        ("first_action: 15m", "first_action: 90s", "7: it counts working time; write whole"),
        ("queues:\n", "queues: {}\nmore:\n", "there is no setting 'more' here; "),
        ("    hours: always\n", "", "queues.yaml:16: hours is missing; write it."),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(old: str, new: str, message: str) -> None:
    assert old in FULL
    assert any(message in line for line in errors(FULL.replace(old, new)))


def test_who_may_only_look_can_take_no_case() -> None:
    people = "people: [{id: eve, slack: U0EVE, roles: [viewer], zone: UTC, skills: [fraud]}]"
    with pytest.raises(YamlError, match="may work on 'rest'; give one person"):
        parse_desks(FULL, parse_people(people), MONITORS)


def added(rule: str) -> str:
    return FULL.replace("default:", f"  - {{name: more, match: {rule}, queue: rest}}\ndefault:")


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("{harm: payment_abuse, severity: S0, source: alert}", "'paid' before it takes"),
        ("{product: api, entity_type: key_id, harm: spam}", "'sold' before it takes"),
    ],
)
def test_a_rule_that_can_never_match_is_refused(rule: str, taken: str) -> None:
    assert errors(added(rule)) == [
        f"queues.yaml:25: {taken} all that 'more' matches; move it up, or drop it."
    ]


def test_a_rule_that_several_before_it_use_up_is_refused() -> None:
    first = "  - {name: grave, match: {harm: spam, severity: [S0, S1]}, queue: money}\n"
    second = "  - {name: slight, match: {harm: [spam, cbrn], severity: [S2, S3]}, queue: money}\n"
    text = added("{harm: spam}").replace("  - {name: more", first + second + "  - {name: more")
    assert errors(text) == [
        "queues.yaml:27: the rules before it take all that 'more' matches; move it up, or drop it."
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{harm: payment_abuse}",
        "{product: api}",
        "{entity_type: key_id}",
        "{severity: [S0, S1, S2, S3]}",
        "{harm: payment_abuse, severity: S2, source: alert}",
    ],
)
def test_a_rule_with_something_left_is_read(rule: str) -> None:
    assert parse(added(rule)).rules[-1].name == "more"


def test_a_mail_address_is_not_repeated() -> None:
    said = "\n".join(errors(re.sub("fraud", "ann@example.com", FULL)))
    assert "queues.yaml:13: there is no skill '…' in people.yaml; use one of " in said
    assert "@" not in said
