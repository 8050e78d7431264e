"""What a service was asked, by its own journal: nothing again before it was asked what became."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.executors.http import TRIES
from tests.orchestration.reference_service.services import Client

Line = Mapping[str, Any]
CALL = timedelta(minutes=1)  # the tries of one sending are closer together than this
NEVER = datetime.min.replace(tzinfo=UTC)
UNKNOWN_KEY = 404  # of a question
NOT_ADMITTED = frozenset({401, 403, 429})  # this request was not carried out; of others it is mute
NO, SERVER = 400, 500  # from one to the other, but for those: the order was refused


@dataclass
class Sent:
    """An order as whoever gave it knows it; with `open` it may have been done."""

    open: bool = False
    tries: int = 0  # of this sending
    begun: datetime = NEVER
    last: datetime = NEVER

    def goes_on(self, at: datetime) -> bool:
        """Whether a request is one more try of the same sending."""
        return 0 < self.tries < TRIES and at < self.begun + CALL

    def answered(self, line: Line, at: datetime) -> None:
        """Note a try by its answer."""
        status = line["status"]
        if status in NOT_ADMITTED:
            return
        self.open = status is None or not NO <= status < SERVER
        self.last = at


def journal(client: Client) -> list[Line]:
    """Every request since the service began. Fails if it has lost the first."""
    lines: list[Line] = []
    while True:
        after = lines[-1]["seq"] if lines else 0
        more = client.ask("GET", f"/v1/requests?after={after}")[1]["requests"]
        assert lines or not more or more[0]["seq"] == 1, "the journal has lost its beginning"
        if not more:
            return lines
        lines += more


def sent_blindly(lines: Sequence[Line], *, late: timedelta) -> Iterator[str]:
    """Orders sent anew that might have been done, before the service said that it never heard.

    It has to say so `late` after the last try. An executor tries an order a few times in a row:
    that is one sending.
    """
    orders: defaultdict[str, Sent] = defaultdict(Sent)
    for line in lines:
        order, at = orders[line["key"]], datetime.fromisoformat(line["at"])
        if line["on"] == "find":
            final = not order.open or at >= order.last + late
            if line["status"] == UNKNOWN_KEY and final:
                orders[line["key"]] = Sent()
        elif line["on"] == "apply":
            if not order.goes_on(at):
                if order.open:
                    yield f"{line['key'][:12]} was sent again by request {line['seq']}, unasked"
                order.tries, order.begun = 0, at
            order.tries += 1
            order.answered(line, at)


def restored_otherwise(
    lines: Sequence[Line], undone: Collection[str], reversals: Collection[str]
) -> Iterator[str]:
    """Restorations under another key than the ledger has: of a row to be undone, and its reversal.

    `undone` are the keys of rows that a reversal names. What somebody had changed may be asked for
    again: then it is of another reversal.
    """
    for line in lines:
        if line["on"] == "restore":
            of, _, reversal_id = line["key"].partition(":")
            if of != line["of"] or of not in undone or reversal_id not in reversals:
                yield f"{line['of'][:12]} was given back by request {line['seq']} under another key"
