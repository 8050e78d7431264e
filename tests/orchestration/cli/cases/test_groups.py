"""`watchfloor cases merge|split|open|queues|gaps|tasks|certify`."""

from pathlib import Path

from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import load
from tests.orchestration.cli.cases.bench import Bench

WHY = ("--reason", "one campaign")


def test_merges_and_splits_by_a_lead(bench: Bench) -> None:
    bench.found(0, "ann")
    bench.found(1, "bob")
    ann, bob = bench.case_of("ann").case_id, bench.case_of("bob").case_id
    assert "none of which may 'merge'" in bench.refused("cases", "merge", ann, bob, *WHY)
    bench.be("heron-7")
    assert bench.one("cases", "merge", ann, bob, *WHY)["case_id"] == ann
    assert [case.merged_into for case in bench.cases() if case.case_id == bob] == [ann]
    assert "cannot be merged into itself" in bench.refused("cases", "merge", ann, ann, *WHY)
    mine = bench.alert_id("bob")[:12]
    new = bench.one("cases", "split", ann, "--alert", mine, *WHY)
    assert (new["related"], new["state"]) == (ann, "triaged")
    assert bench.case_of("bob").case_id == new["case_id"]
    assert "wanted at least one of its alerts" in bench.refused(
        "cases", "split", ann, "--alert", mine, *WHY
    )


def test_opens_a_case_for_what_no_monitor_caught(bench: Bench) -> None:
    what = ("--product", "chat", "--harm", "fraud_scams", "--reason", "told by support")
    bench.be("ibex-4")
    made = bench.one("cases", "open", "--entity", "account_id=ann", *what)
    assert (made["source"], made["queue"], made["state"]) == ("escalation", "fraud", "triaged")
    (gap,) = bench.rows("gaps")
    assert (gap["kind"], gap["case_id"], gap["opened_by"]) == ("missed", made["case_id"], "ibex-4")
    (label,) = bench.rows("labels")
    assert (label["value"], label["unit_id"].endswith(bench.name("ann"))) == (True, True)
    (row,) = bench.ask("cases", "gaps")
    assert (row["kind"], row["of"], row["n"]) == ("open", "missed", 1)
    again = bench.refused("cases", "open", "--entity", f"account_id={bench.name('ann')}", *what)
    assert "already" in again
    assert "Wanted --entity TYPE=ID" in bench.refused("cases", "open", "--entity", "ann", *what)
    assert "There is no product 'nosuch'" in bench.refused(
        *("cases", "open", "--entity", "account_id=x", "--product", "nosuch"),
        *("--harm", "fraud_scams"),
    )
    bench.be("crane-6")
    assert "none of which may 'open_case'" in bench.refused(
        "cases", "open", "--entity", "account_id=eve", *what
    )
    bench.be("heron-7")
    unit = f"entity:account_id:{bench.name('ann')}=violating:suspend_24h"
    bench.ask("cases", "claim", made["case_id"])
    decided = bench.one(
        "cases", "decide", made["case_id"], "--policy", "fraud_scams", "--alert", unit
    )
    assert (decided["violating"], decided["actions"]) == (1, 1)


def test_whom_an_opened_case_is_about_can_be_acted_on(bench: Bench) -> None:
    what = ("--product", "chat", "--harm", "fraud_scams", "--reason", "told by support")
    bench.be("ibex-4")
    bench.ask("cases", "open", "--entity", "account_id=zoe", *what)
    name = bench.name("zoe")
    assert Pseudonyms(load().home).entities_of([name]) == {name: ("account_id", "zoe")}


def test_says_of_a_restricted_case_only_that_it_is_there(bench: Bench) -> None:
    bench.found(0, "ann", harm="child_safety")
    bench.found(1, "bob")
    rows = bench.ask("cases", "list")
    assert [(row["state"], row["harm"], row["queue"]) for row in rows] == [
        ("triaged", "spam", "integrity"),
        ("restricted", None, None),
    ]
    hidden = rows[1]["case_id"]
    assert "child-safety" in bench.refused("cases", "show", hidden)
    assert bench.ask("cases", "list", "--queue", "child-safety") == []
    bench.be("heron-7")
    rows = bench.ask("cases", "list")
    assert [row["harm"] for row in rows] == ["child_safety", "spam"]


def test_queues_say_how_they_stand(bench: Bench) -> None:
    bench.found(0, "ann")
    rows = {row["queue"]: row for row in bench.ask("cases", "queues")}
    mine = rows["integrity"]
    assert (mine["open"], mine["free"], mine["breached"]) == (1, 1, 0)
    assert (mine["oldest"], mine["age"]) == (bench.cases()[0].case_id, "0m")
    assert (mine["forecast"], mine["basis"]) == (None, "insufficient")
    assert (rows["fraud"]["open"], rows["fraud"]["oldest"]) == (0, None)


def test_a_new_version_of_a_policy_is_certified(bench: Bench) -> None:
    from orchestration.cases.tasks import recertify  # noqa: PLC0415 - the sensor's

    bench.terms()
    text = Path(load().policies).read_text(encoding="utf-8")
    path = bench.folder / "policies.yaml"
    path.write_text(_bumped(text, "spam"), encoding="utf-8")
    bench.patch.setenv("WATCHFLOOR_POLICIES", str(path))
    recertify(bench.engine, bench.terms(), now=bench.now)
    (mine,) = bench.ask("cases", "tasks")
    assert (mine["person"], mine["policy"], mine["version"]) == ("otter-2", "spam", 2)
    everybody = bench.ask("cases", "tasks", "--all")
    theirs = next(row["task_id"] for row in everybody if row["person"] == "wren-5")
    assert "no task of yours" in bench.refused("cases", "certify", theirs)
    assert bench.one("cases", "certify", mine["task_id"][:14])["certified"] == 1
    again = bench.run("cases", "certify", mine["task_id"])
    assert (again.exit_code, "nothing was changed" in again.stderr) == (0, True)
    assert bench.ask("cases", "tasks") == []


def _bumped(text: str, policy: str) -> str:
    head, tail = text.split(f"  {policy}:\n    version: 1\n")
    return f"{head}  {policy}:\n    version: 2\n{tail}"
