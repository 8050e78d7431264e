"""`watchfloor world`: simulate a company on whose events monitors can be tried and scored."""

import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import polars as pl

from orchestration.cli.output import emit, format_option
from orchestration.cli.progress import progress
from orchestration.cli.times import Time
from orchestration.cli.world_score import score_command
from orchestration.partitions import DAY, day_of
from orchestration.settings import load
from orchestration.world import live
from orchestration.world.store import PRODUCTS, Home, Progress, Store, write
from orchestration.world.world import Table, World


@click.group(invoke_without_command=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the world; required.")
@click.option("--days", type=click.IntRange(1), default=21, show_default=True, help="Whole days.")
@click.option(
    "--accounts", type=click.IntRange(300), default=8000, show_default=True, help="At the start."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another world.")
@click.option("--end", type=Time(), help="Day where it ends, not included; today if not given.")
@click.option("--products", help="Only these, separated by commas.")
@click.option("--skip-taken", is_flag=True, help="Leave out products that have other events.")
@click.option("--live", "goes_on", is_flag=True, help="Go on with the clock until stopped.")
@click.option(
    "--every", type=click.IntRange(1), default=60, show_default=True, help="Seconds, with --live."
)
@click.option("--while", "parent", type=int, help="With --live: stop when this parent process has.")
@format_option
@click.pass_context
def world(
    context: click.Context, /, *, out: Path | None, end: datetime | None, products: str | None,
    skip_taken: bool, goes_on: bool, every: int, parent: int | None, form: str, **size: int,
) -> None:  # fmt: skip
    """Simulate a company: honest people, campaigns of abuse, and what only looks like abuse.

    Writes the events to OUT/lake and who was behind them to OUT/truth. A folder that already
    holds the world is continued up to the end.
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise click.UsageError("Missing option '--out', the folder to write the world to.")
    home, settings = Home(out.absolute()), load()
    until = day_of(datetime.now(UTC)) if end is None or goes_on else end
    chosen = _products(home, products, skip_taken=skip_taken)
    store = Store.begin(home, _world(context, home, until, size), chosen)
    _write(store, form)
    if goes_on:
        click.echo(f"Adding what happens to '{out}' every {every} s. Stop with Ctrl-C.", err=True)
        pause = Pause(parent)
        live.run(
            store,
            clock=lambda: datetime.now(UTC),
            every=timedelta(seconds=every),
            hot=settings.hot,
            wait=pause.wait,
        )


world.add_command(score_command)


class Pause:
    """Waits that end when the process is told to stop, or its parent is gone."""

    def __init__(self, parent: int | None) -> None:
        self.parent = parent
        self.stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopped.set())

    def wait(self, length: timedelta) -> bool:
        """Wait so long, or less; whether to stop."""
        end = time.monotonic() + length.total_seconds()
        while (left := end - time.monotonic()) > 0:
            if self.stopped.wait(min(left, 1)) or self.parent not in {None, os.getppid()}:
                return True
        return self.stopped.is_set()


def _products(home: Home, given: str | None, *, skip_taken: bool) -> tuple[str, ...]:
    """The products to write: those given, else those of the world that is there, else all."""
    before = Progress.read(home)
    usual = PRODUCTS if before is None else before.products
    chosen = usual if given is None else tuple(name.strip() for name in given.split(","))
    unknown = sorted(set(chosen) - set(PRODUCTS))
    if unknown:
        raise click.UsageError(f"No product '{unknown[0]}'; there are {', '.join(PRODUCTS)}.")
    if not skip_taken or before is not None:
        return chosen
    taken = home.taken()
    if kept := sorted(taken & set(chosen)):
        click.echo(f"Left as they are: {', '.join(kept)} have other events.", err=True)
    return tuple(name for name in chosen if name not in taken)


def _world(context: click.Context, home: Home, end: datetime, size: dict[str, int]) -> World:
    """The world asked for; what was not said is taken from the world that is there, if one is."""
    before = Progress.read(home)
    given = {
        name
        for name in size
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    days, seed, accounts = size["days"], size["seed"], size["accounts"]
    start = end - days * DAY
    if before is not None:
        there = before.world
        seed = seed if "seed" in given else there.seed
        accounts = accounts if "accounts" in given else there.accounts
        start = start if "days" in given else there.start
    return World(seed, accounts, start, max((end - start) // DAY, 0))


def _write(store: Store, form: str) -> None:
    """Write the days that are missing, and say what was written."""
    began = time.perf_counter()
    events = Counter(dict.fromkeys(store.progress.products, 0))
    with progress() as bar:
        missing = store.world.days - store.progress.world.days
        task = bar.add_task("Writing the world", total=max(missing, 0))

        def count(table: Table, rows: int) -> None:
            events[table[0]] += rows

        def done(day: datetime) -> None:
            bar.update(task, advance=1, description=f"Written: {day:%Y-%m-%d}")

        write(store, count=count, done=done)
    schema = {"product": pl.String, "events": pl.Int64}
    emit(pl.DataFrame(sorted(events.items()), schema=schema, orient="row"), form)
    click.echo(f"{_summary(store)} Took {time.perf_counter() - began:.1f} s.", err=True)


def _summary(store: Store) -> str:
    there = store.progress.world
    campaigns = 0
    if store.home.truth.exists():
        found = pl.read_parquet(store.home.truth).filter("guilty")
        campaigns = found["campaign"].n_unique()
    return (
        f"{there.days} days of seed {there.seed} with {there.accounts} accounts, to "
        f"{there.end:%Y-%m-%d}; {campaigns} campaigns."
    )
