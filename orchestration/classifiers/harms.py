"""The heads of a classifier of texts: one per harm, by the name that monitors use, and `any`."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitors.harms import Harm

ANY = "any"
TEXT_HARMS = "text_harms"


@dataclass(frozen=True, slots=True)
class Head:
    """What one probability is of: `harm` as in launch checklists, `doc` in a sentence."""

    name: str
    doc: str


HEADS = (
    Head(Harm.HATE_HARASSMENT, "Abuse of somebody, hatred of a group; sexism and insults too."),
    Head(Harm.JAILBREAK, "A prompt that would talk a model out of its rules, or inject others."),
    Head(Harm.SPAM, "Unwanted advertising and lures sent to many."),
)
HARMS: tuple[str, ...] = tuple(str(head.name) for head in HEADS)
LABELS: tuple[str, ...] = (*HARMS, ANY)

# Heads of each classifier that there is, by its name.
CLASSIFIERS: Mapping[str, tuple[str, ...]] = {TEXT_HARMS: LABELS}
