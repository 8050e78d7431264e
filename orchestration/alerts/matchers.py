"""Matchers over an alert's labels, written as Alertmanager does: `product="chat"`."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from orchestration.alerts.errors import AlertError

Operator = Literal["=", "!=", "=~", "!~"]
LABELS = ("monitor", "product", "harm", "severity", "entity_type", "entity", "owner", "mode")
WRITTEN = re.compile(r'\s*(?P<label>\w+)\s*(?P<operator>=~|!~|!=|=)\s*"?(?P<value>[^"]*?)"?\s*')


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an expression must match the whole value.

    Raises AlertError for an unknown label, which could never match, and a wrong expression.
    """

    label: str
    operator: Operator
    value: str
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known_label(self.label)
        if self.operator not in get_args(Operator):
            raise AlertError(f"'{self.operator}' is no operator; use one of = != =~ !~.")
        text = self.value if "~" in self.operator else re.escape(self.value)
        try:
            object.__setattr__(self, "pattern", re.compile(text))
        except re.error as error:
            raise AlertError(
                f"'{self.value}' is no regular expression: {error}. Mend it, or use = for a text."
            ) from error

    def matches(self, value: str) -> bool:
        """Whether a label's value fulfils the condition."""
        return bool(self.pattern.fullmatch(value)) != self.operator.startswith("!")

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


def parse_matcher(text: str) -> Matcher:
    """Read `label="value"`, with the operators = != =~ !~. Raises AlertError."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise AlertError(f"'{text}' is no matcher; write one as in product=\"chat\".")
    return Matcher(found["label"], cast("Operator", found["operator"]), found["value"])


def known_label(name: str) -> str:
    """The name, if alerts have such a label; AlertError with the nearest ones otherwise."""
    if name not in LABELS:
        alike = difflib.get_close_matches(name, LABELS, n=1)
        hint = f"did you mean '{alike[0]}'?" if alike else f"use one of {', '.join(LABELS)}."
        raise AlertError(f"Alerts have no label '{name}'; {hint}")
    return name


class Matching:
    """Whether labels fulfil every matcher; remembered by value, as many alerts share them."""

    def __init__(self, matchers: tuple[Matcher, ...]) -> None:
        self._matchers = matchers
        self._labels = tuple(matcher.label for matcher in matchers)
        self._known: dict[tuple[str, ...], bool] = {}

    def __call__(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels do."""
        values = tuple([labels[label] for label in self._labels])
        known = self._known.get(values)
        if known is None:
            known = all(m.matches(v) for m, v in zip(self._matchers, values, strict=True))
            self._known[values] = known
        return known


def check_matchers(matchers: tuple[Matcher, ...]) -> None:
    """Raise AlertError unless at least one matcher refuses an empty value.

    Conditions that an alert without labels fulfils cover everything by mistake.
    """
    if not any(not matcher.matches("") for matcher in matchers):
        written = ", ".join(map(str, matchers)) or "nothing"
        raise AlertError(
            f"{written} matches alerts without labels, and so everything; "
            'add one that names a value, as in product="chat".'
        )
