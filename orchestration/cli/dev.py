"""`watchfloor init` and `dev`: Dagster's own webserver and daemon on this installation."""

import os
import sys
from pathlib import Path

import click

from orchestration.settings import load

ROOT = Path(__file__).resolve().parents[2]


@click.command()
def init() -> None:
    """Make the folders, Dagster's configuration and its tables."""
    from orchestration.deployment import prepare  # noqa: PLC0415 - Dagster takes two seconds to import

    settings = load()
    with prepare(settings):
        click.echo(f"Ready. Dagster's home is {settings.dagster_home}, the lake {settings.lake}.")


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web pages.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address they listen on.")
def dev(port: int, host: str) -> None:
    """Serve the Dagster UI, with daemon, schedules and sensors on, until stopped."""
    from orchestration.deployment import prepare  # noqa: PLC0415 - Dagster takes two seconds to import

    # The tables are made before webserver and daemon start: two processes that open a new
    # instance at once make `dagster dev` abort.
    with prepare(load()):
        pass
    dagster = Path(sys.executable).with_name("dagster")
    click.echo(f"Open http://{host}:{port} in a browser. Stop with Ctrl-C.", err=True)
    os.chdir(ROOT)
    command = [str(dagster), "dev", "-w", "workspace.yaml", "-p", str(port), "-h", host]
    os.execv(command[0], command)  # noqa: S606 - our own programme takes this one's place
