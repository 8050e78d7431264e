"""`watchfloor heartbeat`: whether Watchfloor still beats; for cron, or as a loop of its own."""

import sys
import time
from datetime import UTC, datetime

import click

from orchestration.cli.errors import FOUND_WRONG
from orchestration.settings import Settings, load


@click.command()
@click.option("--every", type=click.IntRange(min=1), help="Look each so many seconds, for ever.")
def heartbeat(*, every: int | None) -> None:
    """Look whether daemon, ticks, ledger and outbox are alive, and tell people if one is not.

    Told in Slack, else by the second notifier, each thing once in half an hour. Exit code 1 if
    something is wrong.
    """
    settings = load()
    while every:
        _look(settings)
        time.sleep(every)
    if _look(settings):
        sys.exit(FOUND_WRONG)


def _look(settings: Settings) -> bool:
    """Whether something is wrong, or nobody could be told."""
    from orchestration.jobs import HOURLY_TICK  # noqa: PLC0415 - Dagster takes two seconds to import
    from orchestration.selfwatch.beat import missing  # noqa: PLC0415
    from orchestration.selfwatch.outcry import cry  # noqa: PLC0415
    from orchestration.slack.reach import slack_of  # noqa: PLC0415

    now = datetime.now(UTC)
    found = missing(settings, job=HOURLY_TICK, now=now)
    for one in found:
        click.echo(f"{one.name}, since {one.since:%Y-%m-%dT%H:%M:%SZ}: {one.what}")
    failed = cry(settings, slack_of(settings), found, now=now)
    for how in failed:
        click.echo(f"Nobody could be told. {how}", err=True)
    return bool(found or failed)
