"""Many orders at once, by a few threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from orchestration.executors.errors import (
    ConfigurationError,
    DryRunError,
    ExecutorError,
    Slow,
    Unclear,
    Unreachable,
)
from orchestration.executors.protocol import Executor, Order, Receipt
from orchestration.executors.wire import NotAdmitted

Done = tuple[Order, Receipt | ExecutorError]
WORKERS = 4  # more are no faster: one process signs and reads for all
CLOSED = (Unreachable, Slow, NotAdmitted, DryRunError)  # the next order would meet the same
IN_A_ROW = 10  # unclear results that mean that no other is to be expected


def apply_all(
    executor: Executor,
    orders: Sequence[Order],
    *,
    workers: int = WORKERS,
    go_on: Callable[[], bool] = lambda: True,
) -> Iterator[Done]:
    """Apply orders, and give what came of each as it comes, in any order.

    An order that is missing at the end was never sent: `go_on` is asked before each, from any
    thread, and none is begun after it said no, after the service was Unreachable, Slow or admitted
    nothing of ours, after ten in a row were Unclear, or once the iterator is closed. Closing it
    waits for those under way: what became of them, `find` tells. An exception that is no
    ExecutorError is raised when all others were given. Raises ConfigurationError for a key that
    comes twice.
    """
    if len({order.key for order in orders}) < len(orders):
        raise ConfigurationError("Two orders have one key; give each its own.")
    return _apply_all(executor, orders, workers, go_on)


def _apply_all(
    executor: Executor, orders: Sequence[Order], workers: int, go_on: Callable[[], bool]
) -> Iterator[Done]:
    brake = _Brake()

    def one(order: Order) -> Done | None:
        if brake.pulled.is_set() or not go_on():
            brake.pulled.set()
            return None
        try:
            result = _result(executor, order)
        except BaseException:  # an interrupt too must keep the others from being sent
            brake.pulled.set()
            raise
        brake.feel(result)
        return order, result

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(one, order) for order in orders]
        try:
            yield from _given(futures)
        finally:
            brake.pulled.set()


class _Brake:
    """Ends a batch that gets nowhere."""

    def __init__(self) -> None:
        self.pulled = threading.Event()
        self._unclear = 0
        self._lock = threading.Lock()

    def feel(self, result: Receipt | ExecutorError) -> None:
        """Note a result."""
        with self._lock:
            self._unclear = self._unclear + 1 if isinstance(result, Unclear) else 0
            if self._unclear >= IN_A_ROW or isinstance(result, CLOSED):
                self.pulled.set()


def _result(executor: Executor, order: Order) -> Receipt | ExecutorError:
    try:
        return executor.apply(order)
    except ExecutorError as error:
        return error


def _given(futures: Sequence["Future[Done | None]"]) -> Iterator[Done]:
    errors: list[Exception] = []
    for future in as_completed(futures):
        error = future.exception()
        if isinstance(error, Exception):
            errors.append(error)
        elif (done := future.result()) is not None:
            yield done
    if errors:
        raise ExceptionGroup("Orders could not be applied.", errors)
