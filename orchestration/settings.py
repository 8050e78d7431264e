"""Settings, read from the environment here and nowhere else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

PREFIX = "WATCHFLOOR_"


class SettingsError(ValueError):
    """A setting cannot be used; the message names it and says what is wanted."""


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
    )


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
