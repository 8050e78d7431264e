"""How fast messages go out, when many become one, and when they go elsewhere."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """Slack takes about one message a second and channel; `burst` may go at once after a pause.

    More than `storm` notices that would wait longer than `late` become one. What is urgent goes to
    the second notifier after `urgent_after`, the rest but digests after `all_after`; none goes
    there where `elsewhere` is false.
    """

    rate: float = 1.0
    burst: int = 3
    storm: int = 20
    late: timedelta = timedelta(seconds=60)
    urgent_after: timedelta = timedelta(minutes=10)
    all_after: timedelta = timedelta(minutes=60)
    elsewhere: bool = False


DEFAULT = Settings()
