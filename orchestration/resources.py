"""Dagster resources: the lake, the clock, and how entities are named in public."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster_duckdb import DuckDBResource

from monitors.errors import MonitorError
from orchestration.evaluation import Run
from orchestration.lake import Lake
from orchestration.manifests import Intent
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings

INTENT_TAG = "watchfloor/intent"
INTENTS: dict[str, Intent] = {"live": "live", "late": "late", "replay": "replay"}


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake, and how much of what is scored there is kept for measurement."""

    root: str
    home: str
    sample_rate: float
    sample_seed: str
    sources: str = ""
    hot_hours: int = 48

    @classmethod
    def of(cls, settings: Settings) -> "LakeResource":
        """The resource that the settings describe."""
        return cls(
            root=settings.lake,
            home=str(settings.home),
            sample_rate=settings.sample_rate,
            sample_seed=settings.sample_seed,
            sources=str(settings.sources or ""),
            hot_hours=int(settings.hot.total_seconds() // 3600),
        )

    @property
    def sources_path(self) -> Path | None:
        """Folder of the sources that are polled; None where none is."""
        return Path(self.sources) if self.sources else None

    @property
    def hot(self) -> timedelta:
        """How long an hour keeps a file of its own."""
        return timedelta(hours=self.hot_hours)

    @property
    def lake(self) -> Lake:
        """The lake itself."""
        return Lake(self.root)

    def run(self, now: datetime, tags: dict[str, str], duckdb: DuckDBResource) -> Run:
        """Circumstances of an evaluation in a Dagster run with these tags."""
        return Run(
            self.lake,
            now,
            intent=intent_of(tags),
            rate=self.sample_rate,
            seed=self.sample_seed,
            connect=duckdb.get_connection,
        )

    def public(self, entity_type: str, entities: Iterable[str]) -> dict[str, str]:
        """Names of entities of one type that may be shown."""
        return Pseudonyms(Path(self.home)).names(entity_type, entities)


class Clock(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The time, or a fixed one (`at`, ISO 8601) for replays that must not depend on it."""

    at: str = ""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromisoformat(self.at) if self.at else datetime.now(UTC)


def intent_of(tags: dict[str, str]) -> Intent | None:
    """The intent that a run's tag names. Raises MonitorError for a word that is no intent."""
    text = tags.get(INTENT_TAG)
    if text is None:
        return None
    if text not in INTENTS:
        raise MonitorError(f"Tag '{INTENT_TAG}' is '{text}'; wanted one of {', '.join(INTENTS)}.")
    return INTENTS[text]
