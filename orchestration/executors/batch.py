"""Many orders at once, by a few threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from orchestration.executors.errors import ConfigurationError, ExecutorError, Slow, Unreachable
from orchestration.executors.protocol import Executor, Order, Receipt

Done = tuple[Order, Receipt | ExecutorError]
WORKERS = 8


def apply_all(
    executor: Executor,
    orders: Sequence[Order],
    *,
    workers: int = WORKERS,
    go_on: Callable[[], bool] = lambda: True,
) -> Iterator[Done]:
    """Apply orders, and give what came of each as it comes, in any order.

    An order that is missing at the end was never sent: `go_on` is asked before each, from any
    thread, and none is begun after it said no, after the service was Unreachable or Slow, or once
    the iterator is closed. Closing it waits for those under way: what became of them, `find` tells.
    An exception that is no ExecutorError is raised when all others were given. Raises
    ConfigurationError for a key that comes twice.
    """
    if len({order.key for order in orders}) < len(orders):
        raise ConfigurationError("Two orders have one key; give each its own.")
    return _apply_all(executor, orders, workers, go_on)


def _apply_all(
    executor: Executor, orders: Sequence[Order], workers: int, go_on: Callable[[], bool]
) -> Iterator[Done]:
    stopped = threading.Event()

    def one(order: Order) -> Done | None:
        if stopped.is_set() or not go_on():
            stopped.set()
            return None
        try:
            return order, executor.apply(order)
        except (Unreachable, Slow) as error:
            stopped.set()
            return order, error
        except ExecutorError as error:
            return order, error
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(one, order) for order in orders]
        try:
            yield from _given(futures)
        finally:
            stopped.set()


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
