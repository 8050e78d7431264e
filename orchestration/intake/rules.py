"""Everything that says who is told of what: routes, rota and people, as they are in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.alerts.rules import Config
from orchestration.intake.settings import in_force
from orchestration.oncall.delivery import told_at
from orchestration.oncall.people import Roster
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota import Rota
from orchestration.oncall.rota_yaml import parse_rota
from orchestration.settings import Settings


@dataclass(frozen=True, slots=True)
class Rules:
    """Routes, rota and people. `wrong` says of each file by name what keeps it from its force."""

    config: Config
    rota: Rota
    roster: Roster
    wrong: Mapping[str, str]

    def told_at(self, severity: Severity, now: datetime) -> datetime:
        """When a notice of a severity that arises now may be sent."""
        return told_at(self.rota.delivery, severity, now)


def rules(engine: Engine, settings: Settings, *, now: datetime) -> Rules:
    """The rules in force. People come into force only if the rota's file goes with them.

    Raises YamlError for a file that was never sound.
    """
    roster = in_force(
        engine,
        name="people",
        path=settings.people,
        parse=parse_people,
        now=now,
        check=partial(_goes_with, settings.rota),
    )
    rota = in_force(
        engine,
        name="rota",
        path=settings.rota,
        parse=partial(parse_rota, roster=roster.value),
        now=now,
    )
    config = in_force(engine, name="routes", path=settings.routes, parse=parse_config, now=now)
    wrong = {"people": roster.wrong, "rota": rota.wrong, "routes": config.wrong}
    return Rules(
        config.value,
        rota.value,
        roster.value,
        {name: text for name, text in wrong.items() if text},
    )


def _goes_with(rota: Path, roster: Roster) -> None:
    """Raise YamlError unless everybody whom the rota names is there and may do what it asks."""
    try:
        text = rota.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # the rota's own check says so
    parse_rota(text, roster)
