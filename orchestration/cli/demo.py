"""`watchfloor demo`: the sample logs through Dagster, from ingestion to findings."""

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.settings import PREFIX, Settings, load

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from rich.progress import Progress

    from orchestration.demo import Summary
    from orchestration.demo_alerts import Told
    from orchestration.demo_cases import Worked

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--week", is_flag=True, help="Evaluate the last week hour by hour, not the last day.")
def demo(week: bool) -> None:  # noqa: FBT001 - a command line's flag
    """Take in the sample logs, evaluate them through Dagster and print what was found."""
    # Dagster's definitions read the settings when they are imported, so the samples come first.
    os.environ.setdefault(f"{PREFIX}SOURCES", str(ROOT / "samples" / "sources"))
    began = time.perf_counter()
    from orchestration.cli.ledger import made  # noqa: PLC0415
    from orchestration.cli.progress import progress  # noqa: PLC0415
    from orchestration.demo import PROCESS_TAG  # noqa: PLC0415
    from orchestration.deployment import bury, prepare  # noqa: PLC0415

    settings = load()
    made(settings.ledger)
    with prepare(settings) as instance, progress() as bar:
        bury(instance, PROCESS_TAG)
        _take_in(settings, bar)
        if Path(settings.lake).absolute() == settings.home / "lake":  # where a world can be written
            _simulate(settings, bar)
        found, failed = _evaluate(settings, instance, bar, week=week)
        told = _tell(settings, instance, bar, failed)
        worked = _work(settings, bar)
    _print(found, time.perf_counter() - began)
    _print_told(told, settings)
    _print_worked(worked)
    if failed:
        click.echo(f"These runs failed: {', '.join(failed)}. Look at them in the UI.", err=True)
        sys.exit(1)


def _take_in(settings: Settings, bar: "Progress") -> None:
    from orchestration.demo import take_in  # noqa: PLC0415
    from orchestration.lake import Lake  # noqa: PLC0415

    sources = settings.sources or ROOT
    task = bar.add_task("Taking in the sample logs", total=len(list(sources.glob("*.toml"))))
    lake = Lake(settings.lake)
    for name in take_in(lake, sources, now=datetime.now(UTC), hot=settings.hot):
        bar.update(task, advance=1, description=f"Taken in: {name}")


def _simulate(settings: Settings, bar: "Progress") -> None:
    from orchestration.demo import simulate  # noqa: PLC0415

    task = bar.add_task("Simulating the products without a log", total=None)
    simulate(
        settings.home,
        now=datetime.now(UTC),
        done=lambda day: bar.update(task, description=f"Simulated: {day:%d %B}"),
    )
    bar.update(task, total=1, completed=1)


def _evaluate(
    settings: Settings, instance: "DagsterInstance", bar: "Progress", *, week: bool
) -> tuple[list["Summary"], list[str]]:
    """What was found on each product, and the runs that failed."""
    from monitors.registry import registry  # noqa: PLC0415
    from orchestration.definitions import defs  # noqa: PLC0415
    from orchestration.demo import legs, run_leg, run_whole, summaries  # noqa: PLC0415
    from orchestration.jobs import COVERAGE  # noqa: PLC0415
    from orchestration.lake import Lake  # noqa: PLC0415
    from orchestration.pseudonyms import Pseudonyms  # noqa: PLC0415

    lake = Lake(settings.lake)
    planned = legs(lake, registry().watching(), week=week)
    task = bar.add_task("Evaluating", total=len(planned))
    seconds: dict[str, float] = {}
    failed = []
    for leg in planned:
        bar.update(task, description=f"Evaluating {leg.product}, {leg.job}")
        succeeded, took = run_leg(defs, leg, instance)
        seconds[leg.product] = seconds.get(leg.product, 0.0) + took
        failed += [] if succeeded else [f"{leg.product} ({leg.job})"]
        bar.advance(task)
    if not run_whole(defs, COVERAGE, instance):
        failed.append("coverage")
    return list(summaries(lake, Pseudonyms(settings.home), planned, seconds)), failed


def _tell(
    settings: Settings, instance: "DagsterInstance", bar: "Progress", failed: list[str]
) -> "Told":
    """Let eight monitors tell people, take in what was evaluated, and send the messages."""
    from monitors.registry import registry  # noqa: PLC0415
    from orchestration.alerting import Alerting  # noqa: PLC0415
    from orchestration.definitions import defs  # noqa: PLC0415
    from orchestration.demo import run_whole  # noqa: PLC0415
    from orchestration.demo_alerts import promote, told  # noqa: PLC0415
    from orchestration.jobs import INTAKE  # noqa: PLC0415

    task = bar.add_task("Telling people", total=1)
    alerting = Alerting(settings, registry().watching())
    promote(alerting.engine, alerting.registry, now=datetime.now(UTC))
    if not run_whole(defs, INTAKE, instance):
        failed.append("alerts")
    bar.advance(task)
    return told(alerting.engine, settings, now=datetime.now(UTC))


def _print_told(told: "Told", settings: Settings) -> None:
    firing = ", ".join(f"{n} {severity}" for severity, n in told.firing.items()) or "none"
    click.echo(f"\nAlerts that fire: {firing}; {told.shadow} more are in shadow and tell nobody.")
    if told.messages is None:
        click.echo("The messages are in Slack. `watchfloor alerts list` lists the alerts.")
        return
    sent = ", ".join(f"{n} in {channel}" for channel, n in told.messages.items()) or "none"
    click.echo(f"Messages: {sent}, as Slack would get them, in {settings.home / 'slack'}.")
    click.echo("S2 waits for business hours and S3 for the day's digest: docs/on-call.md.")


def _work(settings: Settings, bar: "Progress") -> "Worked":
    """Open cases of the alerts that fire, and decide one in dry-run."""
    from monitors.registry import registry  # noqa: PLC0415
    from orchestration.alerting import Alerting  # noqa: PLC0415
    from orchestration.demo_cases import work  # noqa: PLC0415
    from orchestration.working import Working  # noqa: PLC0415

    task = bar.add_task("Opening cases", total=1)
    found = work(Working(Alerting(settings, registry().watching())), now=datetime.now(UTC))
    bar.advance(task)
    return found


def _print_worked(worked: "Worked") -> None:
    waiting = ", ".join(f"{n} in {queue}" for queue, n in worked.queues.items()) or "none"
    click.echo(f"\nCases that wait: {waiting}. `watchfloor cases list` lists them.")
    if worked.case_id is None:
        return
    click.echo(f"{worked.case_id} was decided by the demo as violating '{worked.policy}'.")
    click.echo(
        f"In dry-run, where nothing is done to anybody, that {worked.preview or 'does nothing.'}"
    )


def _print(found: Sequence["Summary"], seconds: float) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        title="What was found in the sample logs, and in a simulated company where there is none"
    )
    for name in ("product", "events", "quarantined", "monitors", "failed", "findings", "seconds"):
        table.add_column(name, justify="left" if name == "product" else "right")
    table.add_column("top entities: monitor, highest score, findings")
    for one in found:
        top = "\n".join(f"{name}: {score:g}, {n}x" for name, score, n in one.top) or "none"
        counts = (one.events, one.quarantined, one.monitors, one.failed, one.findings)
        shown = ("-" if n is None else f"{n:,}" for n in counts)
        table.add_row(one.product, *shown, f"{one.seconds:.1f}", top)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    click.echo(f"Done in {seconds:.0f} s. Entities are shown by pseudonym; `watchfloor findings`")
    click.echo("lists them. See it all in the Dagster UI: `make dev`, then http://127.0.0.1:3000")
