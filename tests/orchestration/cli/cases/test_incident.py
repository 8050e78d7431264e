"""`watchfloor incident`, from its opening to the post-mortem."""

from tests.orchestration.cli.cases.bench import Bench


def test_an_incident_is_run_to_its_end(bench: Bench) -> None:
    bench.found(0, "ann")
    case_id = bench.cases()[0].case_id
    made = bench.one(
        "incident", "open", "Scraping wave", "--severity", "S1", "--case", case_id[:12]
    )
    assert (made["state"], made["roles"]) == ("open", "commander otter-2")
    name = made["incident_id"]
    short = name[:18]
    roles = bench.one("incident", "role", short, "comms", "heron-7")["roles"]
    assert roles == "commander otter-2, comms heron-7"
    bench.ask("incident", "note", short, "rate limit lowered")
    bench.ask("incident", "contact", short, "account_id=ann", "to_contact", "--person", "heron-7")
    assert "wanted mitigated" in bench.refused("incident", "close", short, "over")
    bench.ask("incident", "mitigate", short, "blocked at the edge")
    assert "still to be contacted" in bench.refused("incident", "close", short, "over")
    told = ("incident", "contact", short, "account_id=ann", "contacted", "--person", "heron-7")
    assert bench.one(*told)["account"] == bench.name("ann")
    assert bench.one("incident", "close", short, "over")["state"] == "closed"
    assert bench.ask("incident", "list") == []
    (row,) = bench.ask("incident", "list", "--all")
    assert (row["title"], row["commander"]) == ("Scraping wave", "otter-2")
    shown = bench.ask("incident", "show", name)
    assert [one["case_id"] for one in shown["cases"]] == [case_id]
    assert [one["kind"] for one in shown["timeline"]] == [
        *("opened", "linked_case", "role", "note", "contact", "mitigated", "contact", "closed"),
    ]
    out = bench.folder / "postmortem.md"
    assert bench.run("incident", "postmortem", short, "--out", str(out)).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("# Post-mortem: Scraping wave")
    assert "is there already" in bench.refused("incident", "postmortem", short, "--out", str(out))
    assert bench.run("incident", "postmortem", short).stdout == out.read_text(encoding="utf-8")


def test_what_is_refused(bench: Bench) -> None:
    bench.found(0, "ann")
    opened = ("incident", "open", "Scraping wave", "--severity", "S1")
    name = bench.one(*opened)["incident_id"]
    assert "has an @" in bench.refused("incident", "open", "ann@example.org", "--severity", "S1")
    assert "There is no case 0123456" in bench.refused("incident", "link", name, "0123456")
    assert bench.one("incident", "link", name, bench.cases()[0].case_id)["linked"] == 1
    assert "no person" in bench.refused("incident", "role", name, "ops", "nobody-1")
    assert "There is no incident" in bench.refused("incident", "show", "0123456")
    bench.be("wren-5")
    assert "none of which may 'incident'" in bench.refused(*opened)
    assert "none of which may 'incident'" in bench.refused("incident", "postmortem", name)
    assert "none of which may 'incident'" in bench.refused(
        "incident", "contact", name, "account_id=u1", "contacted", "--person", "heron-7"
    )
