"""Reads queues and routing rules out of queues.yaml."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import yaml

from monitors.contract import Monitor, Severity
from monitors.harms import Harm
from orchestration.oncall.hours import Hours
from orchestration.oncall.people import Roster, may
from orchestration.oncall.reading import Fields, Read, made, named, set_of
from orchestration.oncall.roles import Role, roles_for
from orchestration.oncall.scalars import IN_PEOPLE, handle_of, one_of, quoted
from orchestration.triage.clock import Goals
from orchestration.triage.desks import Queue, Rule, Source
from orchestration.triage.hours_yaml import amount_of, flag_of
from orchestration.triage.route import never_reached
from orchestration.yaml_lines import Problems, mapping, sequence, text_of

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
ELSE = frozenset({""})  # whatever has no name, or one that nobody knows yet
QUEUE_KEYS = (
    *("hours", "sla", "restricted", "skills"),
    *("languages", "reveal", "exposure_limit"),
)
REQUIRED = ("hours", "sla", "restricted", "reveal", "exposure_limit")
RULE_KEYS = ("name", "match", "queue")
TRAITS = ("harm", "product", "severity", "source", "entity_type", "monitor")


@dataclass(frozen=True, slots=True)
class Known:
    """What queues.yaml may name besides its own parts. A null roster: nobody is asked about."""

    roster: Roster | None
    traits: Mapping[str, frozenset[str]]

    def read_skill(self) -> Read:
        """A reader of a skill that somebody has."""
        if self.roster is None:
            return handle_of
        skills = {skill for person in self.roster.people for skill in person.skills}
        return one_of(skills, "skill", IN_PEOPLE)


def known_of(roster: Roster | None, monitors: Iterable[Monitor]) -> Known:
    """People and their skills, and the traits that these monitors give to cases."""
    watched = list(monitors)
    traits = {
        "harm": frozenset(map(str, Harm)),
        "product": frozenset(monitor.product for monitor in watched),
        "severity": frozenset(severity.name for severity in Severity),
        "source": frozenset(map(str, Source)),
        "entity_type": frozenset(monitor.entity for monitor in watched),
        "monitor": frozenset(monitor.id for monitor in watched),
    }
    return Known(roster, traits)


def read_queues(
    node: yaml.Node,
    known: Known,
    hours: Mapping[str, Hours | None],
    policies: Mapping[str, tuple[Goals, ...] | None],
    problems: Problems,
) -> dict[str, Queue | None]:
    """Queues by id; None for those with mistakes, which are noted."""

    def open_hours(part: yaml.Node, noted: Problems) -> Hours | None:
        return hours.get(one_of(hours, "hours")(part, noted))

    readers: dict[str, Read] = {
        "hours": open_hours,
        "sla": one_of(policies, "SLA policy"),
        "restricted": flag_of,
        "skills": set_of(known.read_skill()),
        "languages": set_of(_language),
        "reveal": _reveal,
        "exposure_limit": amount_of,
    }
    fields: Fields = {key: (key, readers[key]) for key in QUEUE_KEYS}
    found: dict[str, Queue | None] = {}
    for name, key, part in named(node, problems):
        queue = made(partial(Queue, name), part, fields, REQUIRED, problems)
        found[name] = queue
        if queue is not None:
            _staffed(queue, key, known, problems)
    return found


def read_rules(
    node: yaml.Node, known: Known, queues: Iterable[str], problems: Problems
) -> tuple[Rule, ...]:
    """The rules in their order; what is wrong with each, and between them, is noted."""
    before = len(problems.found)
    match: Fields = {trait: (trait, _values(trait, known)) for trait in TRAITS}
    fields: Fields = {
        "name": ("name", handle_of),
        "match": ("match", partial(_match, match)),
        "queue": ("queue", one_of(queues, "queue")),
    }
    nodes = sequence(node, problems)
    made_of = [made(Rule, part, fields, fields, problems) for part in nodes]
    rules = [rule for rule in made_of if rule is not None]
    if len(problems.found) == before:
        names = [rule.name for rule in rules]
        for at, name in enumerate(names):
            if name in names[:at]:
                problems.add(nodes[at], f"there is a rule '{name}' before; give each its own name.")
        for at, text in never_reached(rules, _domains(known)):
            problems.add(nodes[at], text)
    return tuple(rules)


def _domains(known: Known) -> dict[str, frozenset[str]]:
    closed = {"severity", "source"}  # of the others there may be one without a name, or a new one
    return {
        trait: values if trait in closed else values | ELSE
        for trait, values in known.traits.items()
    }


def _staffed(queue: Queue, key: yaml.Node, known: Known, problems: Problems) -> None:
    """Note a queue whose cases nobody could take."""
    if known.roster is None or any(
        queue.skills <= person.skills and may(person, "open_case") for person in known.roster.people
    ):
        return
    skills, roles = ", ".join(sorted(queue.skills)), ", ".join(roles_for("open_case"))
    wanted = f"the skills {skills} and " if skills else ""
    problems.add(
        key,
        f"nobody in people.yaml may work on '{queue.id}'; give one person {wanted}one of {roles}.",
    )


def _match(fields: Fields, node: yaml.Node, problems: Problems) -> dict[str, frozenset[str]]:
    parts = mapping(node, fields, problems)
    if isinstance(node, yaml.MappingNode) and not node.value:
        problems.add(node, "it matches everything; name a trait, or make the queue the default.")
    return {trait: fields[trait][1](part, problems) for trait, part in parts.items()}


def _values(trait: str, known: Known) -> Read:
    """A reader of one value or a list of them."""
    values = known.traits[trait]
    read = partial(_monitor, values) if trait == "monitor" else one_of(values, trait)

    def read_values(node: yaml.Node, problems: Problems) -> frozenset[str]:
        if isinstance(node, yaml.ScalarNode):
            return frozenset({read(node, problems)})
        if isinstance(node, yaml.SequenceNode) and not node.value:
            problems.add(node, f"it is empty; name a {trait}, or leave {trait} out for any.")
        return set_of(read)(node, problems)

    return read_values


def _monitor(known: Collection[str], node: yaml.Node, problems: Problems) -> str:
    """The id of a monitor; they are too many to be listed where none is alike."""
    text = text_of(node, problems)
    if text and text not in known:
        alike = difflib.get_close_matches(text, known, n=1)
        hint = f"did you mean '{alike[0]}'?" if alike else "take its id from docs/monitors.md."
        problems.add(node, f"there is no monitor {quoted(text)}; {hint}")
    return text


def _reveal(node: yaml.Node, problems: Problems) -> frozenset[Role]:
    written = set_of(one_of([*Role], "role"))(node, problems)
    return frozenset(role for role in Role if role in written)


def _language(node: yaml.Node, problems: Problems) -> str:
    text = text_of(node, problems)
    if text and not LANGUAGE.fullmatch(text):
        problems.add(node, "it is no language; write its code, as in en or pt-BR.")
    return text
