"""Terms of casework: queues, policies, rules of enforcement and people, as they are in force."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from monitors.contract import Monitor
from monitors.registry import Registry
from monitors.registry import registry as shipped
from orchestration.intake.rules import rules
from orchestration.intake.settings import in_force
from orchestration.ledger.database import reading
from orchestration.ledger.tables import configs
from orchestration.oncall.people import Roster
from orchestration.policies.bumps import check_bump
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.errors import PolicyError
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.policy import Policies
from orchestration.policies.rules import Rules
from orchestration.settings import Settings
from orchestration.triage.desks import Desks
from orchestration.triage.queues_yaml import parse_desks
from orchestration.yaml_lines import YamlError

SHARE = 0.2  # of the alert episodes: those whose decisions measure precision


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what cases are opened and decided at this moment.

    `enforcement` are the rules of enforcement.yaml. `wrong` says of each file by name what keeps
    it from its force. `seed` and `share` are those of the draw of `measurement.sampling`.
    """

    desks: Desks
    policies: Policies
    enforcement: Rules
    roster: Roster
    wrong: Mapping[str, str]
    seed: str
    share: float = SHARE


def terms(
    engine: Engine, settings: Settings, *, now: datetime, registry: Registry | None = None
) -> Terms:
    """The terms in force; `registry` are the monitors there are, the shipped ones if None.

    Rules of enforcement come into force only if the policies go with them, and policies only if no
    text changed under a version that was in force. Raises YamlError for a file that was never
    sound.
    """
    watched = registry or shipped()
    told = rules(engine, settings, now=now)
    monitors = list(watched.monitors.values())
    desks = in_force(
        engine,
        name="queues",
        path=settings.queues,
        parse=partial(parse_desks, roster=None, monitors=monitors),
        now=now,
        check=partial(_staffed, settings.queues, told.roster, monitors),
    )
    with reading(engine) as connection:
        last = _last(connection, watched.products)
    enforcement = in_force(
        engine,
        name="enforcement",
        path=settings.enforcement,
        parse=partial(parse_enforcement, products=watched.products),
        now=now,
        check=partial(_goes_with, settings.policies, last),
    )
    policies = in_force(
        engine,
        name="policies",
        path=settings.policies,
        parse=partial(parse_policies, rules=enforcement.value),
        now=now,
        check=partial(_refuse_unbumped, last),
    )
    mine = {"queues": desks.wrong, "enforcement": enforcement.wrong, "policies": policies.wrong}
    return Terms(
        desks.value,
        policies.value,
        enforcement.value,
        told.roster,
        {**told.wrong, **{name: text for name, text in mine.items() if text}},
        settings.sample_seed,
    )


def _staffed(path: Path, roster: Roster, monitors: Iterable[Monitor], desks: Desks) -> None:
    """Raise YamlError for what asks of people more than anybody has.

    Not a part of reading, so that queues stay in force when somebody's skill is taken away.
    """
    del desks
    parse_desks(path.read_text(encoding="utf-8"), roster, monitors)


@dataclass(frozen=True, slots=True)
class _Last:
    """The policies in force before; null `policies`: none, or none that can still be read."""

    text: str | None
    policies: Policies | None


def _last(connection: Connection, products: Collection[str]) -> _Last:
    """What decisions made until now cite, under the rules that held with it."""
    texts = {name: _text_in_force(connection, name) for name in ("policies", "enforcement")}
    policies, enforcement = texts["policies"], texts["enforcement"]
    if policies is None or enforcement is None:
        return _Last(policies, None)
    try:
        rules_then = parse_enforcement(enforcement, products)
        return _Last(policies, parse_policies(policies, rules_then))
    except YamlError:  # written for an earlier Watchfloor: there is nothing to compare with
        return _Last(policies, None)


def _text_in_force(connection: Connection, name: str) -> str | None:
    newest = select(configs.c.text).where(configs.c.name == name)
    found: str | None = connection.execute(
        newest.order_by(configs.c.audit_seq.desc()).limit(1)
    ).scalar_one_or_none()
    return found


def _goes_with(path: Path, last: _Last, enforcement: Rules) -> None:
    """Raise YamlError unless the policies that would be in force are sound under these rules."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # the policies' own check says so
        if last.text is not None:
            parse_policies(last.text, enforcement)
        return
    _refuse_unbumped(last, parse_policies(text, enforcement))


def _refuse_unbumped(last: _Last, policies: Policies) -> None:
    if last.policies is None:
        return
    try:
        check_bump(last.policies, policies)
    except PolicyError as error:
        raise YamlError(f"policies.yaml: {error}") from error
