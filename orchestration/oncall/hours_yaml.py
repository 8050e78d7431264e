"""Reads business hours by name, as rota.yaml and queues.yaml have them."""

from datetime import time
from functools import partial

import yaml

from orchestration.oncall.hours import Hours
from orchestration.oncall.reading import Fields, made, named, set_of
from orchestration.oncall.scalars import day_of, one_of, wall_of, zone_of
from orchestration.oncall.turns import WEEKDAYS
from orchestration.yaml_lines import Problems

HOURS: Fields


def read_hours(node: yaml.Node, problems: Problems) -> dict[str, Hours | None]:
    """Hours by name; None for those with mistakes, which are noted."""
    return {
        name: made(partial(Hours, name), part, HOURS, HOURS.keys() - {"holidays"}, problems)
        for name, _, part in named(node, problems)
    }


def _close(node: yaml.Node, problems: Problems) -> time:
    """A wall time; 24:00 is the next day's midnight."""
    midnight = isinstance(node, yaml.ScalarNode) and node.value == "24:00"
    return time() if midnight else wall_of(node, problems)


def _weekday(node: yaml.Node, problems: Problems) -> int:
    written = one_of(WEEKDAYS, "weekday")(node, problems)
    return WEEKDAYS.index(written) if written in WEEKDAYS else 0


HOURS = {
    "zone": ("zone", zone_of),
    "open": ("opens", wall_of),
    "close": ("closes", _close),
    "weekdays": ("weekdays", set_of(_weekday)),
    "holidays": ("holidays", set_of(day_of)),
}
