"""`watchfloor slack listen`: hears what people press, and drains the outbox while it is up."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from orchestration.alerting import Alerting
from orchestration.settings import SettingsError
from orchestration.slack.http import serve
from orchestration.slack.interact import Interactions
from orchestration.slack.reach import slack_of
from orchestration.slack.socket import listen, until_signal
from orchestration.working import Working

DEADLINE = timedelta(seconds=10)
Clock = Callable[[], datetime]
log = logging.getLogger(__name__)


def by_socket(alerting: Alerting, *, clock: Clock, every: timedelta) -> None:
    """Hear over Socket Mode until the process is told to stop."""
    found = interactions(alerting, clock)
    slack = alerting.settings.slack
    with until_signal() as stop, draining(alerting, clock=clock, every=every):
        listen(
            slack.app_token,
            handle=found.handle,
            answer=found.answer,
            stop=stop,
            base_url=slack.url,
        )


def by_http(alerting: Alerting, *, address: str, clock: Clock, every: timedelta) -> None:
    """Take signed requests at HOST:PORT until the process is told to stop."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise SettingsError(f"The address is '{address}'; wanted HOST:PORT, as in 127.0.0.1:8080.")
    found = interactions(alerting, clock)
    secret = alerting.settings.slack.signing_secret
    with (
        until_signal() as stop,
        draining(alerting, clock=clock, every=every),
        serve(
            (host, int(port)),
            signing_secret=secret,
            handle=found.handle,
            answer=found.answer,
            clock=clock,
        ),
    ):
        stop.wait()


def interactions(alerting: Alerting, clock: Clock) -> Interactions:
    """What is done with a click in this installation."""
    slack, working = slack_of(alerting.settings), Working(alerting)
    return Interactions(alerting.engine, slack, alerting.scene, clock, working.terms, working.names)


@contextmanager
def draining(alerting: Alerting, *, clock: Clock, every: timedelta) -> Iterator[None]:
    """Send what waits every so often on a thread of its own, so that an act shows at once."""
    stop = threading.Event()

    def drain() -> None:
        while not stop.wait(every.total_seconds()):
            try:
                alerting.drain(clock, deadline=DEADLINE)
            except Exception as error:  # noqa: BLE001 - the sensor drains too, and goes red for it
                log.error("The outbox could not be drained: %s", type(error).__name__)  # noqa: TRY400 - a trace may hold text

    thread = threading.Thread(target=drain, name="outbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
