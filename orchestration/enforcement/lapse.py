"""What ends by itself: its target is free for another enforcement."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from orchestration.enforcement.record import by_us
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import enforcements

AT_ONCE = 1000


def lapse(engine: Engine, now: datetime) -> int:
    """Let go of targets whose enforcement has ended; how many. They stay applied."""
    number = 0
    while True:
        with writing(engine) as connection:
            before = where(
                connection,
                ENFORCEMENTS,
                enforcements.c.state == EnforcementState.APPLIED,
                enforcements.c.standing,
                enforcements.c.ends_at <= now,
                limit=AT_ONCE,
            )
            after = [replace(row, standing=False) for row in before.values()]
            act = by_us(now, "its time is over")
            write(connection, ENFORCEMENTS, before=before, after=after, act=act, verb="lapse")
        number += len(before)
        if len(before) < AT_ONCE:
            return number
