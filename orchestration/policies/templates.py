"""Templates of notices: texts with named places in braces, and nothing else in them."""

import string
from collections.abc import Mapping

from orchestration.oncall.scalars import unknown
from orchestration.policies.errors import PolicyError, refuse

PLACES = ("action", "policy", "since", "until", "ground", "facts", "automation", "appeal")


def check_template(text: str, *, whole: bool) -> None:
    """Raise PolicyError with every place that is unknown or no plain name.

    A `whole` template has all places: Art. 17(3) DSA wants each of them told.
    """
    places = _places(text)
    odd = [place for place in places if not place.isidentifier()]
    strange = [place for place in places if place.isidentifier() and place not in PLACES]
    missing = [place for place in PLACES if place not in places] if whole else []
    wrong = {unknown(place, PLACES, "field"): True for place in strange}
    wrong |= {"a field is no plain name; write one as in {action}.": bool(odd)}
    left = ", ".join(f"{{{place}}}" for place in missing)
    refuse(wrong | {f"{left} is missing, which a user must be told; write it.": bool(missing)})


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each place filled. Values are put in as they are, braces and all."""
    parts = string.Formatter().parse(text)
    filled = "".join(said + (values[place] if place else "") for said, place, _, _ in parts)
    return filled.strip()


def _places(text: str) -> list[str]:
    """What stands in braces, with format or conversion, if it has one."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise PolicyError(f"a brace is not closed or opened ({error}); close it.") from error
    return [
        place + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, place, form, conversion in parts
        if place is not None
    ]
