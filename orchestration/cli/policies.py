"""`watchfloor policies`: show policies, and check their files before they come into force."""

from pathlib import Path

import click
import polars as pl
from sqlalchemy import Connection, select

from monitors.registry import registry
from orchestration.cli.login import opened_if_made
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.ledger.database import reading
from orchestration.ledger.tables import configs
from orchestration.policies.bumps import changed, check_bump
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.policy import Policies, Policy
from orchestration.policies.rules import Rules
from orchestration.settings import Settings, SettingsError, load
from orchestration.yaml_lines import YamlError

LIST = {
    "policy": pl.String(),
    "version": pl.Int64(),
    "severity": pl.String(),
    "title": pl.String(),
    "harms": pl.String(),
    "ground": pl.String(),
    "actions": pl.String(),
    "strike": pl.Int64(),
}
CHANGES = {"policy": pl.String(), "in_force": pl.Int64(), "file": pl.Int64()}


@click.group()
def policies() -> None:
    """Show policies, and check their files."""


@policies.command("list")
@format_option
def list_policies(form: str) -> None:
    """List the policies of policies.yaml."""
    found, _ = _parsed(load())
    rows = [
        (
            one.id,
            one.version,
            one.severity.name,
            one.title,
            ", ".join(sorted(one.harms)),
            one.ground.kind.value,
            ", ".join(one.actions),
            one.strike.weight if one.strike else None,
        )
        for one in found.items
    ]
    emit(pl.DataFrame(rows, schema=LIST, orient="row"), form)


@policies.command()
@click.argument("policy", metavar="POLICY")
@format_option
def show(policy: str, form: str) -> None:
    """Show one policy: its text, ground, and what each of its actions needs."""
    found, rules = _parsed(load())
    emit_record(_record(found.of(policy), rules), form)


@policies.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--enforcement",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The rules of enforcement that go with it; those in use, if not given.",
)
@format_option
def check(*, file: Path | None, enforcement: Path | None, form: str) -> None:
    """Check policies.yaml, or FILE in its place, with enforcement.yaml: nothing comes into force.

    Says what changes against what is in force in the ledger. A text that changed under a version
    that decisions cite is refused.
    """
    settings = load()
    found, rules = _parsed(settings, file, enforcement)
    before = _in_force(settings)
    if before is not None:
        check_bump(before, found)
    rows = [] if before is None else [(c.policy, c.before, c.after) for c in changed(before, found)]
    emit(pl.DataFrame(rows, schema=CHANGES, orient="row"), form)
    mode = rules.mode.value
    against = "Nothing is in force yet." if before is None else f"{len(rows)} versions change."
    click.echo(
        f"Sound: {len(found.items)} policies, {len(rules.actions)} actions, mode {mode}. {against}",
        err=True,
    )


def _parsed(
    settings: Settings, file: Path | None = None, enforcement: Path | None = None
) -> tuple[Policies, Rules]:
    """Policies and rules as the files have them. Raises YamlError with every mistake."""
    rules = parse_enforcement(_read(enforcement or settings.enforcement), registry().products)
    return parse_policies(_read(file or settings.policies), rules), rules


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {type(error).__name__}.") from error


def _in_force(settings: Settings) -> Policies | None:
    """What decisions cite now; None without a ledger, or where that is of an older Watchfloor."""
    engine = opened_if_made(settings.ledger)
    if engine is None:
        return None
    try:
        with reading(engine) as connection:
            texts = {name: _newest(connection, name) for name in ("policies", "enforcement")}
    finally:
        engine.dispose()
    if texts["policies"] is None or texts["enforcement"] is None:
        return None
    try:
        rules = parse_enforcement(texts["enforcement"], registry().products)
        return parse_policies(texts["policies"], rules)
    except YamlError:  # written for an earlier Watchfloor: there is nothing to compare with
        return None


def _newest(connection: Connection, name: str) -> str | None:
    query = select(configs.c.text).where(configs.c.name == name)
    newest = query.order_by(configs.c.audit_seq.desc()).limit(1)
    found: str | None = connection.execute(newest).scalar_one_or_none()
    return found


def _record(policy: Policy, rules: Rules) -> dict[str, object]:
    strike = policy.strike
    return {
        "policy": policy.id,
        "version": policy.version,
        "title": policy.title,
        "severity": policy.severity.name,
        "harms": ", ".join(sorted(policy.harms)),
        "ground": f"{policy.ground.kind.value}: {policy.ground.clause}",
        "not_allowed": _line(policy.text.not_allowed),
        "allowed": _line(policy.text.allowed),
        "borderline": _line(policy.text.borderline),
        "actions": "; ".join(_needs(action, rules) for action in policy.actions) or None,
        "strike": f"weight {strike.weight}, {strike.expires.days} days" if strike else None,
        "notice": _line(policy.notice),
        "playbook": policy.playbook,
    }


def _needs(action_id: str, rules: Rules) -> str:
    action = rules.actions[action_id]
    parts = [f"{action.approvals} approvals"] if action.approvals else []
    parts += [] if action.reversible else ["irreversible, two approvals"]
    parts += [f"for {action.duration}"] if action.duration else []
    return f"{action_id} ({', '.join(parts)})" if parts else action_id


def _line(text: str) -> str:
    return " ".join(text.split())
