"""An installation that finds, decides and acts: Dagster, ledger, and a real service over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

import orchestration
from orchestration.cases.acts import review
from orchestration.cases.decide import decide
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.members import members
from orchestration.cases.queue import claim
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.resources import Clock
from orchestration.working import Working
from tests.orchestration.reference_service.services import SECRET, Client, running
from tests.support.place import NOW, Place
from tests.support.watches import Watch, watches

HERE = Path(orchestration.__file__).parent
LEAD = "heron-7"
ACTION = "restrict_messaging"
HOME = "chat"


@dataclass
class Operation:
    """One installation; every look at it opens it anew, as another process would."""

    watch: Watch
    client: Client

    @property
    def place(self) -> Place:
        return self.watch.place

    @contextmanager
    def working(self) -> Iterator[Working]:
        """Its casework."""
        found = Working(self.watch.alerting())
        try:
            yield found
        finally:
            found.engine.dispose()

    def finds(self, *accounts: str) -> None:
        """A monitor in review finds these accounts in the hour of noon, and it is taken in."""
        self.place.monitor("a", product=HOME)
        path = self.place.root / "monitors" / HOME / "a.py"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Harm.SCRAPING", "Harm.SPAM"), encoding="utf-8")
        for account in accounts:
            self.place.events(account, 3, product=HOME)
        self.watch.promote(f"{HOME}/a")
        keys = ((HOME, "monitors", "a"), (HOME, "evaluations"))
        assert self.place.run(*keys).success
        assert self.watch.run("intake_run").success
        fields = {"messaging": "open", "access": "active", "notice": None}
        known = [
            {"target_type": "account_id", "target": each, "fields": fields} for each in accounts
        ]
        assert self.client.ask("PUT", "/v1/targets", {"targets": known})[0] == 200

    def tick(
        self, sensor: dg.SensorDefinition, now: datetime = NOW, *, cursor: str | None = None
    ) -> dg.SensorResult | dg.SkipReason:
        """One look of a sensor."""
        with self.working() as working:
            context = dg.build_sensor_context(
                instance=self.place.instance,
                cursor=cursor,
                resources={
                    "working": working,
                    "alerting": working.alerting,
                    "clock": Clock(at=now.isoformat()),
                },
                sensor_name=sensor.name,
            )
            with context:
                result = sensor(context)
        assert isinstance(result, dg.SensorResult | dg.SkipReason)
        return result

    def run(self, job: str, now: datetime = NOW) -> dg.ExecuteInProcessResult:
        """One run of a job; it must succeed."""
        result = self.watch.run(job, now=now)
        assert result.success
        return result

    def decides(self, case: Case, now: datetime = NOW, *, action: str | None = ACTION) -> None:
        """The lead takes a case and decides that all of it violates."""
        with self.working() as working:
            terms = working.terms(now)
            who = terms.roster.person(LEAD)
            claim(working.engine, who, case.case_id, terms=terms, now=now)
            review(working.engine, who, case.case_id, terms=terms, now=now)
            with reading(working.engine) as connection:
                mine = members(connection, [case.case_id])[case.case_id].alerts
            chosen = {alert.alert_id: Outcome(Verdict.VIOLATING, action) for alert in mine}
            decide(working.engine, who, case.case_id, chosen, "spam", terms=terms, now=now)

    def cases(self) -> list[Case]:
        with self.working() as working, reading(working.engine) as connection:
            return list(where(connection, CASES).values())

    def rows(self) -> list[Enforcement]:
        with self.working() as working, reading(working.engine) as connection:
            return list(where(connection, ENFORCEMENTS).values())

    def value(self, account: str, name: str = "messaging") -> object:
        """What the service has of an account."""
        found = self.client.ask("GET", f"/v1/targets/account_id/{account}")[1]
        return found["fields"][name]["value"]


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    """What a run says of one of the assets."""
    (event,) = result.asset_materializations_for_node(f"watchfloor__{name}")
    return {key: getattr(value, "value", value) for key, value in event.metadata.items()}


def checks(result: dg.ExecuteInProcessResult, name: str) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of one of the assets, by name."""
    key = dg.AssetKey(["watchfloor", name])
    found = result.get_asset_check_evaluations()
    return {one.check_name: one for one in found if one.asset_key == key}


@contextmanager
def operations(place: Place, *, mode: str = "live") -> Iterator[Operation]:
    """A new installation whose rules are in a mode; nobody is too many to be acted on."""
    rules = place.root / "enforcement.yaml"
    text = (HERE / "enforcement.yaml").read_text(encoding="utf-8")
    text = text.replace("mode: dry_run", f"mode: {mode}", 1)
    before, after = text.split(f"  {ACTION}:\n", 1)  # real services know that old days are over
    text = f"{before}  {ACTION}:\n{after.replace('duration: 24h', 'duration: none', 1)}"
    rules.write_text(text.replace("per_day_share: 0.01", "per_day_share: 1.0"), encoding="utf-8")
    service = place.root / "service"
    service.mkdir()
    with running(service, clock=lambda: datetime.now(UTC)) as client, watches(place) as watch:
        watch.more = {
            "ENFORCEMENT": str(rules),
            "SERVICE_URL": client.url,
            "SERVICE_SECRET": SECRET.decode(),
        }
        yield Operation(watch, client)
