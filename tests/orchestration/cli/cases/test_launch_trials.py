from datetime import timedelta

from sqlalchemy import select

from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.outbox import waiting
from orchestration.ledger.tables import trials
from orchestration.settings import load
from tests.orchestration.cli.cases.bench import Bench
from tests.orchestration.reference_service.services import Client
from tests.support.lakes import put

DRILL = ("launch", "drill", "appeal", "web")
BEGIN = (*DRILL, "--account", "ann", "--action", "restrict_messaging", "--yes")


def messaging(service: Client) -> object:
    found = service.ask("GET", "/v1/targets/account_id/ann")[1]
    return found["fields"]["messaging"]["value"]


def test_a_kill_switch_is_drilled_by_who_may_lift_it(bench: Bench) -> None:
    assert "wanted one of approver" in bench.refused(
        "launch", "drill", "kill-switch", "web", "--yes"
    )
    bench.be("crane-6")

    row = bench.one("launch", "drill", "kill-switch", "web", "--yes")

    assert (row["kind"], row["about"], row["passed"]) == ("kill_switch", "web", True)
    assert [one["on"] for one in bench.ask("enforcement", "switch")] == [False]


def test_a_product_that_nothing_watches_is_refused(bench: Bench) -> None:
    bench.be("crane-6")
    said = bench.refused("launch", "drill", "kill-switch", "voice-notes", "--yes")
    assert "Nothing watches a product of that name" in said


def test_two_people_drill_an_appeal(bench: Bench, service: Client) -> None:
    bench.live(service)
    bench.be("heron-7")

    begun = bench.one(*BEGIN)
    assert (begun["passed"], messaging(service)) == (None, "contacts_only")
    assert "Take the next" not in bench.refused(*DRILL)
    bench.be("wren-5")
    ended = bench.one(*DRILL)

    assert (ended["passed"], messaging(service)) == (True, "open")
    assert "then restored" in ended["seen"]


def test_a_drill_without_a_service_or_in_dry_run_says_what_is_missing(bench: Bench) -> None:
    bench.be("heron-7")
    assert "web is in dry-run" in bench.refused(*BEGIN)
    assert "neither to end" in bench.refused(*DRILL, "--account", "ann")


def test_a_failed_drill_ends_with_one(bench: Bench, service: Client) -> None:
    bench.live(service)
    bench.be("heron-7")
    done = bench.run(*DRILL, "--account", "nobody", "--action", "restrict_messaging", "--yes")
    assert done.exit_code == 1, done.output
    assert "unknown_target" in done.stdout


def test_the_nonce_is_shown_in_the_channel_only(bench: Bench) -> None:
    sent = bench.run("launch", "test-route", "C0ALERTS")
    assert sent.exit_code == 0, sent.output
    with reading(bench.engine) as connection:
        nonce = connection.execute(select(trials.c.nonce)).scalar_one()
        (row,) = waiting(connection, bench.now + timedelta(minutes=1), 10)
    assert (row.receiver, row.payload["nonce"]) == ("C0ALERTS", nonce)
    assert nonce not in sent.output

    assert "No test of a channel waits" in bench.refused("launch", "answer", "00000000")
    assert bench.one("launch", "answer", nonce)["passed"] is True


def test_known_cases_are_run_by_name(bench: Bench) -> None:
    bench.be("ibex-4")
    row = bench.one("launch", "seed", "undressing-1", "images/undressing")
    assert (row["found"], row["of"], row["version"]) == (25, 49, 1)
    assert "there are mass-messages-1" in bench.refused("launch", "seed", "x", "images/undressing")


def test_a_backtest_is_kept_by_who_may_promote(bench: Bench) -> None:
    day = (bench.now - timedelta(days=3)).date()
    at = bench.now.replace(hour=12) - timedelta(days=3)
    put(Lake(load().lake), "web", "api_requests", [{"ip": "192.0.2.1", "occurred_at": at}])
    run = ("backtest", "web/scraping", "--from", f"{day}", "--to", f"{day + timedelta(days=2)}")

    assert "wanted one of approver" in bench.refused(*run, "--keep")
    bench.be("ibex-4")
    done = bench.run(*run, "--keep")

    assert done.exit_code == 0, done.output
    assert "findings a day." in done.stderr
    (kept,) = bench.rows("backtests")
    assert (kept["monitor"], kept["findings"], kept["by"]) == ("web/scraping", 0, "ibex-4")
