"""`watchfloor world score`: what monitors find in simulated worlds, against the truth."""

import sys
from pathlib import Path

import click

from monitors.contract import Monitor
from monitors.registry import registry
from orchestration.cli.output import emit, format_option
from orchestration.cli.progress import progress
from orchestration.scoreboard import tables
from orchestration.scoreboard.page import met, page
from orchestration.scoreboard.run import score
from orchestration.scoreboard.tables import Trial

PARTS = ("campaigns", "variants", "monitors", "products", "bystanders")


@click.command(name="score")
@click.argument(
    "homes", metavar="WORLD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--monitor", "only", multiple=True, help="Only this monitor; may be repeated.")
@click.option(
    "--part",
    type=click.Choice(PARTS),
    default="campaigns",
    show_default=True,
    help="Which table to print.",
)
@click.option("--page", "to", type=click.Path(path_type=Path), help="Write the whole page here.")
@format_option
def score_command(
    homes: tuple[Path, ...], only: tuple[str, ...], part: str, to: Path | None, form: str
) -> None:
    """Score every monitor on the last week of each WORLD, a folder that `watchfloor world` made.

    Exit code 1 when a target is missed: recall, precision, or false findings a day.
    """
    chosen = [registry().get(name) for name in only] or list(registry().monitors.values())
    trials = _trials(homes, chosen)
    names = [monitor.id for monitor in chosen]
    products = sorted({monitor.product for monitor in chosen})
    shown = {
        "campaigns": lambda: tables.campaigns(trials),
        "variants": lambda: tables.variants(trials),
        "monitors": lambda: tables.monitors(trials, names),
        "products": lambda: tables.products(trials, products),
        "bystanders": lambda: tables.bystanders(trials),
    }
    emit(shown[part](), form)
    if to is not None:
        to.write_text(page(trials, names, products), encoding="utf-8")
    sys.exit(0 if met(trials, products) else 1)


def _trials(homes: tuple[Path, ...], chosen: list[Monitor]) -> list[Trial]:
    trials = []
    with progress() as bar:
        task = bar.add_task("", total=len(homes) * len(chosen))
        for home in homes:

            def step(name: str, home: Path = home) -> None:
                bar.update(task, description=f"{home.name}: {name}", advance=1)

            trials.append(score(home, chosen, step=step))
    return trials
