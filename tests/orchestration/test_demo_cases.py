from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.registry import registry
from orchestration.alerting import Alerting
from orchestration.demo_alerts import promote
from orchestration.demo_cases import work
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.settings import load
from orchestration.working import Working
from tests.orchestration.alerts.builders import at
from tests.support.cases import Office

NOW = at(20)
SCRAPING, MINOR = "agents/connector_scraping", "live/minor_contact"
YAML = Path(__file__).parents[2] / "orchestration" / "enforcement.yaml"


@contextmanager
def demo(ledger: Engine, home: Path, mode: str = "dry_run") -> Iterator[tuple[Office, Working]]:
    """An installation whose eight monitors may tell people."""
    text = YAML.read_text(encoding="utf-8").replace("mode: dry_run", f"mode: {mode}")
    (home / "enforcement.yaml").write_text(text, encoding="utf-8")
    environment = {
        "WATCHFLOOR_HOME": str(home),
        "WATCHFLOOR_LEDGER": ledger.url.render_as_string(hide_password=False),
        "WATCHFLOOR_ENFORCEMENT": str(home / "enforcement.yaml"),
    }
    office = Office(ledger)
    for monitor in (SCRAPING, MINOR):
        office.watch(monitor)
    promote(ledger, registry(), now=at(0))
    working = Working(Alerting(load(environment), registry()))
    try:
        yield office, working
    finally:
        working.engine.dispose()


def scraped(office: Office, hour: int = 10) -> None:
    office.found(hour, "account_aaaaaaaaaaaa", monitor=SCRAPING, harm="privacy_exfiltration")


def rows(ledger: Engine) -> list[Enforcement]:
    with reading(ledger) as connection:
        return list(where(connection, ENFORCEMENTS).values())


def test_an_alert_becomes_a_case_that_is_decided_and_simulated(
    ledger: Engine, tmp_path: Path
) -> None:
    with demo(ledger, tmp_path) as (office, working):
        scraped(office)
        found = work(working, now=NOW)
        (row,) = rows(ledger)
        assert (found.queues, found.case_id, found.policy) == (
            {},
            office.case().case_id,
            row.policy_id,
        )
        assert row.mode == "dry_run"
        assert found.preview is not None
        assert office.case().state == "closed"
        (decision,) = office.rows("decisions")
        assert decision["decider"] == "demo-approver"


def test_it_decides_one_case_however_often_it_is_run(ledger: Engine, tmp_path: Path) -> None:
    with demo(ledger, tmp_path) as (office, working):
        scraped(office)
        first = work(working, now=NOW)
        office.found(12, "account_bbbbbbbbbbbb", monitor=SCRAPING, harm="privacy_exfiltration")
        again = work(working, now=NOW)
        assert again.queues == {"cyber": 1}
        assert (again.case_id, again.preview) == (first.case_id, first.preview)
        assert len(office.rows("decisions")) == 1


def test_it_decides_nothing_where_a_product_is_live(ledger: Engine, tmp_path: Path) -> None:
    with demo(ledger, tmp_path, mode="live") as (office, working):
        scraped(office)
        found = work(working, now=NOW)
        assert (found.queues, found.case_id) == ({"cyber": 1}, None)
        assert rows(ledger) == []


def test_a_restricted_case_waits_for_those_who_are_trained(ledger: Engine, tmp_path: Path) -> None:
    with demo(ledger, tmp_path) as (office, working):
        office.found(
            10, "account_aaaaaaaaaaaa", monitor=MINOR, harm="child_safety", severity=Severity.S0
        )
        found = work(working, now=NOW)
        assert (found.queues, found.case_id, found.preview) == ({"child-safety": 1}, None, None)


def test_an_installation_without_alerts_has_no_case(ledger: Engine, tmp_path: Path) -> None:
    with demo(ledger, tmp_path) as (_, working):
        assert work(working, now=NOW).queues == {}
