"""`watchfloor launch new|scaffold|schema`: from nothing to a checklist, and to its monitors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click

from launch_checklists.checklist import Checklist
from monitors.registry import contracts, registry
from orchestration.cli.scaffold import TREE, Plan, write
from orchestration.inputs import EVENTS
from orchestration.lake import Lake
from orchestration.launch.begin import Answers, begun
from orchestration.launch.checklist_yaml import read_checklist
from orchestration.launch.errors import LaunchError
from orchestration.launch.products import load_checklist, path_of
from orchestration.launch.schema import schema_text
from orchestration.settings import Settings, load

SOON = timedelta(days=60)  # a launch that nobody has dated yet


@click.command()
@click.argument("product")
@click.option("--author", prompt="Your id in people.yaml", help="Who writes it; may not sign it.")
@click.option("--owner", prompt="Team that owns the product", help="A team of people.yaml.")
@click.option("--oncall", default=None, help="Team that is woken; the owner if not given.")
@click.option("--queue", prompt="Queue of its cases", help="A queue of queues.yaml.")
@click.option("--surfaces", default="web", show_default=True, help="Names with commas between.")
@click.option("--languages", default="en", show_default=True, help="Codes with commas between.")
@click.option("--cases", default=50, show_default=True, help="Cases a day at most.")
@click.option("--tier", default=1, show_default=True, help="0 to 3; 0 is the gravest.")
@click.option("--channel", default="C0WATCHFLOOR", show_default=True, help="Slack channel.")
def new(  # noqa: PLR0917 - one argument per option
    product: str,
    author: str,
    owner: str,
    oncall: str | None,
    queue: str,
    surfaces: str,
    languages: str,
    cases: int,
    tier: int,
    channel: str,
) -> None:
    """Write a product's checklist with every harm of the taxonomy in it; nothing is overwritten."""
    settings = load()
    name = product.replace("-", "_")
    path = path_of(settings.checklists, name)
    if path.exists():
        raise LaunchError(f"{path.name} exists and is not overwritten; edit it.")
    answers = Answers(
        product=name,
        owner=owner,
        oncall=oncall or owner,
        author=author,
        launch=(datetime.now(UTC) + SOON).date(),
        tier=tier,
        surfaces=tuple(_parts(surfaces)),
        queue=queue,
        a_day=cases,
        languages=tuple(_parts(languages)),
        channel=channel,
    )
    text = begun(answers, registry().monitors, _columns(settings, name))
    read_checklist(text, name=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"Written: {path}")
    click.echo("Rule out the harms that cannot happen, or name monitors for them; then:")
    click.echo(f"  watchfloor launch scaffold {product}\n  watchfloor launch check {product}")


@click.command()
@click.argument("product")
def scaffold(product: str) -> None:
    """Write the monitors that the checklist names and that are not there, with test and runbook."""
    found = load_checklist(load().checklists, product)
    written = [path for plan in _missing(found) for path in write(plan)]
    for path in written:
        click.echo(f"  {path}")
    unwatched = [one.id.value for one in found.harms if not (one.monitors or one.not_applicable)]
    if unwatched:
        click.echo(f"No monitor is named for: {', '.join(unwatched)}.")
    books = [
        one.runbook for one in found.harms if one.runbook and not (TREE / one.runbook).exists()
    ]
    if books:
        click.echo(f"Runbooks to be written: {', '.join(books)}.")
    if not (written or unwatched or books):
        click.echo("Every harm has its monitors and runbooks.")


@click.command()
def schema() -> None:
    """Print the JSON Schema of a checklist, for editors."""
    click.echo(schema_text(), nl=False)


def _missing(found: Checklist) -> Iterator[Plan]:
    """Plans for the product's own monitors that are named and not there."""
    there = registry()
    broken = {one.id for one in there.broken.values()}
    for harm in found.harms:
        for need in harm.monitors:
            if need.id in there.monitors or need.id in broken:
                continue
            yield Plan.of(
                need.id,
                contract=found.data[0].events if found.data else "api_requests",
                harm=harm.id.value,
                author=found.authors[0].replace("-", ""),
                sql=False,
            )


def _columns(settings: Settings, product: str) -> dict[str, tuple[str, ...]]:
    """Required columns of the contracts whose events the product sends already."""
    lake = Lake(settings.lake)
    return {
        name: ("account_id", *(one.name for one in contract.columns if one.required))
        for name, contract in contracts().items()
        if product in lake.products(f"{EVENTS}/{name}")
    }


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
