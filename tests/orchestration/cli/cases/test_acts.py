"""`watchfloor cases` from the queue to a decision, in the name of who has a token."""

import pytest

from tests.orchestration.cli.cases.bench import Bench


def test_lists_what_waits_the_next_one_first(bench: Bench) -> None:
    bench.found(0, "ann")
    bench.found(1, "bob", harm="fraud_scams")
    rows = bench.ask("cases", "list")
    assert [(row["queue"], row["state"], row["held_by"]) for row in rows] == [
        ("fraud", "triaged", None),
        ("integrity", "triaged", None),
    ]
    (row,) = bench.ask("cases", "list", "--queue", "fraud", "--severity", rows[0]["severity"])
    assert (row["alerts"], row["breached"], row["product"]) == (1, False, "web")
    assert bench.ask("cases", "list", "--mine") == []
    assert bench.ask("cases", "list", "--breached") == []
    assert [row["queue"] for row in bench.ask("cases", "list", "--limit", "1")] == ["fraud"]


def test_next_takes_a_case_and_shows_it(bench: Bench) -> None:
    bench.found(0, "ann")
    shown = bench.ask("cases", "next")
    (case,) = shown["case"]
    assert (case["state"], case["held_by"], case["queue"]) == ("in_review", "otter-2", "integrity")
    assert [unit["entity"] for unit in shown["units"]] == [bench.name("ann")]
    assert shown["policy"][0]["text"].startswith("spam, version 1")
    assert {"triage", "assign", "review"} <= {entry["what"] for entry in shown["life"]}
    facts = {fact["fact"]: fact["value"] for fact in shown["facts"]}
    assert (facts["prior_strikes"], facts["account_age_days"]) == ("0", None)
    assert "No case waits that otter-2 may take" in bench.refused("cases", "next", code=3)
    bench.be("wren-5")
    assert "otter-2 has the case" in bench.refused("cases", "claim", case["case_id"])
    assert "otter-2 has it" in bench.refused("cases", "release", case["case_id"])


def test_shows_a_table_too(bench: Bench) -> None:
    bench.found(0, "ann")
    done = bench.run("cases", "show", bench.cases()[0].case_id[:12])
    assert done.exit_code == 0
    assert "first_action_due" in done.stdout
    assert "not allowed" in done.stdout


def test_a_case_is_taken_given_back_and_assigned(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.cases()[0].case_id
    assert bench.one("cases", "claim", case_id)["state"] == "assigned"
    assert bench.one("cases", "release", case_id)["held_by"] is None
    assert "none of which may 'assign_case'" in bench.refused("cases", "assign", case_id, "wren-5")
    bench.be("heron-7")
    assert bench.one("cases", "assign", case_id, "wren-5")["held_by"] == "wren-5"
    assert "does not review cases" in bench.refused("cases", "assign", case_id, "finch-1")
    assert "There is no person" in bench.refused("cases", "assign", case_id, "nobody-1")
    bench.be("wren-5")
    first = bench.one("cases", "review", case_id)
    assert (first["state"], first["first_action_at"] is None) == ("in_review", False)
    again = bench.one("cases", "review", case_id)
    assert again["held_until"] > first["held_until"]


def test_asks_answers_and_escalates(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    asked = bench.one("cases", "ask", case_id, "--reason", "asked the product team")
    assert (asked["state"], asked["held_by"], asked["paused"]) == ("needs_info", None, True)
    assert "wanted in_review" in bench.refused("cases", "ask", case_id, "--reason", "again")
    answered = bench.one("cases", "answer", case_id, "--reason", "they say it is theirs")
    assert (answered["state"], answered["paused"]) == ("in_review", False)
    up = bench.one("cases", "escalate", case_id, "--reason", "many are hurt", "--severity", "S1")
    assert (up["state"], up["severity"], up["held_by"]) == ("escalated", "S1", None)
    assert "wanted at least as grave" in bench.refused(
        "cases", "escalate", case_id, "--severity", "S3", "--reason", "x"
    )
    assert "nosuch" in bench.refused(
        "cases", "escalate", case_id, "--queue", "nosuch", "--reason", "x"
    )


def test_decides_all_alerts_or_each(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    done = bench.run(
        *("cases", "decide", case_id, "--policy", "spam", "--outcome", "violating"),
        *("--action", "suspend_24h", "--reason", "sends the same to hundreds"),
    )
    assert done.exit_code == 0, done.output
    assert "1 actions will be simulated only" in done.stderr
    (outcome,) = bench.rows("outcomes")
    assert (outcome["outcome"], outcome["action"]) == ("violating", "suspend_24h")
    assert bench.cases()[0].state == "closed"
    bench.found(1, "bob")
    case_id = bench.one("cases", "claim", bench.case_of("bob").case_id)["case_id"]
    unit = f"{bench.alert_id('bob')[:10]}=benign"
    done_too = bench.one("cases", "decide", case_id, "--policy", "spam", "--alert", unit)
    assert (done_too["benign"], done_too["violating"], done_too["actions"]) == (1, 0, 0)
    assert bench.is_sound()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], "Wanted --outcome for all units"),
        (["--outcome", "violating"], "no policy is named"),
        (["--outcome", "benign", "--action", "warn"], "--action is for what is violating"),
        (["--outcome", "violating", "--policy", "nosuch"], "nosuch"),
        (["--outcome", "violating", "--policy", "spam", "--action", "nosuch"], "nosuch"),
        (["--alert", "abc"], "Wanted ID=OUTCOME"),
        (["--alert", "entity:ip:x=wrong"], "Wanted ID=OUTCOME"),
        (["--alert", "abc=benign"], "At least 6 characters of an alert's id"),
        (["--alert", "entity:account_id:x=benign"], "have no outcome"),
    ],
)
def test_what_a_decision_is_refused_for(bench: Bench, arguments: list[str], wanted: str) -> None:
    bench.found(0, "ann")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    assert wanted in bench.refused("cases", "decide", case_id, *arguments)
    assert bench.rows("decisions") == []


def test_only_who_has_a_case_decides_it(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    bench.be("wren-5")
    decision = ("cases", "decide", case_id, "--policy", "spam", "--outcome", "benign")
    assert "wren-5 does not have the case" in bench.refused(*decision)
    bench.be("finch-1")
    assert "finch-1 has the roles viewer" in bench.refused("cases", "next")
    assert "finch-1 has the roles viewer" in bench.refused("cases", "show", case_id)
    bench.patch.setenv("WATCHFLOOR_TOKEN", "wft_nosuch")
    assert "The token is not valid" in bench.refused("cases", "list")
    bench.patch.delenv("WATCHFLOOR_TOKEN")
    assert "You are not logged in" in bench.refused("cases", "list")


def test_a_closed_case_is_reopened_and_decided_again(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.ask("cases", "next")["case"][0]["case_id"]
    reopen = ("cases", "reopen", case_id[:12], "--reason", "the user told us more")
    assert "wanted closed" in bench.refused(*reopen)
    benign = ("cases", "decide", case_id, "--policy", "spam", "--outcome", "benign")
    bench.ask(*benign)
    bench.be("crane-6")
    assert "none of which may 'review'" in bench.refused(*reopen)
    bench.be("otter-2")
    again = bench.one(*reopen)
    assert (again["state"], again["held_by"], again["reopens"]) == ("triaged", None, 1)
    (entry,) = bench.audit("reopen")
    assert (entry.actor, entry.reason) == ("otter-2", "the user told us more")
    bench.ask("cases", "next")
    assert bench.one(*benign[:-1], "violating", "--action", "warn")["violating"] == 1
    assert "Missing option '--reason'" in bench.refused("cases", "reopen", case_id)
    assert bench.is_sound()


def test_ids_are_whole_or_the_beginning_of_one(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.cases()[0].case_id
    for given in (case_id, case_id.removeprefix("case_"), case_id[:11], case_id[5:12]):
        assert bench.ask("cases", "show", given)["case"][0]["case_id"] == case_id
    assert "At least 6 characters" in bench.refused("cases", "show", "case")
    assert "There is no case 0123456789" in bench.refused("cases", "show", "0123456789")
    assert "That is no case's id" in bench.refused("cases", "show", "a case")
