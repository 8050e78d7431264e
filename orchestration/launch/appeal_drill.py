"""The drill of an appeal: one person acts on a test account, another gives everything back.

Each of them is who they are by their own token, so it is two commands. In between the drill is
under way, and an appeal waits like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from orchestration.appeals import review
from orchestration.appeals.codes import Outcome, Rationale, Reason
from orchestration.appeals.decide import decide_appeal
from orchestration.appeals.receive import OPEN, receive
from orchestration.appeals.reviewers import Authors, authors_of
from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import Active
from orchestration.enforcement.execute import run
from orchestration.enforcement.plan import plan
from orchestration.enforcement.reverse import ask, kept, to_be_undone
from orchestration.enforcement.switches import thrown
from orchestration.enforcement.targets import Targets
from orchestration.enforcement.undo import carry_out
from orchestration.executors.errors import ExecutorError
from orchestration.executors.protocol import Executor
from orchestration.launch.drill_case import ACCOUNT, acted, aimed, decide_case, open_case
from orchestration.launch.errors import LaunchError
from orchestration.launch.trials import Tried, begin, end, trial_id_of, under_way
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.appeals import Appeal
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import SENT, EnforcementState
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import check_id
from orchestration.ledger.tables import trials
from orchestration.oncall.people import Person, require
from orchestration.policies.rules import Acting

DEADLINE = timedelta(minutes=5)
LIMIT = 5000  # rows that one run sends, as the sensor's
WATCH = Actor("launch", "system")
S = EnforcementState


@dataclass(frozen=True, slots=True)
class Works:
    """What carries enforcement out here; a null `executor`: there is no service."""

    engine: Engine
    terms: Terms
    targets: Targets
    active: Active
    executor: Executor | None
    clock: Callable[[], datetime]
    authors: Authors = authors_of
    worker: str = "appeal_drill"


def begin_appeal_drill(works: Works, who: Person, product: str, account: str, action: str) -> Tried:
    """Decide an action on a test account, carry it out at the service, and take in an appeal.

    `account` is its real id, which goes to the service and is remembered by pseudonym. What else
    is decided and due is planned and sent too, as any tick does. Raises PeopleError, and
    LaunchError where the product is in dry-run, has no service or is switched off, where a drill is
    under way, or the action cannot be drilled: then nothing is written. An action that was not
    carried out is taken back, and the drill has failed.
    """
    require(who, "review")
    _require_live(works, product)
    aim = aimed(works.terms, action)
    now, engine, terms = works.clock(), works.engine, works.terms
    name = trial_id_of("appeal", product, who, now)
    target = works.targets.names.remember(ACCOUNT, [account])[account]
    trial = Tried(name, "appeal", product, who.id, now, f"{action} on {check_id('it', target)}")
    with reading(engine) as connection:
        before = _under_way(connection, product)
    if before is not None:
        raise LaunchError(
            f"A drill of {before.by} has been under way since {before.at:%Y-%m-%d %H:%M} UTC; "
            f"wanted none. Have somebody else end it: watchfloor launch drill appeal {product}."
        )
    case = open_case(engine, who, trial, aim, target=target, terms=terms)
    with writing(engine) as connection:
        begin(connection, who, trial)
    decide_case(engine, who, case, aim, target=target, terms=terms)
    _plan(works)
    _send(works)
    row = _row(works, trial)
    if row is not None and row.state in SENT:  # another run sends it; who ends the drill goes on
        return trial
    appeal = _appeal(works, trial, row) if row is not None and row.state is S.APPLIED else None
    return trial if appeal is not None else _give_up(works, who, trial, row)


def end_appeal_drill(works: Works, who: Person, product: str) -> Tried:
    """Overturn the appeal of the drill that is under way, undo it, and ask the service for it.

    Raises PeopleError, AppealError for somebody who had a part in it, and LaunchError where no
    drill is under way or the service did not answer: then it may be asked again.
    """
    require(who, "decide_appeal")
    executor = _service(works)
    with reading(works.engine) as connection:
        trial = _under_way(connection, product)
    if trial is None:
        raise LaunchError(
            f"No drill of an appeal is under way for {product}; begin one with --account and "
            "--action, and have somebody else end it."
        )
    row = _row(works, trial)
    if row is None:  # it was broken off; what is decided must not be carried out later
        _plan(works)
        row = _row(works, trial)
    if row is not None and row.state in SENT:
        raise LaunchError(
            f"The service has not said yet whether {row.action} was done; nothing is recorded. See "
            "that it answers, and end the drill again in a few minutes."
        )
    if row is None or row.state not in {S.APPLIED, S.REVERSING, S.REVERSED}:
        return _give_up(works, who, trial, row)
    if to_be_undone(row) and not kept(row):
        _overturn(works, who, trial, row)
    _undo(works)
    return _ended(works, executor, who, trial)


def _require_live(works: Works, product: str) -> None:
    if works.terms.enforcement.acting(product) is not Acting.LIVE:
        raise LaunchError(
            f"{product} is in dry-run, where nothing is done that could be appealed; wanted "
            f"`{product}: live` in enforcement.yaml of a staging installation, at least."
        )
    _service(works)
    with reading(works.engine) as connection:
        switch = thrown(connection, product, None)
    if switch is not None:
        raise LaunchError(
            f"The switch {switch} is on, so nothing is carried out; wanted it off. See why it is "
            "on, and drill when it was lifted."
        )


def _service(works: Works) -> Executor:
    if works.executor is None:
        raise LaunchError(
            "No service is set; wanted WATCHFLOOR_SERVICE_URL and WATCHFLOOR_SERVICE_SECRET of "
            "the product's service, which knows the test account."
        )
    return works.executor


def _under_way(connection: Connection, product: str) -> Tried | None:
    return under_way(connection, "appeal", trials.c.about == product)


def _row(works: Works, trial: Tried) -> Enforcement | None:
    with reading(works.engine) as connection:
        return acted(connection, trial)


def _plan(works: Works) -> None:
    plan(
        works.engine,
        terms=works.terms,
        targets=works.targets,
        active=works.active,
        now=works.clock(),
    )


def _send(works: Works) -> None:
    run(
        works.engine,
        executor=_service(works),
        entities_of=works.targets.names.entities_of,
        terms=works.terms,
        active=works.active,
        clock=works.clock,
        worker=works.worker,
        deadline=DEADLINE,
        limit=LIMIT,
    )


def _undo(works: Works) -> None:
    carry_out(
        works.engine,
        executor=_service(works),
        entities_of=works.targets.names.entities_of,
        terms=works.terms,
        clock=works.clock,
        worker=works.worker,
        deadline=DEADLINE,
    )


def _appeal(works: Works, trial: Tried, row: Enforcement) -> Appeal | None:
    """The drill's appeal, taken in as the product's support path would; the same again."""
    return receive(
        works.engine,
        works.terms,
        product=row.product,
        reference=trial.trial_id,
        about=row.enforcement_id,
        reason=Reason.NOT_VIOLATING,
        now=works.clock(),
    ).appeal


def _overturn(works: Works, who: Person, trial: Tried, row: Enforcement) -> None:
    """Take the appeal and overturn it; one that others decided stays as they did."""
    appeal, now = _appeal(works, trial, row), works.clock()
    if appeal is None or appeal.state not in OPEN:
        return
    engine, terms, authors = works.engine, works.terms, works.authors
    if appeal.leased_by != who.id or review.is_free(appeal, now):
        review.claim(engine, who, appeal.appeal_id, terms=terms, now=now, authors=authors)
    decide_appeal(
        engine,
        who,
        appeal.appeal_id,
        Outcome.OVERTURNED,
        Rationale.NO_VIOLATION,
        terms=terms,
        now=now,
        authors=authors,
    )


def _ended(works: Works, executor: Executor, who: Person, trial: Tried) -> Tried:
    """Record how it ended, by what the service says of the action and of its restoration."""
    row = _row(works, trial)
    appeal = _appeal(works, trial, row) if row else None
    if row is None or appeal is None or appeal.outcome != Outcome.OVERTURNED:
        return _give_up(works, who, trial, row)
    if row.state is not S.REVERSED and not kept(row):
        raise LaunchError(
            f"The service has not yet given back what {row.action} took; nothing is recorded. See "
            "that it answers, and end the drill again."
        )
    try:
        done = executor.find(row.idempotency_key)
        back = executor.find(f"{row.idempotency_key}:{row.reversal_id}")
    except ExecutorError as error:
        raise LaunchError(
            f"The service could not be asked ({type(error).__name__}); nothing is recorded. See "
            "that it answers, and end the drill again."
        ) from error
    same = done is not None and back is not None and back.now in {None, done.prior}
    first, last = done.outcome if done else "nothing", back.outcome if back else "nothing"
    minutes = (works.clock() - trial.at).total_seconds() / 60
    said = (
        f"{row.action} was carried out, appealed, overturned and undone in {minutes:.0f} min; the "
        f"service says {first}, then {last}, and the value is {'' if same else 'not '}as before."
    )
    passed = same and (first, last) == ("applied", "restored")
    return _recorded(works, who, trial, passed=passed, seen=said)


def _give_up(works: Works, who: Person, trial: Tried, row: Enforcement | None) -> Tried:
    """Take back what was or may be done, and record that the drill failed."""
    if row is not None and to_be_undone(row):
        act = Act(WATCH, works.clock(), "a drill that failed is taken back", who.id)
        with writing(works.engine) as connection:
            ask(connection, row.enforcement_id, act=act)
        _undo(works)
    state = "not planned" if row is None else f"{row.state} {row.code or ''}".strip()
    seen = f"{trial.seen}: {state} where it was to be applied, appealed and overturned."
    return _recorded(works, who, trial, passed=False, seen=seen)


def _recorded(works: Works, who: Person, trial: Tried, *, passed: bool, seen: str) -> Tried:
    with writing(works.engine) as connection:
        if _under_way(connection, trial.about) != trial:
            raise LaunchError(f"Somebody else ended the drill {trial.trial_id}; see what it says.")
        return end(connection, who, trial, passed=passed, seen=seen, now=works.clock())
