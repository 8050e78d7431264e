"""The same report in each form: what stops it comes first, with its remedy."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

from orchestration.launch.render_json import as_json
from orchestration.launch.render_junit import as_junit
from orchestration.launch.render_md import as_markdown
from orchestration.launch.render_text import as_text
from tests.support.launch import GREEN, granted, report, waiver
from tests.support.launch_broken import BROKEN

GONE = report(BROKEN["a queue is gone"][0])
LET = report(replace(granted(waiver()), runbooks={}), waivers=[waiver()])


def test_text_begins_with_the_verdict_and_the_root_with_its_remedy() -> None:
    lines = as_text(GONE).splitlines()
    assert lines[:6] == [
        (
            "voice_notes at 100 %: may not begin; 1 items stop it, and 2 that follow from them. "
            "As of 2026-03-10 12:00 UTC."
        ),
        "FAIL blocker capacity.queue: there is no queue integrity.",
        "    wanted: There is a queue integrity.",
        "    fix: Write it into queues.yaml. Owner: team-voice",
        "  UNKNOWN blocker capacity.reviewers: not looked at: capacity.queue comes first.",
        "  UNKNOWN blocker capacity.languages.en: not looked at: capacity.queue comes first.",
    ]
    assert lines[-1] == f"state {GONE.digest}"


def test_quiet_text_has_only_what_is_not_as_it_must_be() -> None:
    assert len(as_text(report(), quiet=True).splitlines()) == 2
    assert "Waived until 2026-03-15: being rewritten 5 days left." in as_text(LET, quiet=True)


def test_json_has_every_item_once_and_the_exit_code() -> None:
    found = json.loads(as_json(GONE))
    assert (found["verdict"], found["exit_code"], found["stage"]) == ("fail", 1, 100)
    first, second = found["items"][:2]
    assert first["id"] == "capacity.queue"
    assert first["stops"] is True
    assert second["root"] == "capacity.queue"
    assert len({one["id"] for one in found["items"]}) == len(GONE.results)


def test_markdown_lists_what_to_mend_before_the_table() -> None:
    text = as_markdown(GONE)
    assert text.index("## To mend") < text.index("## All items")
    assert "- **FAIL** blocker `capacity.queue`: there is no queue integrity. Wanted:" in text
    assert "  - UNKNOWN `capacity.reviewers`: follows from `capacity.queue`" in text
    assert text.count("\n| ") == len(GONE.results) + 1
    assert "5 days left." in as_markdown(LET)


def test_junit_counts_what_stops_as_failures_and_what_cannot_be_looked_at_as_errors() -> None:
    root = ET.fromstring(as_junit(GONE).encode())  # noqa: S314 - our own
    suites = {one.get("name"): one for one in root}
    assert suites["capacity"].get("failures") == "3"
    assert sum(int(one.get("tests", "0")) for one in root) == len(GONE.results)
    broken = ET.fromstring(as_junit(report(BROKEN["the ledger cannot be reached"][0])).encode())  # noqa: S314 - our own
    assert sum(int(one.get("errors", "0")) for one in broken) == 1
    fine = ET.fromstring(as_junit(report(GREEN)).encode())  # noqa: S314 - our own
    assert {one.get("failures") for one in fine} == {"0"}
