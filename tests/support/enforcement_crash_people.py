"""What people do in a house that acts: decide, approve, stop, reverse, appeal and review."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from orchestration.enforcement.protections import protect, unprotect
from orchestration.enforcement.reverse import OfMonitor, reverse_monitor
from orchestration.enforcement.standing import stopped
from orchestration.enforcement.switches import throw
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.tables import alerts, decisions, outcomes
from orchestration.reference_service.faults import Kind, Rule
from tests.support.enforcement import ANA, BEN, CLEO, MONITOR, WROTE
from tests.support.enforcement_crash_house import House
from tests.support.executing import LEAD

S = EnforcementState
ACCOUNTS = ("amy", "bob", "cem", "dia", "eve", "fay")
FIELDS = {"access": "active", "messaging": "open", "notice": None}
VALUES = ("active", "limited", "suspended")
ACTIONS = ("warn", "restrict_messaging", "suspend_24h", "suspend_24h", "suspend_account")
FINAL = ("terminate_account", "influence_operations")
FAULTS: tuple[Kind, ...] = (
    *("error_before", "error_after", "drop_before", "drop_after", "duplicate", "garbled", "busy"),
    *("drop_after", "error_after"),
)
MOST_DECISIONS = 60
NEVER, FEW = 10**9, 2  # tries of a key that meet a fault
SWITCHES = ("all", "product:chat", f"monitor:{MONITOR}")


def decides(house: House) -> None:
    """A case is decided: some accounts get an action, or what was decided of them another one."""
    rng = house.rng
    number, known = _decided(house)
    action, policy = rng.choice(ACTIONS), "spam"
    if rng.random() < 0.08:
        action, policy = FINAL
    accounts = rng.sample(ACCOUNTS, rng.randint(1, 4))
    more: dict[str, Any] = {}
    if known and rng.random() < 0.25:
        more["supersedes"], accounts = rng.choice(known)
    if "supersedes" not in more and rng.random() < 0.4:
        accounts = [f"{account}/{number}" for account in accounts]
    house.room.decide(f"d{number}", *accounts, action=action, policy_id=policy, **more)


def fires(house: House) -> None:
    """An alert of a monitor that may act by itself."""
    number = len(_alerts(house))
    account = house.rng.choice(ACCOUNTS)
    house.room.alert(f"a-{account}/auto{number}", account)


def is_retracted(house: House) -> None:
    """A finding turns out to be none."""
    standing = [name for name, gone in _alerts(house) if not gone and name.startswith("a-")]
    if standing:
        house.room.retracted(house.rng.choice(standing))


def approves(house: House) -> None:
    """Somebody looks at what awaits approval: mostly yes."""
    waiting = [row.enforcement_id for row in house.rows() if row.state is S.AWAITING]
    if waiting:
        rng = house.rng
        ids = rng.sample(waiting, rng.randint(1, len(waiting)))
        who = rng.choice((ANA, BEN, CLEO, WROTE))
        verdict = "refuse" if rng.random() < 0.15 else "approve"
        house.ask(lambda: house.room.approve(who, *ids, verdict=verdict))


def resumes(house: House) -> None:
    """Two people resume what a cap stopped."""
    with reading(house.aside) as connection:
        ids = stopped(connection)
    if ids:
        batch_id = house.rng.choice(ids)
        for who in (ANA, BEN):
            house.ask(lambda who=who: house.room.resume(who, batch_id))  # type: ignore[misc]


def switches(house: House) -> None:
    """A kill switch is thrown, or lifted."""
    name, on = house.rng.choice(SWITCHES), house.rng.random() < 0.6
    house.ask(lambda: house.room.throw(name, on=on))
    house.clock.forward(seconds=1)


def throws_meanwhile(house: House) -> None:
    """A kill switch will be thrown while something is under way."""
    name = house.rng.choice(SWITCHES)
    point = house.rng.choice(("request apply, before", "request apply, after"))

    def does() -> None:
        house.clock.forward(seconds=1)
        throw(house.aside, who=LEAD, name=name, on=True, reason="now", now=house.clock())
        house.clock.forward(seconds=1)  # what was sent before the commit is told from what is after

    house.faults.meanwhile.append((point, does))


def lifts(house: House) -> None:
    """Every kill switch is lifted."""
    for name in SWITCHES:
        house.ask(lambda name=name: house.room.throw(name, on=False))  # type: ignore[misc]


def protects(house: House) -> None:
    """An account is protected from now on, or no more."""
    account, kind = house.rng.choice(ACCOUNTS), "account_id"
    if house.rng.random() < 0.3:
        name = house.room.name(account)
        who: dict[str, Any] = {"who": LEAD, "entity_type": kind, "entity": name}
        house.ask(lambda: unprotect(house.engine, **who, reason="over", now=house.clock()))
        return
    house.ask(
        lambda: protect(
            house.engine,
            who=LEAD,
            entity_type=kind,
            entity=house.room.name(account),
            tag="journalist",
            reason="known",
            rules=house.terms.enforcement,
            now=house.clock(),
            ends_at=house.clock() + timedelta(hours=house.rng.choice((5, 100))),
        )
    )


def meddles(house: House) -> None:
    """Somebody sets an account's access in the product."""
    house.floor.by_hand(house.rng.choice(ACCOUNTS), house.rng.choice(VALUES))


def reverses(house: House) -> None:
    """One enforcement is to be undone."""
    done = (S.DRY_RUN, S.FAILED, S.EXPIRED)
    rows = [row for row in house.rows() if row.state not in done and row.mode == "live"]
    if rows:
        name = house.rng.choice(rows).enforcement_id
        house.ask(lambda: house.floor.reverse(name))


def reverses_all(house: House) -> None:
    """All that the monitor did lately is to be undone."""
    which = OfMonitor(MONITOR, house.clock() - timedelta(hours=house.rng.choice((1, 8, 100))))
    house.ask(
        lambda: reverse_monitor(
            house.engine, who=LEAD, which=which, reason="bad rule", now=house.clock()
        )
    )


def waits(house: House) -> None:
    """Time passes."""
    house.clock.forward(minutes=house.rng.choice((1, 5, 11, 35, 35, 90, 400, 1500)))


def changes_mode(house: House) -> None:
    """The product is in dry-run, or live again."""
    live = house.rng.random() < 0.6
    house.terms = house.live if live else house.dry


def fails(house: House) -> None:
    """The service does not do as it is asked, or does and nobody hears; or it is mended."""
    rng = house.rng
    if house.service.rules and rng.random() < 0.4:
        house.service.rules = []
        return
    kind, tries = rng.choice(FAULTS), rng.choice((FEW, NEVER, NEVER))
    if rng.random() < 0.04:
        kind, tries = "hang_after", FEW
    house.service.seconds = 60 if kind == "busy" else 0.6
    on = rng.choice((("apply",), ("apply",), ("apply", "restore"), ("find",), ("notice",), ()))
    house.service.rules = [Rule(kind, on=on, tries=tries)]


def _alerts(house: House) -> Sequence[tuple[str, int]]:
    """Ids of alerts, with how many of their findings were retracted."""
    a = alerts.c
    with reading(house.aside) as connection:
        found = connection.execute(select(a.alert_id, a.retracted).order_by(a.alert_id))
        return [(name, gone) for name, gone in found]


def _decided(house: House) -> tuple[int, list[tuple[str, list[str]]]]:
    """How many decisions there are, and those that none supersedes, with their accounts."""
    d, o = decisions.c, outcomes.c
    with reading(house.aside) as connection:
        every = connection.execute(select(d.decision_id, d.supersedes).order_by(d.audit_seq)).all()
        units = connection.execute(select(o.decision_id, o.alert_id).order_by(o.unit)).all()
    old = {row.supersedes for row in every}
    return len(every), [
        (name, [unit.removeprefix("a-") for of, unit in units if of == name])
        for name, _ in every
        if name not in old
    ]
