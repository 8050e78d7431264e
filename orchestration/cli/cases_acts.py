"""`watchfloor cases claim|release|assign|review|ask|answer|escalate|reopen`, in one's own name."""

from collections.abc import Callable

import click

from monitors.contract import Severity
from orchestration.cases import acts, queue
from orchestration.cases.reopen import reopen as reopen_case
from orchestration.cli.cases_desk import Casework, casework, reason_option
from orchestration.cli.cases_rows import case_id_of, emit_case
from orchestration.cli.output import format_option
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.machines import one


def full(here: Casework, given: str) -> str:
    """The whole id of a case, of one abbreviated."""
    with reading(here.engine) as connection:
        return case_id_of(connection, given)


@click.command()
@click.argument("case", metavar="CASE")
@format_option
def claim(case: str, form: str) -> None:
    """Take a case that waits: nobody else has it until the lease ends."""
    with casework() as here:
        done = queue.claim(here.engine, here.who, full(here, case), terms=here.terms, now=here.now)
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@format_option
def release(case: str, form: str) -> None:
    """Give a case back to its queue."""
    with casework() as here:
        done = queue.release(here.engine, here.who, full(here, case), now=here.now)
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@click.argument("person", metavar="PERSON")
@format_option
def assign(case: str, person: str, form: str) -> None:
    """Give a case to PERSON, whoever has it. For leads."""
    with casework() as here:
        done = queue.assign(
            here.engine,
            here.who,
            full(here, case),
            to=here.terms.roster.person(person),
            terms=here.terms,
            now=here.now,
        )
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@format_option
def review(case: str, form: str) -> None:
    """Begin to review a case that you have; or, once begun, have it for longer."""
    with casework() as here:
        case_id = full(here, case)
        done = begin(here, case_id)
    emit_case(done, here.now, form)


def begin(here: Casework, case_id: str) -> Case:
    """Begin a review, which is the case's first action; of one that was begun the lease is new."""
    with reading(here.engine) as connection:
        state = one(connection, CASES, case_id).state
    if state is CaseState.IN_REVIEW:
        return queue.renew(here.engine, here.who, case_id, terms=here.terms, now=here.now)
    return acts.review(here.engine, here.who, case_id, terms=here.terms, now=here.now)


@click.command()
@click.argument("case", metavar="CASE")
@reason_option
@format_option
def ask(case: str, reason: str, form: str) -> None:
    """Wait for information: the clock stands still if the case's SLA lets it."""
    with casework() as here:
        done = acts.ask(here.engine, here.who, full(here, case), reason=reason, now=here.now)
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@reason_option
@format_option
def answer(case: str, reason: str, form: str) -> None:
    """Say that the information is there: the case goes on with whoever asked."""
    _done(acts.answer, case, reason, form)


@click.command()
@click.argument("case", metavar="CASE")
@click.option(
    "--severity",
    type=click.Choice([severity.name for severity in Severity]),
    help="As grave as this; graver by one, if not given.",
)
@click.option("--queue", "to", metavar="ID", help="Into this queue; where routing leads, if not.")
@reason_option
@format_option
def escalate(*, case: str, severity: str | None, to: str | None, reason: str, form: str) -> None:
    """Hand a case up: it is graver, due no later, and waits for the next reviewer."""
    with casework() as here:
        done = acts.escalate(
            here.engine,
            here.who,
            full(here, case),
            reason=reason,
            terms=here.terms,
            now=here.now,
            severity=Severity[severity] if severity else None,
            queue=to,
        )
    emit_case(done, here.now, form)


@click.command()
@click.argument("case", metavar="CASE")
@reason_option
@format_option
def reopen(case: str, reason: str, form: str) -> None:
    """Have a closed case decided again: it waits in its queue, with a clock that begins now."""
    _done(reopen_case, case, reason, form)


def _done(act: Callable[..., Case], case: str, reason: str, form: str) -> None:
    """Do to a case what takes a reason and the terms in force, and show the case."""
    with casework() as here:
        done = act(
            here.engine,
            here.who,
            full(here, case),
            reason=reason,
            terms=here.terms,
            now=here.now,
        )
    emit_case(done, here.now, form)
