"""A drill of a product's kill switch, and messages that show whether a channel is read."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, func, select

from orchestration.cases.terms import Terms
from orchestration.enforcement.claim import claim, due
from orchestration.enforcement.switches import PRODUCT, covering, on, throw, thrown
from orchestration.launch.errors import LaunchError
from orchestration.launch.facts_ledger import UNANSWERED
from orchestration.launch.trials import Tried, begin, end, trial_id_of, under_way
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.tables import enforcements, switches, trials
from orchestration.oncall.people import Person, require

REASON = "a drill of the kill switch; it is lifted at once"
ROUTE_TEST = "route_test"
LANE = 2
CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
NONCE = re.compile(r"[0-9a-f]{8,32}")
WORKER = "kill_switch_drill"


def drill_kill_switch(
    engine: Engine, who: Person, product: str, *, terms: Terms, now: datetime
) -> Tried:
    """Throw the product's switch, see that nothing of the product is taken to execute, lift it.

    The same person throws and lifts it, so they need both permissions. What other products have
    due is not touched. Raises PeopleError, and LaunchError where a switch that people threw covers
    the product already: it stays as it is. If the process dies in between, the switch stays on.
    """
    require(who, "kill_switch")
    require(who, "approve")
    name = f"{PRODUCT}{product}"
    with reading(engine) as connection:
        other = thrown(connection, product, None)
    if other or not throw(engine, who=who, name=name, on=True, reason=REASON, now=now):
        raise LaunchError(_is_on(engine, other or name))
    try:
        passed, seen = _held(engine, product, terms, now)
    finally:
        throw(engine, who=who, name=name, on=False, reason=REASON, now=now)
    with writing(engine) as connection:
        lifted = name not in on(connection)
        trial = Tried(
            trial_id_of("kill_switch", product, who, now),
            "kill_switch",
            product,
            who.id,
            now,
            f"{seen}; then it was {'lifted' if lifted else 'not lifted'}.",
            passed=passed and lifted,
        )
        begin(connection, who, trial)
    return trial


def try_route(engine: Engine, who: Person, channel: str, *, nonce: str, now: datetime) -> Tried:
    """Queue one message with a nonce to a channel; the test is open until somebody answers.

    Whoever may begin an incident may see whether people are told of one. The nonce is known from
    the channel only: show it nowhere else. Raises PeopleError, and LaunchError for what is no
    channel's id.
    """
    require(who, "incident")
    if not CHANNEL.fullmatch(channel) or not NONCE.fullmatch(nonce):
        raise LaunchError(
            f"The channel is a text of {len(channel)} characters that is no channel's id; wanted "
            "one as in C0ALERTS. Copy it from the checklist or from Slack."
        )
    name = trial_id_of("route", channel, who, now)
    trial = Tried(name, "route", channel, who.id, now, "sent; nobody answered yet", nonce=nonce)
    intent = Intent(
        outbox_id=name,
        kind=ROUTE_TEST,
        receiver=channel,
        payload={"nonce": nonce, "by": who.id},
        not_before=now,
        lane=LANE,
    )
    with writing(engine) as connection:
        seq = begin(connection, who, trial)
        enqueue(connection, intents=[intent], audit_seq=seq, now=now)
    return trial


def answer_route(engine: Engine, who: Person, nonce: str, *, now: datetime) -> Tried:
    """Say that a test's message was read, by the nonce in it; the test has passed.

    Raises PeopleError, and LaunchError where no test waits for that nonce or it came too late:
    then nothing is written.
    """
    require(who, "incident")
    with writing(engine) as connection:
        trial = under_way(connection, "route", trials.c.nonce == nonce)
        if trial is None or not trial.at <= now <= trial.at + UNANSWERED:
            raise LaunchError(
                "No test of a channel waits for that nonce; wanted one of the last "
                f"{UNANSWERED.total_seconds() / 60:.0f} minutes. Copy it from the newest message, "
                "or send another: watchfloor launch test-route."
            )
        minutes = (now - trial.at).total_seconds() / 60
        seen = f"answered by {who.id} after {minutes:.0f} min."
        return end(connection, who, trial, passed=True, seen=seen, now=now)


def _held(engine: Engine, product: str, terms: Terms, now: datetime) -> tuple[bool, str]:
    """Whether nothing of the product is taken to execute, and what was seen, with counts."""
    waits = _due(engine, product, now)
    # Of no rows: it says how many it holds, and leases none of other products'.
    looked = claim(engine, terms=terms, active=lambda _product: None, by=WORKER, now=now, limit=0)
    with reading(engine) as connection:
        names = on(connection)
    open_ = sum(n for monitor, n in waits.items() if covering(names, product, monitor) is None)
    covered = covering(names, product, None) is not None
    n = sum(waits.values())
    seen = f"{n} approved actions were due, {n - open_} of them held"
    return covered and not open_ and looked.held >= n, seen


def _due(engine: Engine, product: str, now: datetime) -> Mapping[str | None, int]:
    """How many approved rows of a product are due, by monitor."""
    row = enforcements.c
    mine = select(row.monitor, func.count()).where(due(now), row.product == product)
    with reading(engine) as connection:
        rows = connection.execute(mine.group_by(row.monitor))
        return {monitor: n for monitor, n in rows}  # noqa: C416 - rows are no pairs


def _is_on(engine: Engine, name: str) -> str:
    s = switches.c
    with reading(engine) as connection:
        found = connection.execute(select(s.by, s.at).where(s.name == name, s.on)).first()
    since = f", since {found.at:%Y-%m-%d %H:%M} UTC by {found.by}" if found else ""
    return (
        f"The switch {name} is on{since}; wanted none that covers the product, as a drill must not "
        f"lift what people threw. See why, lift it (watchfloor enforcement switch off {name}), and "
        "drill again."
    )
