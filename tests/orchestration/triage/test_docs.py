import re
from dataclasses import replace

import pytest
import yaml

from monitors.contract import Severity
from orchestration.oncall.hours_yaml import HOURS
from orchestration.triage.hours_yaml import GOALS
from orchestration.triage.queue_yaml import QUEUE_KEYS, RULE_KEYS, TRAITS
from orchestration.triage.queues_yaml import PARTS
from orchestration.triage.reports import USUAL
from orchestration.triage.route import Routed, route
from orchestration.triage.score import FEATURES, Features, score
from tests.orchestration.triage.builders import DAY, HOUR, QUEUES, ROOT, parse, traits

PAGE = (ROOT / "docs" / "queues.md").read_text(encoding="utf-8")
SHOWN = parse(*re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
TABLE = PAGE.split("| key | what | must |")[1].split("\n\n")[0]
EXPLAINED = {
    key for row in TABLE.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])
}


def test_the_page_explains_every_key_and_no_other() -> None:
    keys = {*PARTS, *HOURS, *GOALS, *QUEUE_KEYS, *RULE_KEYS, *TRAITS, *FEATURES}
    assert keys == EXPLAINED


def test_the_page_explains_every_key_of_the_shipped_file() -> None:
    written = yaml.safe_load(QUEUES)
    keys = set(written) | set(written["score"]) | set(written["appeals"])
    for named in ("hours", "queues"):
        keys |= {key for part in written[named].values() for key in part}
    keys |= {
        key for policy in written["sla"].values() for goals in policy.values() for key in goals
    }
    keys |= {key for rule in written["routing"] for key in (*rule, *rule["match"])}
    assert keys - EXPLAINED == set()


def test_the_pages_file_routes_what_no_rule_names_to_the_default() -> None:
    assert route(SHOWN, traits()) == Routed("general", None)


def test_the_pages_scores_are_as_it_says() -> None:
    features = Features(Severity.S1, 0.8, 0.4, 0.0, 1.0, 0.5)
    assert score(features, SHOWN.weights).value == pytest.approx(64.75)
    less = score(replace(features, violating=None, age=None), SHOWN.weights)
    assert [round(part, 1) for part in less.contributions.values()] == [37.5, 8.6, 0.0, 14.3]
    assert round(less.value, 1) == 60.4


def test_the_page_says_when_reports_are_a_campaign() -> None:
    assert (USUAL.same_within, USUAL.within, USUAL.reporters) == (DAY, HOUR, 8)
    assert (USUAL.share, USUAL.doubtful, USUAL.new) == (0.6, 0.4, 7 * DAY)
