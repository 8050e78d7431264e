import hypothesis.strategies as st
import pytest
from hypothesis import given

from orchestration.policies.errors import PolicyError
from orchestration.policies.templates import PLACES, check_template, fill

ALL = " ".join(f"{{{place}}}" for place in PLACES)


def refused(text: str, *, whole: bool = False) -> str:
    with pytest.raises(PolicyError) as caught:
        check_template(text, whole=whole)
    return str(caught.value)


def test_a_template_with_every_place_is_whole() -> None:
    check_template(ALL, whole=True)


@pytest.mark.parametrize("place", PLACES)
def test_each_place_must_be_told(place: str) -> None:
    text = ALL.replace(f"{{{place}}}", "")
    assert refused(text, whole=True) == (
        f"{{{place}}} is missing, which a user must be told; write it."
    )


@pytest.mark.parametrize(
    "text", ["{}", "{0}", "{action.id}", "{action[0]}", "{action!r}", "{action:>9}", "{ action }"]
)
def test_a_place_is_a_plain_name(text: str) -> None:
    assert refused(text) == "a field is no plain name; write one as in {action}."


def test_an_unknown_place_names_the_nearest() -> None:
    assert refused("{acton}") == "there is no field 'acton'; did you mean 'action'?"


@pytest.mark.parametrize("text", ["{action", "action}"])
def test_a_brace_without_its_other_is_refused(text: str) -> None:
    assert refused(text).startswith("a brace is not closed or opened")


def test_a_brace_written_twice_is_one_brace() -> None:
    check_template("{{action}}", whole=False)
    assert fill("{{action}}", {}) == "{action}"


@given(st.text())
def test_a_value_is_put_in_as_it_is(value: str) -> None:
    assert fill("a {action} b", {"action": value}) == f"a {value} b"
