"""`watchfloor launch waive|sign|finding`: what people answer for, in the ledger, by their token."""

from typing import Literal, cast, get_args

import click

from launch_checklists.checklist import Signer
from orchestration.cli.launch_desk import looked_at, stage_option
from orchestration.cli.login import office, signed_in
from orchestration.cli.output import emit_record, format_option
from orchestration.launch.products import load_checklist
from orchestration.launch.records import approve_waiver, close_finding, open_finding
from orchestration.launch.records import sign as put_sign

SEVERITIES = ("S0", "S1", "S2", "S3")


@click.command()
@click.argument("product")
@click.argument("item")
@format_option
def waive(product: str, item: str, form: str) -> None:
    """Approve the waiver of an item as the checklist has it, in your name."""
    with office() as here:
        who = signed_in(here)
        found = load_checklist(here.settings.checklists, product)
        waiver = approve_waiver(here.engine, who, found, item, now=here.now)
    record = {"item": waiver.item, "until": waiver.expires, "approved_by": who.id}
    emit_record({"product": found.product.id, **record}, form)


@click.command()
@click.argument("product")
@click.option(
    "--as",
    "signer",
    type=click.Choice(get_args(Signer)),
    required=True,
    help="In which of the checklist's roles you sign.",
)
@stage_option
@format_option
def sign(product: str, signer: str, stage: str | None, form: str) -> None:
    """Sign the state that the live system is in now, in your name."""
    with office() as here:
        who = signed_in(here)
        found, report = looked_at(here.settings, product, stage)
        put_sign(here.engine, who, found, report, signer, now=here.now)
    record = {"stage": report.stage, "as": signer, "by": who.id, "state": report.digest}
    emit_record({"product": report.product, **record}, form)


@click.group()
def finding() -> None:
    """Record what a red team found, and say when it is mended or accepted."""


@finding.command("open")
@click.argument("product")
@click.option("--severity", type=click.Choice(SEVERITIES), required=True, help="S0 is gravest.")
@click.option("--evidence", required=True, help="A link; the text stays there.")
@format_option
def open_(product: str, severity: str, evidence: str, form: str) -> None:
    """Record a finding of a red team on a product."""
    with office() as here:
        who = signed_in(here)
        found = load_checklist(here.settings.checklists, product)
        name = open_finding(
            here.engine,
            who,
            found.product.id,
            severity=SEVERITIES.index(severity),
            evidence=evidence,
            now=here.now,
        )
    emit_record({"finding": name, "product": found.product.id, "severity": severity}, form)


@finding.command()
@click.argument("finding_id", metavar="FINDING")
@click.option(
    "--as",
    "closed_as",
    type=click.Choice(["mended", "accepted"]),
    required=True,
    help="accepted needs somebody who may approve.",
)
@click.option("--reason", required=True, help="Why, in one line, for the audit.")
@format_option
def close(finding_id: str, closed_as: str, reason: str, form: str) -> None:
    """Say that a finding is mended, or that its risk is accepted."""
    with office() as here:
        who = signed_in(here)
        as_ = cast("Literal['mended', 'accepted']", closed_as)
        close_finding(here.engine, who, finding_id, closed_as=as_, reason=reason, now=here.now)
    emit_record({"finding": finding_id, "closed_as": closed_as, "by": who.id}, form)
