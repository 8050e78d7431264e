from datetime import date, time, timedelta

import pytest

from monitors.contract import Severity
from orchestration.oncall.delivery import Batch, Delivery, Digest
from orchestration.oncall.hours import Hours
from orchestration.oncall.ladders import Channel, Ladder, OnCall, Someone, Step
from orchestration.oncall.rota import Rota
from orchestration.oncall.rota_yaml import parse_rota
from orchestration.oncall.turns import Override, TeamRota
from orchestration.yaml_lines import YamlError
from tests.orchestration.oncall.builders import HOUR, LONDON, LOS_ANGELES, MINUTE, roster, utc

HOURS = """\
hours:
  office:
    zone: Europe/London
    open: "09:00"
    close: "17:00"
    weekdays: [monday, friday]
    holidays: [2026-12-25]
  always: {zone: Europe/London, open: "00:00", close: "24:00", weekdays: [sunday]}
"""
ROTAS = """\
rotas:
  chat:
    zone: America/Los_Angeles
    handover: {at: "09:00", every: monday}
    from: 2026-01-05
    layers: [[ann, bob], [bob, ann]]
    overrides:
      - {layer: 1, person: cat, from: 2026-03-07 12:00, to: 2026-03-08 12:00}
  api:
    zone: Europe/London
    handover: {at: "08:00", every: day}
    from: 2026-01-01
    layers: [[ann], [bob], [cat]]
"""
LADDERS = """\
ladders:
  calm:
    match: {severities: [S2], teams: [chat]}
    steps:
      - {wait: 4h, notify: {person: eve}, only_in: office}
  urgent:
    match: {severities: [S0, S1]}
    steps:
      - {wait: 0m, notify: {oncall: chat}}
      - {wait: 10m, notify: {oncall: api, layer: 3}}
      - {wait: 10m, notify: {channel: C0URGENT}}
    repeat: {count: 2, after: 30m}
"""
DELIVERY = """\
delivery:
  S2: {every: 15m, only_in: office}
  S3: {at: "09:00", zone: Europe/London}
"""
FULL = HOURS + ROTAS + LADDERS + DELIVERY


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_rota(text, roster())
    return str(caught.value).splitlines()


def test_reads_hours_rotas_ladders_and_delivery() -> None:
    office = Hours(
        "office", LONDON, time(9), time(17), frozenset({0, 4}), frozenset({date(2026, 12, 25)})
    )
    stand_in = Override(1, "cat", utc("2026-03-07T20:00"), utc("2026-03-08T19:00"))
    first = date(2026, 1, 5)
    layers = (("ann", "bob"), ("bob", "ann"))
    assert parse_rota(FULL, roster()) == Rota(
        {"office": office, "always": Hours("always", LONDON, time(), time(), frozenset({6}))},
        {
            "chat": TeamRota("chat", LOS_ANGELES, time(9), 0, first, layers, (stand_in,)),
            "api": TeamRota(
                "api", LONDON, time(8), None, date(2026, 1, 1), (("ann",), ("bob",), ("cat",))
            ),
        },
        (
            Ladder(
                "calm",
                frozenset({Severity.S2}),
                (Step(4 * HOUR, Someone("eve"), office),),
                frozenset({"chat"}),
            ),
            Ladder(
                "urgent",
                frozenset({Severity.S0, Severity.S1}),
                (
                    Step(timedelta(0), OnCall("chat")),
                    Step(10 * MINUTE, OnCall("api", 3)),
                    Step(10 * MINUTE, Channel("C0URGENT")),
                ),
                repeat=2,
                pause=30 * MINUTE,
            ),
        ),
        Delivery(Batch(15 * MINUTE, office), Digest(time(9), LONDON)),
    )


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = """\
hours:
  office: {zone: Europe/London, open: "9:00", close: "17:00", weekdays: [mondy]}
  shut: {zone: Europe/London, open: "09:00", close: "09:00", weekdays: [monday]}
rotas:
  chatt:
    zone: Europe/London
    handover: {at: "09:00", every: tuesday}
    from: 2026-01-05
    layers: [[ann], [bob]]
  chat:
    zone: Europe/London
    handover: {at: "09:00", every: monday}
    from: 2026-01-05
    layers: [[ann, bob], [bob, ann]]
    overrides:
      - {layer: 3, person: cat, from: 2026-03-07 12:00, to: 2026-03-08 12:00}
      - {layer: 1, person: dan, from: 2026-3-7 12:00, to: 2026-03-08}
  api:
    zone: Europe/London
    handover: {at: "09:00", every: monday}
    from: 2026-01-05
    layers: [[ann, eve], [bob, ann@example.com]]
ladders:
  urgent:
    match: {severities: [S0, S9], teams: [cha]}
    steps:
      - {wait: 10, notify: {oncall: chat}}
      - {wait: 99999d, notify: {oncall: chut}, only_in: offce}
      - {wait: 1m, notify: {channel: "#alerts"}}
      - {wait: 1m, notify: {person: ann, channel: C0X}}
      - {wait: 1m, notify: {person: ann, layer: 2}}
    repeat: {count: many, after: 5m}
delivery:
  S1: {}
  S2: {every: 0m, only_in: office}
  S3: {at: 25:00, zone: GMT}
"""
    assert errors(text) == [
        "rota.yaml:2: '9:00' is no time of day; write two digits each, as in 09:00.",
        "rota.yaml:2: there is no weekday 'mondy'; did you mean 'monday'?",
        (
            "rota.yaml:3: The hours 'shut' open and close at 09:00; write two times, or 00:00 and "
            "24:00 for the whole day."
        ),
        "rota.yaml:5: there is no team 'chatt' in people.yaml; did you mean 'chat'?",
        "rota.yaml:6: 2026-01-05 is a monday and hand-over is on tuesday; write 2025-12-30.",
        "rota.yaml:16: chat has no layer 3; it has 1 to 2.",
        "rota.yaml:17: '2026-03-08' is no such date; write it as in 2026-12-25 09:00.",
        "rota.yaml:17: '2026-3-7 12:00' is no such date; write it as in 2026-12-25 09:00.",
        "rota.yaml:17: there is no person 'dan' in people.yaml; did you mean 'ann'?",
        "rota.yaml:22: eve may not ack; give them one of oncall, lead, admin in people.yaml.",
        "rota.yaml:22: it is a mail address; write small letters and digits, as in heron-7.",
        "rota.yaml:25: there is no severity 'S9'; use one of S0, S1, S2, S3.",
        "rota.yaml:25: there is no team 'cha' in people.yaml; did you mean 'chat'?",
        "rota.yaml:27: '10' is no time; write a number and s, m, h or d, as in 15m.",
        "rota.yaml:28: it is no time up to 9999 units; write one as in 15m, 4h or 2d.",
        "rota.yaml:28: there is no hours 'offce'; did you mean 'office'?",
        "rota.yaml:28: there is no rota 'chut'; did you mean 'chat'?",
        "rota.yaml:29: it is no Slack channel id; copy it from the channel, as in C0ALERTS.",
        "rota.yaml:30: wanted one of oncall (with layer), person or channel.",
        "rota.yaml:31: wanted one of oncall (with layer), person or channel.",
        "rota.yaml:32: 'many' is no count; write a whole number to 999, as in 2.",
        "rota.yaml:34: there is no setting 'S1' here; use one of S2, S3.",
        "rota.yaml:35: A batch is told every 0:00:00; wanted more than 0m, at most 1d.",
        "rota.yaml:36: '25:00' is no time of day; write two digits each, as in 09:00.",
        "rota.yaml:36: there is no zone 'GMT'; did you mean 'Etc/GMT'?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (HOURS, "", "rota.yaml:1: hours is missing; write it."),
        (HOURS, "hours: {}\n", "rota.yaml:1: wanted a mapping; begin each line with a name"),
        (ROTAS, "rotas: []\n", "rota.yaml:9: wanted a mapping; begin each line with a name"),
        ("  api:\n", "  chat:\n", "rota.yaml:17: 'chat' is there twice; keep one."),
        ("  always:", "  office:", "rota.yaml:8: 'office' is there twice; keep one."),
        ("[[ann], [bob], [cat]]", "[[ann]]", "rota.yaml:18: api has 1 layers with people; write"),
        ("[[ann], [bob], [cat]]", "[[ann], []]", "18: api has 1 layers with people; write at"),
        ("[[ann, bob], [bob, ann]]", "[[ann, bob], [ann, bob]]", "11: ann is in layers 1 and 2 "),
        ("from: 2026-01-05", "from: 0206-01-05", "'0206-01-05' is no such date; write it as in"),
        ("every: day", "every: week", "rota.yaml:19: there is no turn 'week'; use one of day, "),
        ("to: 2026-03-08 12:00", "to: 2026-03-07 12:00", "wanted an end after its start and wit"),
        ("person: cat", "person: bob", "rota.yaml:16: bob would be in layers 1 and 2 at once;"),
        ("layer: 3", "layer: 4", "rota.yaml:31: api has no layer 4; it has 1 to 3."),
        ("[S0, S1]", "[S1]", "rota.yaml:27: no ladder takes S0 of every team; end with one with"),
        ("{severities: [S0, S1]}", "{severities: [S0, S1], teams: [chat]}", "S0 and S1 of every"),
        ("{severities: [S0, S1]}", "{severities: [S0, S1], teams: []}", "it is empty; name a"),
        ("[S2], teams: [chat]", "[S1]", "is for S0 or S1, which wait for no hours; take only_in"),
        ("[S0, S1]", "[]", "rota.yaml:28: The ladder 'urgent' has 0 severities and 3 steps;"),
        ("after: 30m", "after: 0m", "rota.yaml:28: The ladder 'urgent' begins again after 0:00"),
        ("count: 2", "count: ''", "rota.yaml:33: wanted a text."),
        ("[sunday]", "[]", "rota.yaml:8: The hours 'always' have no weekday; write at least one."),
        (
            "{every: 15m, only_in: office}",
            "{every: 2d, only_in: office}",
            "35: A batch is told every",
        ),
        ("  S3: {at", "  S4: {at", "rota.yaml:35: S3 is missing; write it."),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(old: str, new: str, message: str) -> None:
    assert old in FULL
    assert any(message in line for line in errors(FULL.replace(old, new)))


def test_a_ladder_that_is_never_reached_is_refused() -> None:
    late = """\
  late:
    match: {severities: [S1], teams: [chat]}
    steps: [{wait: 0m, notify: {channel: C0LATE}}]
"""
    text = FULL.replace(DELIVERY, late + DELIVERY)
    assert errors(text) == [
        "rota.yaml:34: the ladders before 'late' take all its alerts; move it up."
    ]
    first = FULL.replace("ladders:\n", "ladders:\n" + late)
    assert parse_rota(first, roster()).ladders[0].name == "late"


def test_a_mistake_in_one_place_is_said_once() -> None:
    assert errors(FULL.replace('close: "17:00"', 'close: "17"')) == [
        "rota.yaml:5: '17' is no time of day; write two digits each, as in 09:00."
    ]
    assert errors(FULL.replace("every: day", "every: dya")) == [
        "rota.yaml:19: there is no turn 'dya'; did you mean 'day'?"
    ]
