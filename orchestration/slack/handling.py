"""Interactions that Slack has been told were taken, on their way to the handler.

Slack gives three seconds for an answer, so the answer goes first and the work is done by threads
of this queue. What is taken is handled before `close` returns; a repeated interaction is not.
"""

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from types import TracebackType
from typing import Any, Self

Payload = dict[str, Any]
Handle = Callable[[Payload], None]
Answer = Callable[[Payload], Payload | None]
Acknowledge = Callable[[Payload | None], None]
REMEMBERED = 10_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of interactions.

    Those `taken` are `handled` or have `failed`. The others were `answered` at once, `repeated`,
    or `refused` since too many waited.
    """

    taken: int = 0
    handled: int = 0
    failed: int = 0
    answered: int = 0
    repeated: int = 0
    refused: int = 0


class Once:
    """Remembers the last keys it was shown. Safe to use from several threads."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, key: str) -> bool:
        """Whether this key is new; it is remembered from now on."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > self._size:
                self._keys.popitem(last=False)
            return True

    def forget(self, key: str) -> None:
        """Take the key as never shown."""
        with self._lock:
            self._keys.pop(key, None)


def no_answer(payload: Payload) -> Payload | None:
    """Everything is acknowledged without a word, and handled."""
    del payload
    return None


class Handling:
    """Hands interactions to `handle` on threads of its own. A context; leaving it is `close`.

    What `answer` answers goes back to Slack with the acknowledgement and is not handled. `room` is
    how many may wait. An exception of `handle` is logged by its type, for its text may
    hold what a person wrote, and counted; the next interaction is handled all the same.
    """

    def __init__(
        self, handle: Handle, *, answer: Answer = no_answer, threads: int = 4, room: int = 1000
    ) -> None:
        self._handle = handle
        self._answer = answer
        self._waiting: Queue[Payload | None] = Queue()
        self._room = threading.Semaphore(room)
        self._once = Once()
        self._lock = threading.Lock()
        self._counts = Counts()
        self._threads = [
            threading.Thread(target=self._work, name=f"slack-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def take(self, payload: Payload, acknowledge: Acknowledge) -> bool:
        """Acknowledge, then queue; false, without acknowledging, where too many wait.

        A repeated one is acknowledged and not queued. What `acknowledge` raises goes to the
        caller, and the interaction counts as never seen: Slack tells the person that it failed.
        """
        answer = self._answered(payload)
        if answer is not None:
            self._count("answered")
            acknowledge(answer)
            return True
        key = interaction_key(payload)
        if not self._once.first(key):
            self._count("repeated")
            acknowledge(None)
            return True
        if not self._room.acquire(blocking=False):
            self._once.forget(key)
            self._count("refused")
            return False
        try:
            acknowledge(None)
        except BaseException:  # an interrupt too must not leave its room taken for good
            self._once.forget(key)
            self._room.release()
            raise
        self._count("taken")
        self._waiting.put(payload)
        return True

    def counts(self) -> Counts:
        """What became of interactions so far."""
        with self._lock:
            return self._counts

    def close(self) -> None:
        """Handle what was taken, then stop."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _answered(self, payload: Payload) -> Payload | None:
        try:
            return self._answer(payload)
        except Exception as error:  # noqa: BLE001 - the handler meets it too, and answers for it
            log.error("An interaction could not be answered: %s.", type(error).__name__)  # noqa: TRY400 - a trace may hold text
            return None

    def _work(self) -> None:
        while (payload := self._waiting.get()) is not None:
            try:
                self._handle(payload)
            except Exception as error:  # noqa: BLE001 - the next person's click is to be heard
                log.error("An interaction could not be handled: %s.", type(error).__name__)  # noqa: TRY400 - a trace may hold text
                self._count("failed")
            else:
                self._count("handled")
            finally:
                self._room.release()

    def _count(self, name: str) -> None:
        with self._lock:
            values = {field: getattr(self._counts, field) for field in Counts.__slots__}
            self._counts = Counts(**{**values, name: values[name] + 1})


def interaction_key(payload: Payload) -> str:
    """What is equal for one act of one person however often Slack sends it."""
    trigger = payload.get("trigger_id")
    if isinstance(trigger, str) and trigger:
        return trigger
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
