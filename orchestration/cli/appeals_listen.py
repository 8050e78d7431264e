"""`watchfloor appeals listen`: appeals over HTTP, from the products' support paths."""

import logging
from datetime import UTC, datetime

import click

from orchestration.appeals.endpoint import serve
from orchestration.cases.terms import Terms, terms
from orchestration.cli.login import opened
from orchestration.settings import SettingsError, load
from orchestration.slack.socket import until_signal


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="0 for a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to serve.")
def listen(port: int, host: str) -> None:
    """Take in appeals that products post, until stopped. docs/appeals.md describes the requests.

    Each is signed with WATCHFLOOR_SERVICE_SECRET, as a person's token is for commands.
    """
    settings = load()
    if not settings.service.secret:
        raise SettingsError(
            "WATCHFLOOR_SERVICE_SECRET is not set; wanted the secret that the product signs with."
        )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    engine = opened(settings.ledger)

    def clock() -> datetime:
        return datetime.now(UTC)

    def in_force() -> Terms:
        return terms(engine, settings, now=clock())

    in_force()  # a file that was never sound is said now
    try:
        with (
            until_signal() as stop,
            serve(
                engine,
                secret=settings.service.secret.encode(),
                terms=in_force,
                clock=clock,
                port=port,
                host=host,
            ) as url,
        ):
            click.echo(f"Appeals are taken at {url}/appeals.", err=True)
            stop.wait()
    finally:
        engine.dispose()
