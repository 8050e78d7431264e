"""Times as they are written on the command line; always UTC where no zone is given."""

import re
from datetime import UTC, datetime, timedelta

import click

AGO = re.compile(r"(\d+)([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Time(click.ParamType[datetime]):
    """A day or a time, as in 2026-03-01 or 2026-03-01T06:00."""

    name = "date"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read one value, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no time; wanted 2026-03-01 or 2026-03-01T06:00.", param, ctx)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class Since(Time):
    """A day or a time, or how long ago: 30m, 24h, 7d, 2w."""

    name = "since"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read one value, in UTC. How long ago is told from the clock."""
        match = AGO.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return super().convert(value, param, ctx)
        return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
