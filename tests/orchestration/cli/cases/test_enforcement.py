"""`watchfloor enforcement`, in dry-run and against the reference service over HTTP."""

import json

from orchestration.cli.enforcement_stops import WANTED
from tests.orchestration.cli.cases.bench import SPAM, Bench
from tests.orchestration.reference_service.services import SECRET, Client

YES = ("--reason", "looked at it", "--yes")


def access(service: Client, account: str) -> object:
    found = service.ask("GET", f"/v1/targets/account_id/{account}")[1]
    return found["fields"]["access"]["value"]


def test_in_dry_run_everything_is_planned_and_nothing_done(bench: Bench, service: Client) -> None:
    bench.patch.setenv("WATCHFLOOR_SERVICE_URL", service.url)
    bench.patch.setenv("WATCHFLOOR_SERVICE_SECRET", SECRET.decode())
    bench.decided("ann")
    told = bench.run("enforcement", "preview")
    assert told.stdout.startswith("web (dry_run): would act on 1 account_id, ")
    (row,) = bench.ask("enforcement", "preview")
    assert (row["mode"], row["targets"], row["actions"]) == ("dry_run", 1, "suspend_account 1")
    assert bench.enforcements() == {}
    assert "none of which may 'approve'" in bench.refused("enforcement", "run")
    bench.be("crane-6")
    done = bench.one("enforcement", "run")
    assert (done["mode"], done["batches_planned"], done["applied"]) == ("dry_run", 1, 0)
    (planned,) = bench.ask("enforcement", "list", "--target", "account_id=ann")
    assert (planned["state"], planned["target"]) == ("dry_run", bench.name("ann"))
    (batch,) = bench.ask("enforcement", "list", "--batches")
    assert (batch["size"], batch["mode"]) == (1, "dry_run")
    assert bench.run("enforcement", "preview").stderr == "Nothing is decided that is not planned.\n"
    wrong = bench.refused("enforcement", "reverse", planned["enforcement_id"], "--reason", "x")
    assert "nothing was done" in wrong
    assert access(service, "ann") == "active"
    assert [line for line in service.log() if line["kind"] != "by_hand"] == []


def test_approves_carries_out_and_undoes(bench: Bench, service: Client) -> None:
    bench.live(service)
    bench.decided("ann")
    bench.be("crane-6")
    assert bench.one("enforcement", "run")["applied"] == 0
    (row,) = bench.ask("enforcement", "list", "--state", "awaiting_approval")
    enforcement_id = row["enforcement_id"]
    bench.be("otter-2")
    assert "none of which may 'approve'" in bench.refused(
        "enforcement", "approve", enforcement_id[:10], *YES
    )
    bench.be("crane-6")
    done = bench.one("enforcement", "approve", enforcement_id[:10], *YES)
    assert (done["by"], done["approved"], done["waiting"]) == ("crane-6", 1, 0)
    assert "awaits no approval" in bench.refused("enforcement", "approve", enforcement_id, *YES)
    ran = bench.one("enforcement", "run")
    assert (ran["applied"], ran["notices_sent"], ran["stopped"]) == (1, 1, None)
    assert access(service, "ann") == "suspended"
    shown = bench.ask("enforcement", "show", enforcement_id[:10])
    assert shown["enforcement"][0]["state"] == "applied"
    assert [row["person"] for row in shown["verdicts"]] == ["crane-6"]
    assert [row["state"] for row in shown["notices"]] == ["sent"]
    assert {"approve", "execute", "apply"} <= {row["what"] for row in shown["life"]}
    (notice,) = bench.ask("enforcement", "notices")
    assert (notice["kind"], notice["fields"]["policy"]) == ("applied", "spam")
    (statement,) = bench.ask("enforcement", "notices", "--statements")
    assert (statement["puid"], statement["decision_ground"]) == (
        enforcement_id,
        notice["fields"]["statement"]["decision_ground"],
    )
    (found,) = bench.ask("enforcement", "reverse", enforcement_id, "--dry-run", "--reason", "x")
    assert (found["restores"], access(service, "ann")) == (1, "suspended")
    undone = bench.one("enforcement", "reverse", enforcement_id, "--reason", "it was wrong")
    assert (undone["size"], undone["restored"], undone["left"]) == (1, 1, 0)
    assert access(service, "ann") == "active"
    again = bench.run("enforcement", "reverse", enforcement_id, "--reason", "it was wrong")
    assert (again.exit_code, "nothing to undo" in again.stderr) == (0, True)
    assert bench.is_sound()


def test_undoes_all_that_a_monitor_did_with_every_switch_on(bench: Bench, service: Client) -> None:
    bench.live(service)
    for hour, account in enumerate(("ann", "bob", "eve")):
        bench.decided(account, hour=hour)
    bench.be("crane-6")
    bench.ask("enforcement", "run")
    (first, *_) = bench.ask("enforcement", "list", "--batches")
    assert bench.one("enforcement", "approve", "--batch", first["batch_id"], *YES)["approved"] == 3
    assert bench.one("enforcement", "run")["applied"] == 3
    assert bench.one("enforcement", "switch", "on", "--reason", "a drill")["changed"] is True
    all_of_it = ("enforcement", "reverse", "--monitor", SPAM, "--since", "24h", "--reason", "bad")
    no = bench.run(*all_of_it, stdin="n\n")
    assert (no.exit_code, "It touches 3: 3 are restored" in no.stderr) == (1, True)
    assert access(service, "bob") == "suspended"
    bench.be("ibex-4")
    done = bench.one(*all_of_it, "--version", "1", "--yes")
    assert (done["size"], done["restored"], done["left"], done["stopped"]) == (3, 3, 0, None)
    assert [access(service, one) for one in ("ann", "bob", "eve")] == ["active"] * 3
    assert "Wanted the ID of one" in bench.refused("enforcement", "reverse", "--reason", "x")
    bench.be("otter-2")
    assert "none of which may 'reverse'" not in bench.refused("enforcement", "reverse", "x")
    assert "none of which may 'reverse'" in bench.refused(*all_of_it)


def test_what_changed_since_is_left_and_said_by_the_exit_code(
    bench: Bench, service: Client
) -> None:
    bench.live(service)
    bench.decided("ann")
    bench.be("crane-6")
    bench.ask("enforcement", "run")
    (row,) = bench.ask("enforcement", "list")
    bench.ask("enforcement", "approve", row["enforcement_id"], *YES)
    bench.ask("enforcement", "run")
    service.put("ann", "account_id", access="closed")
    done = bench.run("enforcement", "reverse", row["enforcement_id"], "--reason", "wrong")
    assert (done.exit_code, "changed since" in done.stderr) == (1, True)
    assert access(service, "ann") == "closed"
    (flagged,) = bench.ask("enforcement", "list", "--flagged")
    assert flagged["flag"] == "changed_since"


def test_a_cap_stops_a_batch_and_two_people_resume_it(bench: Bench, service: Client) -> None:
    bench.live(service, per_run=1)
    bench.decided("ann")
    bench.decided("bob", hour=1)
    bench.be("crane-6")
    done = bench.run("enforcement", "run", "--format", "json")
    (batch,) = bench.ask("enforcement", "list", "--batches")
    assert batch["breach"] == "per_run"
    assert done.exit_code == 1
    assert f"Stopped: {batch['batch_id'][:12]} by the cap per_run; nothing was done" in done.stderr
    assert json.loads(done.stdout)[0]["batches_planned"] == 1
    assert bench.one("enforcement", "run")["batches_planned"] == 0  # and says so once
    assert {row["code"] for row in bench.ask("enforcement", "list")} == {"cap:per_run"}
    resume = ("enforcement", "resume", batch["batch_id"][:10], *YES)
    first = bench.run(*resume)
    assert (first.exit_code, "1 more must say so" in first.stderr) == (0, True)
    assert "a second person is wanted" in bench.refused(*resume)
    bench.be("egret-3")
    assert "wanted no breach" in bench.refused(*resume)
    bench.live(service, per_run=200)
    assert bench.one(*resume)["resumed"] is True
    assert {row["state"] for row in bench.ask("enforcement", "list")} == {"awaiting_approval"}
    ids = [row["enforcement_id"] for row in bench.ask("enforcement", "list")]
    assert bench.one("enforcement", "refuse", *ids, "--reason", "too broad")["refused"] == 2


def test_switches_are_thrown_lifted_and_listed(bench: Bench, service: Client) -> None:
    bench.live(service)
    bench.decided("ann", action="warn")
    bench.be("heron-7")
    thrown = bench.one("enforcement", "switch", "on", "product:web", "--reason", "odd numbers")
    assert (thrown["name"], thrown["on"], thrown["by"]) == ("product:web", True, "heron-7")
    again = bench.run("enforcement", "switch", "on", "product:web", "--reason", "odd numbers")
    assert (again.exit_code, "nothing was changed" in again.stderr) == (0, True)
    off = ("enforcement", "switch", "off", "product:web", "--reason", "looked at it")
    assert "none of which may 'approve'" in bench.refused(*off, "--yes")
    bench.be("crane-6")
    assert bench.one("enforcement", "run")["applied"] == 0
    no = bench.run(*off, stdin="n\n")
    assert (no.exit_code, "may be sent" in no.stderr) == (1, True)
    assert bench.one(*off, "--yes")["on"] is False
    assert bench.one("enforcement", "run")["applied"] == 1
    (row,) = bench.ask("enforcement", "switch")
    assert (row["name"], row["on"], row["reason"]) == ("product:web", False, "looked at it")
    assert "is none; wanted all" in bench.refused(
        "enforcement", "switch", "on", "web", "--reason", "x"
    )
    assert WANTED in bench.refused("enforcement", "switch", "on")
    bench.be("heron-7")
    for astray in ("product:wbe", "monitor:web/scrapping"):
        said = bench.refused("enforcement", "switch", "on", astray, "--reason", "odd numbers")
        assert "so nothing would be stopped" in said
    assert bench.one("enforcement", "switch", "on", f"monitor:{SPAM}", "--reason", "x")["changed"]


def test_protects_and_ends_it(bench: Bench) -> None:
    bench.be("heron-7")
    protect = ("enforcement", "protect", "account_id=ann", "--reason", "runs for office")
    done = bench.one(*protect, "--tag", "government")
    assert (done["entity"], done["tag"]) == (bench.name("ann"), "government")
    (row,) = bench.ask("enforcement", "protect")
    assert (row["entity"], row["by"], row["ends_at"]) == (bench.name("ann"), "heron-7", None)
    assert "wanted one of" in bench.refused(*protect, "--tag", "friend")
    assert "which is past" in bench.refused(
        *protect, "--tag", "journalist", "--until", "2026-01-01"
    )
    assert "Wanted --tag and --reason" in bench.refused("enforcement", "protect", "account_id=x")
    assert "TYPE=ID" in bench.refused("enforcement", "unprotect", "ann", "--reason", "x")
    end = ("enforcement", "unprotect", f"account_id={bench.name('ann')}", "--reason", "lost it")
    assert bench.one(*end)["ended"] is True
    assert bench.one(*end)["ended"] is False
    bench.be("otter-2")
    assert "none of which may 'protect'" in bench.refused(*protect, "--tag", "government")


def test_without_a_service_what_is_due_is_said(bench: Bench, service: Client) -> None:
    bench.live(service)
    bench.decided("ann", action="warn")
    bench.patch.delenv("WATCHFLOOR_SERVICE_URL")
    bench.be("crane-6")
    done = bench.run("enforcement", "run", "--format", "json")
    assert (done.exit_code, "No service is set" in done.stderr) == (1, True)
    assert json.loads(done.stdout)[0]["batches_planned"] == 1


def test_ids_and_options_that_do_not_go(bench: Bench) -> None:
    bench.be("crane-6")
    assert "Wanted ids of enforcements, or --batch" in bench.refused("enforcement", "approve", *YES)
    assert "There is no enforcement 0123456" in bench.refused(
        "enforcement", "approve", "0123456", *YES
    )
    assert "There is no batch" in bench.refused("enforcement", "resume", "0123456", *YES)
    assert "wanted --since and --limit only" in bench.refused(
        "enforcement", "list", "--batches", "--flagged"
    )


def test_what_came_of_a_restricted_case_is_for_its_skills_and_for_approvers(bench: Bench) -> None:
    bench.be("heron-7")
    bench.found(0, "ann", harm="child_safety")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    violating = ("--outcome", "violating", "--action", "suspend_24h")
    bench.ask("cases", "decide", case_id, "--policy", "child_safety", *violating)
    bench.be("crane-6")
    bench.ask("enforcement", "run")
    (row,) = bench.ask("enforcement", "list")
    for person, seen in (("heron-7", 1), ("otter-2", 0), ("finch-1", 0)):
        bench.be(person)
        assert len(bench.ask("enforcement", "list")) == seen
    assert "came of a restricted case" in bench.refused(
        "enforcement", "show", row["enforcement_id"]
    )


def test_runs_beside_dagster_too(bench: Bench) -> None:
    bench.patch.setenv("DAGSTER_HOME", "")  # `init` sets it, for this process
    assert bench.run("init").exit_code == 0
    bench.decided("ann")
    bench.be("crane-6")
    assert bench.one("enforcement", "run")["batches_planned"] == 1
