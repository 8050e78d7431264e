"""Files damaged at random are read or refused with a line; nothing else happens."""

from hypothesis import given

from tests.orchestration.triage.builders import QUEUES, UNHURRIED, parse
from tests.support.damage import damaged, refused

MORE = ("0001-01-01", "2026-02-30", "0", "24:00", "nan")


@UNHURRIED
@given(damaged(QUEUES, *MORE))
def test_damaged_queues_are_read_or_refused(text: str) -> None:
    def read() -> None:
        assert parse(text).queues

    said = refused(read)
    assert all(line.startswith("queues.yaml:") for line in said.splitlines())
