from datetime import timedelta

import pytest

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import ACK_FOR, MAX_SILENCE, Config, Inhibition, Route
from orchestration.yaml_lines import YamlError

LAST = "  - {name: rest, receiver: '#abuse'}\n"


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_config(text)
    return str(caught.value).splitlines()


def test_reads_routes_inhibitions_and_times() -> None:
    text = """
defaults: {group_interval: 10m, repeat_interval: 1d}
routes:
  - name: urgent
    receiver: "#pager"
    match: ['severity=~"S0|S1"', product="chat"]
    continue: true
    group_by: [monitor, entity]
    group_wait: 30s
    repeat_interval: 1h
    send_resolved: false
  - {name: rest, receiver: "#abuse"}
inhibitions:
  - {name: stale, source: [harm=monitoring_gap], target: [severity=S3], equal: [product]}
resolve_after: 3
storm: 50
flap_window: 6h
quiet: 5d
horizon: 1d
memory: 10d
ack_for: {S1: 1h}
max_silence: {S0: 1h}
"""
    assert parse_config(text) == Config(
        routes=(
            Route(
                "urgent",
                "#pager",
                (parse_matcher('severity=~"S0|S1"'), parse_matcher('product="chat"')),
                goes_on=True,
                group_by=("monitor", "entity"),
                group_wait=timedelta(seconds=30),
                group_interval=timedelta(minutes=10),
                repeat_interval=timedelta(hours=1),
                send_resolved=False,
            ),
            Route(
                "rest",
                "#abuse",
                group_interval=timedelta(minutes=10),
                repeat_interval=timedelta(days=1),
            ),
        ),
        inhibitions=(
            Inhibition(
                "stale",
                (parse_matcher("harm=monitoring_gap"),),
                (parse_matcher("severity=S3"),),
                ("product",),
            ),
        ),
        resolve_after=3,
        storm=50,
        flap_window=timedelta(hours=6),
        quiet=timedelta(days=5),
        horizon=timedelta(days=1),
        memory=timedelta(days=10),
        ack_for={**ACK_FOR, Severity.S1: timedelta(hours=1)},
        max_silence={**MAX_SILENCE, Severity.S0: timedelta(hours=1)},
    )


def test_one_route_is_enough() -> None:
    assert parse_config("routes:\n" + LAST) == Config((Route("rest", "#abuse"),))


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = """\
routes:
  - name: urgent
    receivr: "#pager"
    match: [severty=S0]
    repeat_interval: 4
  - name: rest
    receiver: "#abuse"
    group_interval: 7m
    group_by: [severity]
inhibitons: []
inhibitions:
  - {name: x, source: ['product=~".*"'], target: [product=chat], equal: []}
storm: many
"""
    assert errors(text) == [
        "routes.yaml:2: receiver is missing; write it.",
        "routes.yaml:3: there is no setting 'receivr' here; did you mean 'receiver'?",
        "routes.yaml:4: Alerts have no label 'severty'; did you mean 'severity'?",
        "routes.yaml:5: '4' is no time; write a number and s, m, h or d, as in 15m.",
        (
            "routes.yaml:6: group_by has ['severity'], which change while an alert is open; "
            "group by monitor, product, harm, entity_type, entity, owner. repeat_interval 4:00:00 "
            "is no multiple of group_interval 0:07:00; make it one, at least as long."
        ),
        "routes.yaml:10: there is no setting 'inhibitons' here; did you mean 'inhibitions'?",
        (
            'routes.yaml:12: product=~".*" matches alerts without labels, and so everything; '
            'add one that names a value, as in product="chat".'
        ),
        "routes.yaml:13: 'many' is no count; write a whole number, as in 2.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "routes.yaml:1: it is empty; write its settings."),
        ("routes: [", "routes.yaml:1: expected the node content, but found '<stream end>'; "),
        ("- a", "routes.yaml:1: wanted a mapping with defaults, routes, "),
        ("storm: 3", "routes.yaml:1: there are no routes; write at least one."),
        ("routes: []", "routes.yaml:1: There are no routes; write at least one."),
        ("routes: 3", "routes.yaml:1: wanted a list; begin each line with a dash."),
        ("routes:\n" + LAST + LAST, "routes.yaml:2: route 'rest' takes every alert from those "),
        ("routes:\n" + LAST + LAST, "routes.yaml:3: route 'rest' has the name of an earlier one"),
        (
            "routes:\n  - {name: a, receiver: b, match: [product=chat]}",
            "routes.yaml:2: the last route must take every alert; end with one without match",
        ),
        ("storm: 0\nroutes:\n" + LAST, "routes.yaml:1: storm is 0; count from 1."),
        ("storm: 3\nstorm: 4\nroutes:\n" + LAST, "routes.yaml:2: 'storm' is there twice; "),
        ("quiet: 30d\nroutes:\n" + LAST, "routes.yaml:1: memory 14 days, 0:00:00 is shorter "),
        (
            "routes:\n  - {name: a, receiver: b, send_resolved: 'yes please'}",
            "routes.yaml:2: 'yes please' is neither true nor false; write one of them.",
        ),
        (
            "routes:\n  - {name: a, receiver: b, match: ['product!=chat']}\n" + LAST,
            'routes.yaml:2: product!="chat" matches alerts without labels, and so everything; ',
        ),
        (
            "routes:\n  - {name: a, receiver: b, repeat_interval: 1m}",
            "routes.yaml:2: repeat_interval 0:01:00 is no multiple of group_interval 0:05:00; ",
        ),
        (
            "routes:\n  - {name: a, receiver: b, group_interval: 0s, group_wait: 1h}",
            "routes.yaml:2: group_interval is 0:00:00; wanted more than 0s.",
        ),
        ("ack_for: {S9: 1h}\nroutes:\n" + LAST, "there is no setting 'S9' here; "),
        ("defaults: {name: x}\nroutes:\n" + LAST, "routes.yaml:1: there is no setting 'name' "),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(text: str, message: str) -> None:
    assert any(message in line for line in errors(text))
