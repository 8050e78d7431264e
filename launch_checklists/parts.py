"""The small parts of a checklist: lengths of time, names and modes, as people write them."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

LENGTH = re.compile(r"([1-9][0-9]{0,3})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def length_of(value: Any) -> timedelta:  # noqa: ANN401 - what YAML gave
    """A length of time written as 30m, 2h or 14d. ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    found = LENGTH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("wanted a length of time such as 30m, 2h or 14d.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def length_text(length: timedelta) -> str:
    """The same length as people write it, in the greatest unit that leaves no rest."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


Length = Annotated[
    timedelta,
    BeforeValidator(length_of),
    PlainSerializer(length_text),
    WithJsonSchema({"type": "string", "pattern": f"^{LENGTH.pattern}$"}),
]
Line = Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\n]+$")]
Name = Annotated[str, Field(min_length=2, max_length=80, pattern=r"^[a-z0-9][a-z0-9_./-]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Tier = Literal[0, 1, 2, 3]
Stage = Literal[1, 10, 50, 100]
STAGES: tuple[Stage, ...] = (1, 10, 50, 100)


def stage_of(text: str) -> Stage:
    """The stage of that many percent. ValueError for another number."""
    found = next((stage for stage in STAGES if str(stage) == text), None)
    if found is None:
        raise ValueError(f"There is no stage of {text} %; wanted 1, 10, 50 or 100.")
    return found


class Part(BaseModel):
    """A part of a checklist: what it does not know is a mistake, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
