"""One of ElastAlert 2's rule classes over the events; run in an environment that has ElastAlert 2.

Usage: `their_side.py RULE EVENTS`, with the settings as JSON on standard input. Prints JSON:
the events, the matches' ids in order of time, and the CPU seconds of `add_data` and
`garbage_collect`. Reading the events is not counted.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from elastalert import ruletypes  # type: ignore[import-not-found]  # only in its environment

CHUNK = timedelta(minutes=15)  # ElastAlert's own `buffer_time`, by which it catches up
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Events = list[dict[str, Any]]


class KnownTerms(ruletypes.NewTermsRule):  # type: ignore[misc]  # untyped base
    """New terms against a list that is given, where ElastAlert would ask Elasticsearch."""

    def get_all_terms(self, _: object) -> None:
        """Take the known terms from the settings."""
        self.seen_values = {self.rules["fields"][0]: list(self.rules["known"])}


RULES = {
    "frequency": ruletypes.FrequencyRule,
    "cardinality": ruletypes.CardinalityRule,
    "spike": ruletypes.SpikeRule,
    "new_terms": KnownTerms,
    "change": ruletypes.ChangeRule,
}


def main(rule: str, events: Path) -> None:
    """Feed the events in chunks, collecting garbage after each, and print the result."""
    settings = json.load(sys.stdin)
    if "timeframe" in settings:
        settings["timeframe"] = timedelta(seconds=settings["timeframe"])
    judge = RULES[rule]({"timestamp_field": "occurred_at", **settings})
    adding = collecting = 0.0
    count = 0
    for chunk, end in _chunks(events):
        started = time.process_time()
        if chunk:
            judge.add_data(chunk)
        added = time.process_time()
        judge.garbage_collect(end)
        collecting += time.process_time() - added
        adding += added - started
        count += len(chunk)
    ids = [match["event_id"] for match in judge.matches]
    result = {"events": count, "ids": ids, "add_data": adding, "garbage_collect": collecting}
    print(json.dumps(result))


def _chunks(path: Path) -> Iterator[tuple[Events, datetime]]:
    """Events of each quarter of an hour, empty ones too, and when it ended."""
    chunk: Events = []
    end = None
    with path.open() as lines:
        for line in lines:
            event = json.loads(line)
            event["occurred_at"] = EPOCH + timedelta(microseconds=event["occurred_at"])
            end = end or event["occurred_at"] - (event["occurred_at"] - EPOCH) % CHUNK + CHUNK
            while event["occurred_at"] >= end:
                yield chunk, end
                chunk, end = [], end + CHUNK
            chunk.append(event)
    if end:
        yield chunk, end


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
