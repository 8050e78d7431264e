"""A small installation that may crash: four monitors of growing gravity, and what they read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from monitors.contract import Severity
from monitors.registry import Registry
from orchestration.intake.modes import declared
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import connect, writing
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.states import ModeState
from orchestration.pseudonyms import KEY_BYTES
from orchestration.settings import Settings, load
from tests.support.lakes import events
from tests.support.monitors import failed_logins, named
from tests.support.slack_server import TOKEN

START = datetime(2026, 3, 2, 7, tzinfo=UTC)  # a Monday morning, before Dublin's office opens
CHANNELS = ("C0IMMINENT", "C0URGENT", "C0ABUSE")
ROUTES = """
storm: 4
defaults: {group_interval: 5m, repeat_interval: 1h, group_by: [monitor]}
routes:
  - {name: imminent, receiver: C0IMMINENT, match: ['severity="S0"']}
  - {name: urgent, receiver: C0URGENT, match: ['severity="S1"'], group_by: [monitor, entity]}
  - {name: rest, receiver: C0ABUSE}
"""
PEOPLE = """
people:
  - {id: heron-7, slack: U0HERON7, roles: [oncall, lead], teams: [t], zone: UTC}
  - {id: otter-2, slack: U0OTTER2, roles: [oncall], teams: [t], zone: UTC}
"""
ROTA = """
hours:
  day: {zone: UTC, open: "09:00", close: "17:00", weekdays: [monday]}
rotas:
  t:
    {zone: UTC, handover: {at: "08:00", every: day}, from: 2026-01-01,
     layers: [[heron-7, otter-2], [otter-2, heron-7]]}
ladders:
  l: {match: {severities: [S0, S1]}, steps: [{wait: 5m, notify: {person: heron-7}}]}
delivery:
  S2: {every: 15m, only_in: day}
  S3: {at: "09:00", zone: UTC}
"""  # short: they are read anew in every tick
FILES = {"routes": ROUTES, "people": PEOPLE, "rota": ROTA}
MONITORS = (
    named(failed_logins, "odd", severity=Severity.S3, threshold=2.0, near=1.0),
    named(failed_logins, "many", severity=Severity.S2, threshold=3.0),
    named(failed_logins, "more", severity=Severity.S1, threshold=4.0),
    named(failed_logins, "most", severity=Severity.S0, threshold=6.0),
)
REGISTRY = Registry({monitor.id: monitor for monitor in MONITORS}, {})
ACCOUNTS = tuple(f"account-{number}" for number in range(7))
GATHERED = timedelta(minutes=5)  # after an hour, until it is evaluated
Failed = dict[str, int]  # failed sign-ins of an hour, by account


def prepared(home: Path, ledger: str, *, url: str) -> Settings:
    """Settings of an installation with a ledger that is there."""
    (home / "keys").mkdir(parents=True, exist_ok=True)
    (home / "keys" / "pseudonyms").write_bytes(b"k" * KEY_BYTES)  # a seed is to give the same again
    given = {"HOME": home, "LEDGER": ledger, "SLACK_URL": url, "SLACK_TOKEN": TOKEN}
    for name, text in FILES.items():
        given[name.upper()] = home / f"{name}.yaml"
        (home / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load({f"WATCHFLOOR_{name}": str(value) for name, value in given.items()})


def make(ledger: str) -> None:
    """Make a ledger in which all monitors may tell people."""
    engine = connect(ledger)
    make_ledger(engine, ledger_id="crashes", act=Act(Actor("test", "system"), START, "begun"))
    with writing(engine) as connection:
        for monitor in MONITORS:
            change_mode(
                connection,
                approval_id=f"approval-{monitor.name}",
                monitor=monitor.id,
                version=monitor.version,
                declared=declared(monitor),
                to=ModeState.REVIEW,
                act=Act(Actor("ana", "person"), START, "they may tell people"),
            )
    engine.dispose()


def write(lake: Lake, hour: datetime, failed: Failed) -> None:
    """What sources delivered of an hour by now: failed sign-ins, and one that succeeded."""
    rows: list[dict[str, object]] = [
        {"account_id": account, "succeeded": False, "occurred_at": hour + timedelta(seconds=n)}
        for account, number in failed.items()
        for n in range(number)
    ]
    rows.append({"account_id": "quiet", "succeeded": True, "occurred_at": hour})
    path = lake.hour_path("events/logins", "accounts", hour)
    lake.replace(path, events("accounts", "logins", rows))


def drawn(rng: Random) -> Failed:
    """What failed in an hour."""
    accounts = rng.sample(ACCOUNTS, rng.randint(0, len(ACCOUNTS)))
    return {account: rng.randint(1, 7) for account in accounts}


def amended(rng: Random, failed: Failed) -> Failed:
    """The same hour, once late rows came and others turned out to be none."""
    return {**some(rng, failed), **some(rng, drawn(rng))}


def some(rng: Random, failed: Failed) -> Failed:
    """A part of it."""
    return {account: number for account, number in failed.items() if rng.random() < 0.6}
