"""`watchfloor investigate`, `cases show --reveal` and `reports`, over a real lake."""

import json
from datetime import timedelta

from orchestration.lake import Lake
from orchestration.settings import load
from tests.orchestration.cli.cases.bench import Bench
from tests.support.lakes import put

CANARY = "my secret recipe 7f3a"


def seen(bench: Bench) -> None:
    """Ann signs in, and writes a message, an hour ago."""
    lake, at = Lake(load().lake), bench.now - timedelta(hours=1)
    put(lake, "web", "logins", [{"account_id": "ann", "occurred_at": at, "ip": "192.0.2.7"}])
    put(
        lake,
        "chat",
        "messages",
        [{"account_id": "ann", "occurred_at": at, "text": CANARY}],
    )


def test_investigates_by_id_and_by_pseudonym(bench: Bench) -> None:
    seen(bench)
    bench.found(0, "ann")
    for given in ("ann", bench.name("ann")):
        found = bench.ask("investigate", given, "--kind", "account_id")
        assert found["entity"][0]["entity"] == bench.name("ann")
        assert {row["contract"] for row in found["activity"]} == {"logins", "messages"}
        assert CANARY not in json.dumps(found)
    assert len(bench.audit("investigate")) == 2
    folder = bench.folder / "export"
    done = bench.run("investigate", bench.name("ann"), "--export", str(folder), "--since", "7d")
    assert (done.exit_code, "5 files" in done.stderr) == (0, True)
    assert "holds something" in bench.refused(
        "investigate", bench.name("ann"), "--export", str(folder)
    )
    assert "Nothing here knows" in bench.refused("investigate", "nobody-here")
    bench.be("ibex-4")
    assert "none of which may 'reveal'" in bench.refused("investigate", "ann", "--entities")
    bench.be("crane-6")
    assert "none of which may 'review'" in bench.refused("investigate", "ann")


def test_reveals_to_who_has_the_case_and_counts_it(bench: Bench) -> None:
    seen(bench)
    bench.be("heron-7")
    opened = ("--product", "chat", "--harm", "spam", "--entity", "account_id=ann")
    case_id = bench.one("cases", "open", *opened)["case_id"]
    assert "wanted assigned" in bench.refused("cases", "show", case_id, "--reveal")
    bench.ask("cases", "claim", case_id)
    done = bench.run("cases", "show", case_id, "--reveal", "--format", "json")
    assert done.exit_code == 0, done.output
    assert [row["text"] for row in json.loads(done.stdout)["content"]] == [CANARY]
    assert "1 texts, 0 more; you may see" in done.stderr
    (view,) = bench.rows("views")
    assert (view["person"], view["items"]) == ("heron-7", 1)
    assert "--unit goes with --reveal" in bench.refused("cases", "show", case_id, "--unit", "x")
    bench.be("otter-2")
    assert "otter-2 does not have the case" in bench.refused("cases", "show", case_id, "--reveal")
    assert CANARY not in json.dumps(bench.rows("audit"), default=str)


def test_takes_and_lists_reports(bench: Bench) -> None:
    lake, at = Lake(load().lake), bench.now - timedelta(hours=1)
    report = {"account_id": "bob", "target_id": "ann", "occurred_at": at, "reason": "spam"}
    put(lake, "chat", "user_reports", [report])
    assert bench.one("reports", "take")["new"] == 1
    assert bench.one("reports", "take")["new"] == 0
    (row,) = bench.ask("reports", "list")
    assert (row["target"], row["product"], row["valid"]) == (bench.name("ann"), "chat", None)
    assert "reporter" not in row
    assert bench.ask("reports", "list", "--product", "web") == []
    bench.be("crane-6")
    assert "none of which may 'review'" in bench.refused("reports", "list")
