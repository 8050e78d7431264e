import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.triage.desks import Rule, Source, Traits
from orchestration.triage.route import Routed, never_reached, route
from tests.orchestration.triage.builders import MONITORS, parse, traits

DESKS = parse()
TRAITS = st.builds(
    Traits,
    st.none() | st.sampled_from(Harm),
    st.sampled_from(sorted({monitor.product for monitor in MONITORS})) | st.text(max_size=5),
    st.sampled_from(Severity),
    st.sampled_from(Source),
    st.sampled_from(sorted({monitor.entity for monitor in MONITORS})) | st.text(max_size=5),
    st.none() | st.sampled_from(sorted(monitor.id for monitor in MONITORS)) | st.text(max_size=5),
)


@pytest.mark.parametrize(
    ("case", "queue", "rule"),
    [
        (traits(Harm.CHILD_SAFETY), "child-safety", "child-safety"),
        (traits(Harm.SELF_HARM), "self-harm", "self-harm"),
        (traits(Harm.PAYMENT_ABUSE), "fraud", "fraud"),
        (traits(Harm.ACCOUNT_TAKEOVER), "cyber", "cyber"),
        (traits(Harm.ACCOUNT_TAKEOVER, source=Source.REPORT), "fraud", "taken-over-accounts"),
        (traits(Harm.SPAM), "integrity", "integrity"),
        (traits(Harm.CBRN), "general", None),
        (traits(None, product="something new"), "general", None),
    ],
)
def test_the_first_rule_that_matches_decides(case: Traits, queue: str, rule: str | None) -> None:
    assert route(DESKS, case) == Routed(queue, rule)


@given(TRAITS)
def test_every_case_has_exactly_one_queue_that_is_there(case: Traits) -> None:
    found = route(DESKS, case)
    assert found == route(DESKS, case)
    assert found.queue in DESKS.queues
    matching = [
        rule.name
        for rule in DESKS.rules
        if all(case.named()[trait] in values for trait, values in rule.match.items())
    ]
    assert found.rule == (matching[0] if matching else None)
    assert found.rule is not None or found.queue == DESKS.default


@given(TRAITS)
def test_nothing_of_a_restricted_harm_goes_past_its_queue(case: Traits) -> None:
    restricted = DESKS.queues[route(DESKS, case).queue].restricted
    assert restricted == (case.harm in {Harm.CHILD_SAFETY, Harm.SELF_HARM})


DOMAINS = {trait: frozenset("abc") for trait in ("harm", "product")}


def rules(*matches: dict[str, str]) -> list[Rule]:
    return [
        Rule(f"r{at}", {trait: frozenset(values) for trait, values in match.items()}, "q")
        for at, match in enumerate(matches)
    ]


@pytest.mark.parametrize(
    ("matches", "lost"),
    [
        ([{"harm": "a"}, {"harm": "b"}], []),
        ([{"harm": "ab"}, {"harm": "a", "product": "b"}], ["'r0' before it takes all that 'r1'"]),
        ([{"harm": "a", "product": "b"}, {"harm": "ab"}], []),
        (
            [{"harm": "a"}, {"harm": "b"}, {"harm": "ab", "product": "c"}],
            ["the rules before it take all that 'r2'"],
        ),
        (
            [{"harm": "a"}, {"product": "ab"}, {"product": "c", "harm": "bc"}, {"harm": "c"}],
            ["the rules before it take all that 'r3'"],
        ),
    ],
)
def test_rules_that_can_never_match_are_found(
    matches: list[dict[str, str]], lost: list[str]
) -> None:
    found = never_reached(rules(*matches), DOMAINS)
    assert [text.split(" matches;")[0] for _, text in found] == lost


SETS = st.text("abc", min_size=1, max_size=3)
MATCHES = st.lists(
    st.dictionaries(st.sampled_from(("harm", "product")), SETS, min_size=1), max_size=5
)


@given(MATCHES)
def test_a_rule_is_never_reached_just_if_no_case_comes_to_it(matches: list[dict[str, str]]) -> None:
    given_rules = rules(*matches)
    reached = set()
    for harm in "abc":
        for product in "abc":
            case = {"harm": harm, "product": product}
            places = (
                at
                for at, rule in enumerate(given_rules)
                if all(case[trait] in values for trait, values in rule.match.items())
            )
            reached.add(next(places, None))
    lost = {at for at, _ in never_reached(given_rules, DOMAINS)}
    assert lost == set(range(len(given_rules))) - reached
