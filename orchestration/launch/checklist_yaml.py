"""Reads a product's checklist, with every mistake at once, its line and its remedy."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from launch_checklists.checklist import Checklist
from orchestration.yaml_lines import Problems, YamlError, compose

Path_ = tuple[int | str, ...]
TIMESTAMP = "tag:yaml.org,2002:timestamp"
NAMED = {"monitor": "monitor", "action": "action", "queue": "queue", "person": "person or team"}


class _Plain(yaml.SafeLoader):
    """Leaves days as text: an impossible one is then told with its line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its base has it
        first: [(tag, pattern) for tag, pattern in known if tag != TIMESTAMP]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class Names:
    """What a checklist may name: ids of monitors, actions, queues, and of people and teams."""

    monitors: frozenset[str]
    actions: frozenset[str]
    queues: frozenset[str]
    people: frozenset[str]


def read_checklist(text: str, *, name: str, names: Names | None = None) -> Checklist:
    """The checklist in a YAML text. Without `names` nothing is looked up.

    A monitor that does not exist yet is no mistake if nothing is called alike: the gate says that
    it is missing. Raises YamlError with one line per mistake, each with its place and remedy.
    """
    problems = Problems()
    root = compose(text, name=name)
    _refuse_repeated(root, problems)
    try:
        found = Checklist.model_validate(yaml.load(text, Loader=_Plain))  # noqa: S506 - a safe one
    except ValidationError as error:
        for one in error.errors():
            problems.add(_node(root, one["loc"]), _text(one))
        problems.refuse(name)
        raise YamlError(f"{name}:1: {error.error_count()} mistakes without a place.") from error
    if names is not None:
        for path, what, known in _misnamed(found, names):
            problems.add(_node(root, path), what + known)
    problems.refuse(name)
    return found


def _refuse_repeated(node: yaml.Node, problems: Problems) -> None:
    """Note each key that a mapping has twice: the loader would keep the last and say nothing."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _refuse_repeated(part, problems)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                problems.add(key, f"'{key.value}' is there twice; keep one.")
            seen.add(key.value)
            _refuse_repeated(value, problems)


def _node(root: yaml.Node, path: Path_) -> yaml.Node:
    """The part at a path, or the last one on the way that is there."""
    node = root
    for step in path:
        found = _step(node, step)
        if found is None:
            return node
        node = found
    return node


def _step(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _text(error: Mapping[str, Any]) -> str:
    """One mistake in our words."""
    where = ".".join(str(part) for part in error["loc"])
    kind, last = error["type"], error["loc"][-1] if error["loc"] else ""
    if kind == "extra_forbidden":
        known = _keys(error["loc"][:-1])
        return f"there is no setting '{last}' here{_alike(str(last), known)}"
    if kind == "missing":
        return f"'{where}' is missing; write it."
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "enum":
        allowed = [part.strip(" '") for part in str(error["ctx"]["expected"]).split(",")]
        allowed = [one for part in allowed for one in part.replace("' or '", ",").split(",")]
        return f"{where}: there is no '{error['input']}'{_alike(str(error['input']), allowed)}"
    return f"{where}: {message[0].lower()}{message[1:].rstrip('.')}."


def _keys(path: Path_) -> list[str]:
    """The settings that there are at a path."""
    model: Any = Checklist
    for step in path:
        if isinstance(step, int):
            continue
        model = _model_of(model, step)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(model: Any, step: str) -> type[BaseModel] | None:  # noqa: ANN401 - a type's parts
    """The model of a setting, in whatever it is packed."""
    field = model.model_fields.get(step)
    pending = [field.annotation] if field else []
    while pending:
        one = pending.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
        pending += list(getattr(one, "__args__", ()))
    return None


def _alike(text: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(text, known, n=1)
    if found:
        return f"; did you mean '{found[0]}'?"
    return f"; use one of {', '.join(known)}." if known else "."


def _misnamed(found: Checklist, names: Names) -> Iterator[tuple[Path_, str, str]]:
    """What is named and is not there, where, and what may have been meant."""
    for at, harm in enumerate(found.harms):
        for n, need in enumerate(harm.monitors):
            alike = difflib.get_close_matches(need.id, names.monitors, n=1, cutoff=0.75)
            if need.id not in names.monitors and alike:
                place = ("harms", at, "monitors", n, "id")
                yield place, f"there is no monitor '{need.id}'", f"; did you mean '{alike[0]}'?"
        for n, action in enumerate(harm.enforcement.actions if harm.enforcement else ()):
            yield from _one(
                ("harms", at, "enforcement", "actions", n), action, "action", names.actions
            )
        if harm.not_applicable:
            who = harm.not_applicable.approver
            yield from _one(
                ("harms", at, "not_applicable", "approver"), who, "person", names.people
            )
    yield from _one(("capacity", "queue"), found.capacity.queue, "queue", names.queues)
    for path, who in _people(found):
        yield from _one(path, who, "person", names.people)


def _people(found: Checklist) -> Iterator[tuple[Path_, str]]:
    yield ("product", "owner"), found.product.owner
    yield ("product", "oncall"), found.product.oncall
    yield ("rollback_owner",), found.rollback_owner
    yield ("kill_switch", "owner"), found.kill_switch.owner
    for at, author in enumerate(found.authors):
        yield ("authors", at), author
    for at, waiver in enumerate(found.waivers):
        yield ("waivers", at, "owner"), waiver.owner
        yield ("waivers", at, "approver"), waiver.approver
    for at, one in enumerate(found.attestations):
        yield ("attestations", at, "by"), one.by


def _one(
    path: Path_, text: str, kind: str, known: Iterable[str]
) -> Iterator[tuple[Path_, str, str]]:
    there = sorted(known)
    if text not in there:
        yield path, f"there is no {NAMED[kind]} '{text}'", _alike(text, there)
