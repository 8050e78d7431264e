from datetime import timedelta

import pytest

from orchestration.policies.actions import Action, Delay, Gate, Gravity, Restriction
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.rules import Acting, Caps, Protected
from orchestration.yaml_lines import YamlError
from tests.orchestration.policies.builders import ACTIONS, HEAD, PRODUCTS, RULES_TEXT, rules


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_enforcement(text, PRODUCTS)
    return str(caught.value).splitlines()


def changed(before: str, after: str) -> list[str]:
    assert RULES_TEXT.count(before) == 1
    return errors(RULES_TEXT.replace(before, after))


def test_reads_an_action_with_all_its_parts() -> None:
    assert rules().actions["slow"] == Action(
        id="slow",
        action_class="rate",
        target_types=frozenset({"account_id", "key_id"}),
        value="slow",
        reversible=True,
        gravity=Gravity.LIMIT,
        says="You are slow.",
        approvals=0,
        duration=timedelta(hours=24),
        gate=Gate(0.90, 29, timedelta(days=7)),
        restriction=Restriction("provision", "partial_suspension"),
        delay=Delay(timedelta(minutes=1), timedelta(hours=2)),
    )


def test_reads_caps_and_whom_to_protect() -> None:
    text = RULES_TEXT + "protected: {types: [org], tags: [journalist]}\n"
    found = parse_enforcement(text, PRODUCTS)
    assert found.caps == Caps(10, 20, 0.5, 20, 5)
    assert found.protected == Protected(frozenset({"org"}), frozenset({"journalist"}))


def test_what_people_do_is_no_action() -> None:
    assert rules().people == {"review"}
    assert sorted(rules().actions) == ["close", "pause", "slow", "warn"]


def test_nothing_said_is_dry_run() -> None:
    assert rules().mode is Acting.DRY_RUN
    assert rules().acting("chat") is Acting.DRY_RUN


def test_a_product_may_differ() -> None:
    found = parse_enforcement("mode: live\nproducts: {chat: dry_run}\n" + RULES_TEXT, PRODUCTS)
    assert [found.acting("chat"), found.acting("api")] == [Acting.DRY_RUN, Acting.LIVE]


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = f"""\
mode: lve
products: {{chatt: dry_run}}
approval_expires: 0h
caps: {{per_run: 0, per_day: 20, per_day_share: 1.5, per_monitor: 20}}
protect: {{}}
{ACTIONS}"""
    assert errors(text.replace("kind: people", "kind: peple")) == [
        "enforcement.yaml:1: there is no mode 'lve'; did you mean 'live'?",
        "enforcement.yaml:2: there is no product 'chatt'; did you mean 'chat'?",
        "enforcement.yaml:3: it is no time at all; write one, as in 24h.",
        "enforcement.yaml:4: '1.5' is no share; write one from 0 to 1, as in 0.95.",
        "enforcement.yaml:4: per_tenant is missing; write it.",
        "enforcement.yaml:5: there is no setting 'protect' here; did you mean 'protected'?",
        (
            "enforcement.yaml:7: action_class, target_types, value, reversible, gravity, says, "
            "approvals, duration, auto, decision is missing; write it."
        ),
        "enforcement.yaml:7: there is no kind 'peple'; did you mean 'people'?",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("per_run: 10", "per_run: 0", "2: per_run is 0; wanted more than 0."),
        (
            "per_run: 10",
            "per_run: 21",
            "2: per_run 21 is over per_day 20, so it never holds; lower it.",
        ),
        ("share: 0.5", "share: 0", "2: per_day_share is 0.0; wanted over 0, and at most 1."),
    ],
)
def test_caps_that_stop_everything_or_nothing_are_refused(
    before: str, after: str, said: str
) -> None:
    assert changed(before, after) == [f"enforcement.yaml:{said}"]


def test_a_share_may_be_all() -> None:
    assert parse_enforcement(RULES_TEXT.replace("0.5", "1"), PRODUCTS).caps.per_day_share == 1.0


def test_a_graver_action_takes_no_lower_bound() -> None:
    assert changed("lower_bound: 0.90", "lower_bound: 0.75") == [
        (
            "enforcement.yaml:9: its lower_bound 0.75 is below 0.8 of 'warn', which is lighter; "
            "raise it."
        )
    ]


def test_equal_bounds_of_light_and_grave_will_do() -> None:
    text = RULES_TEXT.replace("lower_bound: 0.90", "lower_bound: 0.80")
    gate = parse_enforcement(text, PRODUCTS).actions["slow"].gate
    assert gate == Gate(0.80, 29, timedelta(days=7))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("approvals: 2", "approvals: 1", "it is irreversible; write approvals: 2."),
        ("approvals: 1", "approvals: 3", "approvals is 3; write 0, 1 or 2."),
        ("duration: 24h", "duration: 0h", "duration is 0; write none, or how long it lasts."),
        (
            "duration: 24h",
            "duration: 2h",
            "the delay may outlast the duration; shorten its max.",
        ),
        (
            "one_off: true, gravity: warn, duration: none",
            "one_off: true, gravity: warn, duration: 1h",
            "a one-off occupies nothing; write duration: none.",
        ),
        (
            "min_n: 29",
            "min_n: 28",
            "min_n is 28, but even without an error 0.9 takes 29 labels; write 29 or more.",
        ),
        (
            "max_label_age: 7d",
            "max_label_age: 31d",
            "max_label_age is 31 days, 0:00:00; wanted more than 0 and at most 30d.",
        ),
        (
            "delay: {min: 1m, max: 2h}",
            "delay: {min: 2h, max: 2h}",
            "the delay is 2:00:00 to 2:00:00; wanted min below max, from 0m.",
        ),
        (
            "{provision: partial_suspension}",
            "{provision: none}",
            (
                "there is no provision restriction 'none'; use one of partial_suspension, "
                "partial_termination, total_suspension, total_termination."
            ),
        ),
        (
            "{provision: partial_suspension}",
            "{monetary: other}",
            "the word is other; say in `other` what is restricted.",
        ),
        (
            "{provision: partial_suspension}",
            "{}",
            "wanted none, or one of visibility, monetary, provision, account.",
        ),
        (
            "approvals: 1, approval_expires: 4h",
            "approvals: 1, approval_expires: 0h",
            "approval_expires is 0; write how long it waits for people.",
        ),
    ],
)
def test_an_action_that_cannot_be_is_refused(before: str, after: str, said: str) -> None:
    (error,) = changed(before, after)
    assert error.split(": ", 1)[1] == said


def test_what_is_irreversible_or_final_is_never_automatic() -> None:
    gate = "auto: {lower_bound: 0.99, min_n: 300, max_label_age: 1d}"
    head, close = RULES_TEXT.rsplit("auto: never", 1)
    assert errors(head + gate + close) == [
        "enforcement.yaml:19: it is irreversible; write auto: never."
    ]
    kept = (head + gate + close).replace("reversible: false", "reversible: true")
    assert "it is terminate; write auto: never." in errors(kept)[0]


def test_a_one_off_leaves_nothing_to_put_back() -> None:
    (error,) = changed("reversible: true, one_off: true", "reversible: false, one_off: true")
    assert error.endswith("a one-off leaves nothing to put back; write reversible: true.")


def test_auto_and_approvals_contradict_each_other() -> None:
    text = RULES_TEXT.replace("duration: 24h, approvals: 0", "duration: 24h, approvals: 1")
    assert "write approvals: 0 or auto: never." in errors(text)[0]


def test_a_mode_written_twice_is_refused() -> None:
    text = f"mode: dry_run\nmode: live\n{HEAD}{ACTIONS}"
    assert errors(text) == ["enforcement.yaml:2: 'mode' is there twice; keep one."]
