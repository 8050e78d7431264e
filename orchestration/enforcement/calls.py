"""Asking an executor many things at once that may be asked again."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from orchestration.executors.batch import WORKERS
from orchestration.executors.errors import DryRunError, ExecutorError, Slow, Unreachable
from orchestration.executors.wire import NotAdmitted

R = TypeVar("R")
# The service takes nothing from us now: whoever asks next gets the same answer.
CLOSED = (Unreachable, Slow, NotAdmitted, DryRunError)


def ask_all(
    asks: Mapping[str, Callable[[], R]], *, go_on: Callable[[], bool] = lambda: True
) -> dict[str, R | ExecutorError]:
    """The answers by name; those that are missing were not asked.

    Nothing is begun after an answer that closes the service, or once `go_on` says no. Another
    exception than an ExecutorError is raised when all that had begun are through.
    """
    stopped = threading.Event()
    answers: dict[str, R | ExecutorError] = {}

    def one(name: str, ask: Callable[[], R]) -> None:
        if stopped.is_set() or not go_on():
            return
        try:
            answers[name] = ask()
        except ExecutorError as error:
            answers[name] = error
            if isinstance(error, CLOSED):
                stopped.set()
        except BaseException:  # an interrupt too must keep the others from beginning
            stopped.set()
            raise

    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(one, name, ask) for name, ask in asks.items()]
    for future in futures:
        future.result()
    return answers


def code_of(error: ExecutorError) -> str:
    """What closed the service, in a word."""
    return "not_admitted" if isinstance(error, NotAdmitted) else type(error).__name__.lower()
