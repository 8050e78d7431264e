"""Settings, read from the environment here and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

PREFIX = "WATCHFLOOR_"
HERE = Path(__file__).parent
CHECKLISTS = HERE.parent / "launch_checklists" / "products"
SLACK = "https://slack.com/api/"
LONGEST_DAYS = 36_500


class SettingsError(ValueError):
    """A setting cannot be used; the message names it and says what is wanted."""


@dataclass(frozen=True, slots=True)
class Slack:
    """How Slack is reached. Without `token`, messages go to files in the home instead."""

    token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    url: str = SLACK


@dataclass(frozen=True, slots=True)
class Service:
    """The product's own service that carries enforcement out; without `url` there is none."""

    url: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """For how long each kind of record is kept, in whole days. `docs/retention.md` says of what."""

    runs: timedelta = timedelta(days=14)
    text: timedelta = timedelta(days=30)
    samples: timedelta = timedelta(days=30)
    events: timedelta = timedelta(days=90)
    findings: timedelta = timedelta(days=400)
    messages: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how much is kept. `docs/settings.md` describes each."""

    home: Path
    lake: str
    ledger: str
    sources: Path | None
    partitions_start: datetime
    sample_rate: float
    sample_seed: str
    grace: timedelta
    hot: timedelta
    dagster_storage: str
    routes: Path
    rota: Path
    people: Path
    queues: Path
    policies: Path
    enforcement: Path
    checklists: Path
    dagster_url: str
    health_channel: str
    fallback: str = field(repr=False)
    token: str = field(repr=False)
    slack: Slack
    keep: Keep
    service: Service

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own storage."""
        return self.home / "dagster"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read every setting; one that is empty counts as not given.

    Raises SettingsError that names the first one that is wrong.
    """
    home = Path(_text(environment, "HOME", ".watchfloor")).absolute()
    sources = _text(environment, "SOURCES", "")
    return Settings(
        home=home,
        lake=_text(environment, "LAKE", str(home / "lake")),
        ledger=_text(environment, "LEDGER", f"sqlite:///{home / 'ledger.db'}"),
        sources=Path(sources).absolute() if sources else None,
        partitions_start=_day(environment, "PARTITIONS_START", "2026-01-01"),
        sample_rate=_share(environment, "SAMPLE_RATE", "0.01"),
        sample_seed=_text(environment, "SAMPLE_SEED", "watchfloor"),
        grace=timedelta(minutes=_whole(environment, "GRACE_MINUTES", "30")),
        hot=timedelta(hours=_whole(environment, "HOT_HOURS", "48")),
        dagster_storage=_text(environment, "DAGSTER_STORAGE", ""),
        routes=Path(_text(environment, "ROUTES", str(HERE / "routes.yaml"))).absolute(),
        rota=Path(_text(environment, "ROTA", str(HERE / "rota.yaml"))).absolute(),
        people=Path(_text(environment, "PEOPLE", str(HERE / "people.yaml"))).absolute(),
        queues=Path(_text(environment, "QUEUES", str(HERE / "queues.yaml"))).absolute(),
        policies=Path(_text(environment, "POLICIES", str(HERE / "policies.yaml"))).absolute(),
        enforcement=Path(
            _text(environment, "ENFORCEMENT", str(HERE / "enforcement.yaml"))
        ).absolute(),
        checklists=Path(_text(environment, "CHECKLISTS", str(CHECKLISTS))).absolute(),
        dagster_url=_text(environment, "DAGSTER_URL", "http://127.0.0.1:3000").rstrip("/"),
        health_channel=_text(environment, "HEALTH_CHANNEL", "C0WATCHFLOOR"),
        fallback=_text(environment, "FALLBACK", ""),
        token=_text(environment, "TOKEN", ""),
        slack=Slack(
            token=_text(environment, "SLACK_TOKEN", ""),
            app_token=_text(environment, "SLACK_APP_TOKEN", ""),
            signing_secret=_text(environment, "SLACK_SIGNING_SECRET", ""),
            url=_text(environment, "SLACK_URL", SLACK),
        ),
        keep=_keep(environment),
        service=Service(
            url=_text(environment, "SERVICE_URL", "").rstrip("/"),
            secret=_text(environment, "SERVICE_SECRET", ""),
        ),
    )


def _keep(environment: Mapping[str, str]) -> Keep:
    """Days to keep things. Text goes with its events at the latest: they say whose it is."""
    usual = Keep()
    keep = Keep(
        **{
            part.name: _days(environment, part.name, getattr(usual, part.name))
            for part in fields(Keep)
        }
    )
    for short, long in (("text", "events"), ("events", "findings")):
        less, more = getattr(keep, short), getattr(keep, long)
        if less > more:
            raise SettingsError(
                f"{PREFIX}KEEP_{short.upper()}_DAYS is {less.days}, more than "
                f"{PREFIX}KEEP_{long.upper()}_DAYS, {more.days}; wanted at most that."
            )
    return keep


def _days(environment: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    name = f"KEEP_{name.upper()}_DAYS"
    days = _whole(environment, name, str(default.days))
    if not 1 <= days <= LONGEST_DAYS:
        raise SettingsError(f"{PREFIX}{name} is {days}; wanted 1 to {LONGEST_DAYS} days.")
    return timedelta(days=days)


def _text(environment: Mapping[str, str], name: str, default: str) -> str:
    return environment.get(PREFIX + name) or default


def _day(environment: Mapping[str, str], name: str, default: str) -> datetime:
    text = _text(environment, name, default)
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise SettingsError(
            f"{PREFIX}{name} is '{text}'; wanted a day, as in 2026-01-01."
        ) from error


def _share(environment: Mapping[str, str], name: str, default: str) -> float:
    text = _text(environment, name, default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise SettingsError(f"{PREFIX}{name} is '{text}'; wanted a share over 0, at most 1.")
    return value


def _whole(environment: Mapping[str, str], name: str, default: str) -> int:
    text = _text(environment, name, default)
    if not text.isdecimal():
        raise SettingsError(f"{PREFIX}{name} is '{text}'; wanted a whole number of at least 0.")
    return int(text)
