"""Words for what the command line says of cases, and people who each have a token."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, select

from monitors.contract import Mode, Severity
from orchestration.alerts.config import parse_config
from orchestration.alerts.records import Watched
from orchestration.cases.opening import open_cases
from orchestration.cases.terms import Terms, terms
from orchestration.lake import Lake
from orchestration.ledger.audit import Entry, entries
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.tables import metadata
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import load
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import evaluation, finding
from tests.orchestration.cli.alerts.office import ROUTES
from tests.orchestration.reference_service.services import SECRET, Client
from tests.support.lakes import put

SPAM = "web/scraping"
PEOPLE = """
people:
  - {id: tapir-8, slack: U0TAPIR8, roles: [admin], zone: UTC}
  - {id: heron-7, slack: U0HERON7, roles: [oncall, lead], teams: [chat-safety], zone: UTC,
     skills: [spam, fraud, injection, child-safety]}
  - {id: otter-2, slack: U0OTTER2, roles: [reviewer, oncall], teams: [chat-safety], zone: UTC,
     skills: [spam]}
  - {id: wren-5, slack: U0WREN5, roles: [reviewer], zone: UTC, skills: [spam]}
  - {id: ibex-4, slack: U0IBEX4, roles: [engineer], zone: UTC}
  - {id: crane-6, slack: U0CRANE6, roles: [approver], zone: UTC}
  - {id: egret-3, slack: U0EGRET3, roles: [approver], zone: UTC}
  - {id: finch-1, slack: U0FINCH1, roles: [viewer], zone: UTC}
"""
Watchfloor = Callable[..., Result]


@dataclass
class Bench:
    """One installation: its ledger, its people's tokens and the command line."""

    engine: Engine
    run: Watchfloor
    tokens: dict[str, str]
    patch: pytest.MonkeyPatch
    folder: Path
    watched: dict[str, Watched] = field(default_factory=lambda: {SPAM: Watched(Mode.REVIEW, "x")})

    def __post_init__(self) -> None:
        self.desk = Desk(self.engine, parse_config(ROUTES), self.watched)

    def be(self, person: str) -> None:
        """Act as somebody from now on."""
        self.patch.setenv("WATCHFLOOR_TOKEN", self.tokens[person])

    def ask(self, *arguments: str, stdin: str | None = None) -> Any:  # noqa: ANN401 - what JSON it is
        """Run a command that goes well; what it prints as JSON."""
        done = self.run(*arguments, "--format", "json", stdin=stdin)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def one(self, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
        """The only row that a command prints."""
        (row,) = self.ask(*arguments, stdin=stdin)
        return dict(row)

    def refused(self, *arguments: str, code: int = 2) -> str:
        """What a command says that is refused."""
        done = self.run(*arguments)
        assert (done.exit_code, done.stdout) == (code, ""), done.output
        return done.stderr

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def names(self) -> Pseudonyms:
        return Pseudonyms(load().home)

    def name(self, account: str) -> str:
        """The pseudonym of an account whose id is remembered."""
        return self.names.remember("account_id", [account])[account]

    def terms(self) -> Terms:
        """The terms in force."""
        return terms(self.engine, load(), now=self.now)

    def live(self, client: Client, **caps: float) -> None:
        """Let plans be carried out by a service, for accounts that are active there."""
        rules = Path(load().enforcement).read_text(encoding="utf-8")
        rules = rules.replace("mode: dry_run", "mode: live").replace("0.01", "1.0")
        for name, value in caps.items():
            rules = re.sub(rf"  {name}: \d+", f"  {name}: {value}", rules)
        path = self.folder / "enforcement.yaml"
        path.write_text(rules, encoding="utf-8")
        self.patch.setenv("WATCHFLOOR_ENFORCEMENT", str(path))
        self.patch.setenv("WATCHFLOOR_SERVICE_URL", client.url)
        self.patch.setenv("WATCHFLOOR_SERVICE_SECRET", SECRET.decode())
        hour_ago = self.now - timedelta(hours=1)
        active = [{"account_id": f"a{n}", "occurred_at": hour_ago} for n in range(200)]
        put(Lake(load().lake), "web", "logins", active)

    def decided(self, account: str, action: str = "suspend_account", hour: int = 0) -> None:
        """An account is found, and otter-2 decides that it violates."""
        self.be("otter-2")
        self.found(hour, account)
        case_id = self.case_of(account).case_id
        self.ask("cases", "claim", case_id)
        self.ask(
            *("cases", "decide", case_id, "--policy", "spam"),
            *("--outcome", "violating", "--action", action),
        )

    def enforcements(self) -> dict[str, dict[str, Any]]:
        """The newest enforcement on each target, by pseudonym."""
        rows = sorted(self.rows("enforcements"), key=lambda row: row["planned_at"])
        return {row["target"]: row for row in rows}

    def found(self, hour: int, *accounts: str, harm: str = "spam") -> None:
        """An evaluation that finds accounts, and the cases that are opened for them."""
        some = [
            replace(finding(hour, self.name(one), monitor=SPAM, severity=Severity.S2), harm=harm)
            for one in accounts
        ]
        self.desk.step(hour + 1 + 1 / 12, evaluation(hour, monitor=SPAM), found=some)
        open_cases(self.engine, self.terms(), watched=self.watched, now=self.now)

    def alert_id(self, account: str) -> str:
        name = self.name(account)
        return next(one.alert_id for one in self.desk.alerts() if one.entity == name)

    def cases(self) -> list[Case]:
        """Every case, the oldest first."""
        with reading(self.engine) as connection:
            every = where(connection, CASES).values()
        return sorted(every, key=lambda case: (case.opened_at, case.case_id))

    def case_of(self, account: str) -> Case:
        """The case of an account's alert."""
        table = metadata.tables["case_alerts"]
        with reading(self.engine) as connection:
            mine = table.c.alert_id == self.alert_id(account)
            ids = select(table.c.case_id).where(mine, table.c.current)
            case_id = connection.execute(ids).scalar_one()
            return where(connection, CASES, CASES.table.c.case_id == case_id)[case_id]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table."""
        with reading(self.engine) as connection:
            return [
                dict(row) for row in connection.execute(select(metadata.tables[table])).mappings()
            ]

    def audit(self, *verbs: str) -> list[Entry]:
        """The audit's rows of some verbs."""
        with reading(self.engine) as connection:
            return [entry for entry in entries(connection) if entry.verb in verbs]

    def is_sound(self) -> bool:
        """Whether every row is as its acts left it."""
        return self.desk.is_sound()
