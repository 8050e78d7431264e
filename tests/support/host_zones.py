"""A host whose clock shows another zone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ZONES = ("UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu")


@contextmanager
def host_in(zone: str) -> Iterator[None]:
    """Within it, this process takes the zone for the host's."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            yield
    finally:
        time.tzset()
