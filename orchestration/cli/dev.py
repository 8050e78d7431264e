"""`watchfloor init` and `dev`: Dagster's own webserver and daemon on this installation."""

import os
import subprocess
import sys
from pathlib import Path

import click

from orchestration.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]


@click.command()
def init() -> None:
    """Make the folders, Dagster's configuration and its tables, and the ledger."""
    from orchestration.cli.ledger import made  # noqa: PLC0415 - so does SQLAlchemy half a second
    from orchestration.deployment import prepare  # noqa: PLC0415 - Dagster takes two seconds to import

    settings = load()
    made(settings.ledger)
    with prepare(settings):
        click.echo(f"Ready. Dagster's home is {settings.dagster_home}, the lake {settings.lake}.")


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web pages.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address they listen on.")
@click.option("--live", is_flag=True, help="Simulate a company that is watched, beside it.")
def dev(port: int, host: str, *, live: bool) -> None:
    """Serve the Dagster UI, with daemon, schedules and sensors on, until stopped."""
    from orchestration.cli.ledger import made  # noqa: PLC0415 - so does SQLAlchemy half a second
    from orchestration.deployment import prepare  # noqa: PLC0415 - Dagster takes two seconds to import

    # The tables are made before webserver and daemon start: two processes that open a new
    # instance at once make `dagster dev` abort.
    settings = load()
    made(settings.ledger)
    with prepare(settings):
        pass
    if live:
        _simulate(settings)
    dagster = Path(sys.executable).with_name("dagster")
    click.echo(f"Open http://{host}:{port} in a browser. Stop with Ctrl-C.", err=True)
    os.chdir(ROOT)
    command = [str(dagster), "dev", "-w", "workspace.yaml", "-p", str(port), "-h", host]
    os.execv(command[0], command)  # noqa: S606 - our own programme takes this one's place


def _simulate(settings: Settings) -> None:
    """Start a live world in this installation's lake; it ends when this process does."""
    if Path(settings.lake).absolute() != settings.home / "lake":
        raise click.UsageError("--live writes to WATCHFLOOR_HOME/lake; unset WATCHFLOOR_LAKE.")
    command = [sys.executable, "-m", "orchestration.cli.main", "world", "--live", "--skip-taken"]
    beside = ["--out", str(settings.home), "--while", str(os.getpid())]
    subprocess.Popen([*command, *beside], cwd=ROOT, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
