"""`watchfloor slack preview`: every kind of message on one page."""

from pathlib import Path

import click

from orchestration.slack.preview import page
from orchestration.slack.samples import dialogs, samples


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write the page to."
)
def preview(*, out: Path | None) -> None:
    """Show every kind of message as it looks in Slack, on one HTML page that loads nothing.

    The messages are examples. Without --out the page goes to stdout.
    """
    made = page(samples(), dialogs())
    if out is None:
        click.echo(made, nl=False)
    else:
        out.write_text(made, encoding="utf-8")
