"""`watchfloor slack`: hear what people press, and look at messages before they are sent."""

from datetime import UTC, datetime, timedelta

import click

from orchestration.cli.slack_preview import preview
from orchestration.settings import SettingsError, load

EVERY = timedelta(seconds=5)


@click.group()
def slack() -> None:
    """Hear what people press in Slack, and show what messages look like."""


slack.add_command(preview)


@slack.command()
@click.option(
    "--http",
    "address",
    metavar="HOST:PORT",
    help="Take signed requests there in place of Socket Mode.",
)
def listen(*, address: str | None) -> None:
    """Hear clicks until stopped, do what they ask, and send what waits in the outbox.

    Over Socket Mode, which needs WATCHFLOOR_SLACK_APP_TOKEN, or as a web address that Slack calls,
    which needs WATCHFLOOR_SLACK_SIGNING_SECRET. Both need WATCHFLOOR_SLACK_TOKEN.
    """
    from monitors.registry import registry  # noqa: PLC0415 - Polars takes half a second to import
    from orchestration.alerting import Alerting  # noqa: PLC0415
    from orchestration.listening import by_http, by_socket  # noqa: PLC0415

    settings = load()
    wanted = "SIGNING_SECRET" if address else "APP_TOKEN"
    secret = settings.slack.signing_secret if address else settings.slack.app_token
    if not settings.slack.token or not secret:
        raise SettingsError(
            f"WATCHFLOOR_SLACK_TOKEN or WATCHFLOOR_SLACK_{wanted} is not set; wanted both, "
            "of an installed Slack app. docs/slack.md says how to make one."
        )
    alerting = Alerting(settings, registry().watching())
    clock = lambda: datetime.now(UTC)  # noqa: E731 - the one clock of this process
    if address:
        by_http(alerting, address=address, clock=clock, every=EVERY)
    else:
        by_socket(alerting, clock=clock, every=EVERY)
