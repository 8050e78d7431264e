from pathlib import Path

from orchestration.executors import errors
from orchestration.executors.signing import SIGNATURE, TIMESTAMP
from orchestration.executors.wire import ADVICE, OUTCOMES, UNKNOWN_KEY
from orchestration.reference_service.faults import ASKS, KINDS, parse_faults

PAGE = (Path(__file__).parents[3] / "docs" / "executors.md").read_text()


def test_the_page_has_every_outcome_code_fault_and_header() -> None:
    words = {*OUTCOMES, *ADVICE, UNKNOWN_KEY, *KINDS, *ASKS}
    assert sorted(word for word in words if f"`{word}`" not in PAGE) == []
    assert f"{TIMESTAMP}: " in PAGE
    assert f"{SIGNATURE}: v1=" in PAGE


def test_the_page_has_every_error_that_an_order_may_meet() -> None:
    for error in (errors.Refused, errors.Slow, errors.Unreachable, errors.Unclear):
        assert f"| `{error.__name__}` |" in PAGE


def test_the_reference_service_reads_what_the_page_shows() -> None:
    example = PAGE.split('    {"rules"')[1].split("\n\n")[0]
    faults = parse_faults('{"rules"' + example)
    assert [faults.meet("apply", "k1") for _ in range(2)] == ["error_after", "error_after"]
