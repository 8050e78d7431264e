import re

import pytest

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.policies import enforcement_yaml, policies_yaml
from orchestration.policies.actions import Gate
from orchestration.policies.dsa import DECISIONS
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.templates import PLACES
from orchestration.yaml_lines import YamlError
from tests.orchestration.policies.builders import HEAD, ROOT, shipped_rules

PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
POLICY, ACTION = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def table(title: str) -> list[str]:
    """The first column of the table with that heading."""
    rows = PAGE.split(f"| {title} |", 1)[1].split("\n\n")[0]
    return re.findall(r"^\| `(.+?)` \|", rows, re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("part of the text", policies_yaml.TEXT),
        ("part of the statement", policies_yaml.STATEMENT),
        ("cap", enforcement_yaml.CAPS),
        ("key of an action", enforcement_yaml.ACTION),
        ("key of `auto`", enforcement_yaml.GATE),
        ("key of `decision`", [*DECISIONS, "other"]),
        ("place in a notice", [f"{{{place}}}" for place in PLACES]),
        ("key", policies_yaml.PARTS),
    ],
)
def test_each_table_has_every_key_and_no_other(title: str, keys: list[str]) -> None:
    assert sorted(table(title)) == sorted(keys)


def test_the_table_of_a_policy_has_every_key_and_no_other() -> None:
    rows = PAGE.split("Each policy has all of these:")[1].split("| part of the text |")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)) == sorted(policies_yaml.POLICY)


def test_the_table_of_enforcement_has_every_key_and_no_other() -> None:
    rows = PAGE.split("## enforcement.yaml")[1].split("| cap |")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)) == sorted(
        enforcement_yaml.RULES
    )


@pytest.mark.parametrize(
    "keys",
    [
        policies_yaml.APPEAL,
        policies_yaml.STRIKE,
        enforcement_yaml.SHIELD,
        enforcement_yaml.DELAY,
    ],
)
def test_the_page_names_the_keys_of_small_parts(keys: list[str]) -> None:
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_the_words_of_decisions_are_those_of_the_code() -> None:
    for field, words in DECISIONS.items():
        assert f"| `{field}` | {', '.join(words)} |" in PAGE


def test_the_pages_policy_is_right_but_for_the_other_harms() -> None:
    with pytest.raises(YamlError) as caught:
        parse_policies(POLICY, shipped_rules())
    (error,) = str(caught.value).splitlines()
    others = [harm for harm in Harm if harm not in {Harm.SPAM, Harm.MONITORING_GAP}]
    assert error.startswith(f"policies.yaml:3: no policy covers {', '.join(others)}; ")


def test_the_pages_action_is_the_shipped_one() -> None:
    found = parse_enforcement(f"{HEAD}actions:\n{ACTION}", ["chat"])
    assert found.actions == {"throttle_key": shipped_rules().actions["throttle_key"]}


def test_the_pages_gate_needs_more_than_the_fewest_labels() -> None:
    gate = shipped_rules().actions["throttle_key"].gate
    assert isinstance(gate, Gate)
    assert gate.fewest < gate.min_n


def test_the_page_says_what_a_machine_may_decide() -> None:
    rules = shipped_rules()
    found = {severity.name: rules.automation("throttle_key", severity) for severity in Severity}
    assert found == {"S0": "partially", "S1": "partially", "S2": "fully", "S3": "fully"}
    assert "| with a gate | S0, S1 | partially" in PAGE
