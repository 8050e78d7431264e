"""`watchfloor alerts replay`: who would have been told what."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from monitors.contract import Mode
from monitors.registry import registry
from orchestration.alerts.config import parse_config
from orchestration.alerts.records import Watched
from orchestration.alerts.rules import Config
from orchestration.cli.errors import NoDataError
from orchestration.cli.login import opened_if_made
from orchestration.cli.output import emit, emit_sections, format_option
from orchestration.cli.times import Since
from orchestration.intake.manifests import pending
from orchestration.intake.modes import watched
from orchestration.intake.replay import Notice, Replayed
from orchestration.intake.replay import replay as replayed
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import Settings, load

MOMENT = pl.Datetime("us", "UTC")
UNWATCHED = (Mode.SHADOW, Mode.DRAFT)


@click.command()
@click.option("--from", "start", type=Since(), required=True, help="From then on: 7d, 2026-03-01.")
@click.option("--to", "end", type=Since(), help="Up to then. Now, if not given.")
@click.option(
    "--routes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Try these routes, not the ones in use.",
)
@click.option("--shadow", is_flag=True, help="Monitors in shadow too, as if they were in review.")
@click.option("--each", is_flag=True, help="One line a notice, instead of the sums.")
@format_option
def replay(
    *,
    start: datetime,
    end: datetime | None,
    routes: Path | None,
    shadow: bool,
    each: bool,
    form: str,
) -> None:
    """Say who would have been told what of a span of the lake. Nothing is written or sent.

    Every evaluation counts as run in its own time; nobody acks or silences anything.
    """
    settings = load()
    until = end or datetime.now(UTC)
    if until <= start:
        raise click.UsageError(f"--to {until:%Y-%m-%d %H:%M} is not after --from.")
    config = _config(routes or settings.routes)
    found = _over(settings, start, until, config, _modes(settings, until, shadow=shadow))
    if each:
        emit(_each(found.notices), form)
    else:
        emit_sections(_sums(found), form)


def _config(path: Path) -> Config:
    return parse_config(path.read_text(encoding="utf-8"), name=path.name)


def _modes(settings: Settings, now: datetime, *, shadow: bool) -> dict[str, Watched]:
    """Every monitor with the mode that the ledger gives; without a ledger, nothing is approved."""
    monitors = registry().monitors.values()
    engine = opened_if_made(settings.ledger)
    if engine is None:
        found = {one.id: Watched(Mode.SHADOW, one.owner) for one in monitors}
    else:
        with reading(engine) as connection:
            found = watched(connection, monitors, now=now)
        engine.dispose()
    if not shadow and not any(one.mode not in UNWATCHED for one in found.values()):
        click.echo("Every monitor is in shadow, which tells nobody; see --shadow.", err=True)
    return {key: replace(one, mode=_as_if(one, shadow=shadow)) for key, one in found.items()}


def _as_if(one: Watched, *, shadow: bool) -> Mode:
    return Mode.REVIEW if shadow and one.mode in UNWATCHED else one.mode


def _over(
    settings: Settings,
    start: datetime,
    end: datetime,
    config: Config,
    modes: Mapping[str, Watched],
) -> Replayed:
    found = pending(
        Lake(settings.lake),
        known={},
        names=Pseudonyms(settings.home).names,
        oldest=start,
        horizon=start,
    )
    if found.unready:
        click.echo(f"{found.unready} evaluations do not match their findings; left out.", err=True)
    if not any(start < one.evaluation.partition_end <= end for one in found.evaluated):
        raise NoDataError(
            f"Nothing was evaluated from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}; "
            "give another span."
        )
    return replayed(found.evaluated, start=start, end=end, watched=modes, config=config)


def _sums(found: Replayed) -> dict[str, pl.DataFrame]:
    span = {
        "evaluations": found.evaluations,
        "findings": found.findings,
        "alerts": found.alerts,
        "notices": len(found.notices),
    }
    reasons = [
        (one.receiver, one.route or None, reason.value, n)
        for one in found.tallies
        for reason, n in sorted(one.reasons.items())
    ]
    told = {
        "receiver": pl.String(),
        "route": pl.String(),
        "reason": pl.String(),
        "notices": pl.Int64(),
    }
    numbers = {
        "receiver": pl.String(),
        "route": pl.String(),
        "notices": pl.Int64(),
        "alerts": pl.Int64(),
        "pages": pl.Int64(),
        "per_shift": pl.Float64(),
        "busiest": pl.Int64(),
        "duplicates": pl.Int64(),
        "auto_resolved": pl.Float64(),
        "storms": pl.Int64(),
    }
    rows = [tuple(getattr(one, name) for name in numbers) for one in found.tallies]
    return {
        "span": pl.DataFrame([span]),
        "reasons": pl.DataFrame(reasons, schema=told, orient="row"),
        "receivers": pl.DataFrame(rows, schema=numbers, orient="row").with_columns(
            pl.col("route").replace("", None)
        ),
    }


def _each(notices: tuple[Notice, ...]) -> pl.DataFrame:
    schema = {
        "at": MOMENT,
        "receiver": pl.String(),
        "route": pl.String(),
        "severity": pl.String(),
        "reason": pl.String(),
        "group": pl.String(),
        "alerts": pl.Int64(),
        "groups": pl.Int64(),
    }
    rows = [
        (
            one.at,
            one.intent.receiver,
            one.intent.route or None,
            one.intent.severity.name,
            one.intent.reason.value,
            ", ".join(f"{name}={value}" for name, value in one.intent.labels) or None,
            len(one.intent.changes),
            len(one.intent.groups) or 1,
        )
        for one in notices
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
