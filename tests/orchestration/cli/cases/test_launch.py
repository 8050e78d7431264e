"""`watchfloor launch`: from nothing to a checklist, what the gate says of it, waived and signed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from monitors.harms import Harm
from orchestration.launch.checklist_yaml import read_checklist
from tests.orchestration.cli.cases.bench import Bench

NEW = ("--author", "ibex-4", "--owner", "chat-safety", "--queue", "integrity")


@pytest.fixture
def begun(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, Path]:
    """A checklist of the product chat, as the command wrote it."""
    folder = tmp_path / "checklists"
    monkeypatch.setenv("WATCHFLOOR_CHECKLISTS", str(folder))
    bench.be("ibex-4")
    done = bench.run("launch", "new", "chat", *NEW, "--surfaces", "web, ios")
    assert done.exit_code == 0, done.output
    return bench, folder / "chat.yaml"


def test_a_new_checklist_has_every_harm_and_the_monitors_that_there_are(
    begun: tuple[Bench, Path],
) -> None:
    bench, path = begun
    found = read_checklist(path.read_text(encoding="utf-8"), name="chat.yaml")
    assert {one.id for one in found.harms} == set(Harm) - {Harm.MONITORING_GAP}
    spam = next(one for one in found.harms if one.id is Harm.SPAM)
    assert [one.id for one in spam.monitors] == ["chat/mass_messages"]
    assert found.surfaces == ("web", "ios")
    assert "is not overwritten" in bench.refused("launch", "new", "chat", *NEW)


def test_the_gate_ends_with_one_and_says_what_to_mend_in_every_form(
    begun: tuple[Bench, Path], tmp_path: Path
) -> None:
    bench, _ = begun
    text = bench.run("launch", "check", "chat", "--quiet")
    assert text.exit_code == 1, text.output
    assert text.stdout.startswith("chat at 1 %: may not begin; ")
    assert "FAIL blocker harms.cbrn: no monitor is named." in text.stdout
    found = json.loads(bench.run("launch", "check", "chat", "--format", "json").stdout)
    assert (found["verdict"], found["stage"]) == ("fail", 1)
    gate = tmp_path / "gate.xml"
    done = bench.run("launch", "check", "chat", "--format", "junit", "--output", str(gate))
    assert (done.exit_code, done.stdout) == (1, f"{gate}: fail\n")
    assert len(ET.parse(gate).getroot().findall(".//testcase")) == len(found["items"])  # noqa: S314 - our own
    page = bench.run("launch", "check", "chat", "--format", "html").stdout
    assert "No item changed." in page
    (row,) = bench.ask("launch", "list")
    assert (row["product"], row["verdict"]) == ("chat", "fail")


def test_a_wrong_checklist_ends_with_two_and_every_mistake_with_its_line(
    begun: tuple[Bench, Path],
) -> None:
    bench, path = begun
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("chat/mass_messages", "chat/mass_mesages"), encoding="utf-8")
    said = bench.refused("launch", "check", "chat")
    assert "chat.yaml:" in said
    assert "did you mean 'chat/mass_messages'?" in said
    assert "did you mean 'chat'?" in bench.refused("launch", "check", "chatt")


def test_without_a_ledger_it_ends_with_three(
    begun: tuple[Bench, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, _ = begun
    monkeypatch.setenv("WATCHFLOOR_LEDGER", f"sqlite:///{tmp_path / 'gone' / 'ledger.db'}")
    done = bench.run("launch", "check", "chat", "--quiet")
    assert done.exit_code == 3, done.output
    assert "ERROR blocker" in done.stdout
    assert "The report is not kept" in done.stderr


def test_a_waiver_is_approved_and_a_state_signed_by_those_who_may(
    begun: tuple[Bench, Path],
) -> None:
    bench, path = begun
    today = datetime.now(UTC).date()
    waiver = (
        "waivers:\n- {item: runbooks.spam, reason: being written, risk: a slower first look,\n"
        "   compensating: the author is on call, owner: otter-2, approver: crane-6,\n"
        f"   created: {today}, expires: {today}}}\n"
    )
    text = path.read_text(encoding="utf-8").replace("waivers: []\n", waiver)
    path.write_text(text, encoding="utf-8")
    assert "crane-6 is to approve it" in bench.refused("launch", "waive", "chat", "runbooks.spam")
    bench.be("crane-6")
    assert bench.one("launch", "waive", "chat", "runbooks.spam")["approved_by"] == "crane-6"
    assert bench.one("launch", "sign", "chat", "--as", "policy")["as"] == "policy"
    bench.be("ibex-4")
    said = bench.refused("launch", "sign", "chat", "--as", "tns_eng")
    assert "ibex-4 wrote the checklist and cannot sign as tns_eng" in said
    report = json.loads(bench.run("launch", "check", "chat", "--format", "json").stdout)
    signed = {one["id"]: one["outcome"] for one in report["items"] if "signoffs" in one["id"]}
    assert signed["signoffs.policy"] == "pass"
    assert signed["signoffs.tns_eng"] == "fail"


def test_a_finding_of_a_red_team_stops_the_launch_until_it_is_closed(
    begun: tuple[Bench, Path],
) -> None:
    bench, _ = begun

    def outcome() -> str:
        report = json.loads(bench.run("launch", "check", "chat", "--format", "json").stdout)
        return str({one["id"]: one["outcome"] for one in report["items"]}["red_team.open"])

    more = ("--severity", "S0", "--evidence", "https://wiki.example/7")
    name = bench.one("launch", "finding", "open", "chat", *more)["finding"]
    assert outcome() == "fail"
    close = ("launch", "finding", "close", name, "--reason", "filter 7 is live", "--as")
    assert "cannot accept a risk" in bench.refused(*close, "accepted")
    bench.one(*close, "mended")
    assert outcome() == "pass"
    assert "is closed already" in bench.refused(*close, "mended")


def test_scaffold_says_what_nothing_watches(begun: tuple[Bench, Path]) -> None:
    bench, _ = begun
    done = bench.run("launch", "scaffold", "chat")
    assert done.exit_code == 0, done.output
    assert "No monitor is named for: sexual_content, violence_extremism" in done.stdout
