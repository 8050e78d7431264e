"""`watchfloor cases decide`: an outcome for each unit of a case, and what is to be done."""

from collections.abc import Iterable

import click

from orchestration.cases.decide import Decided
from orchestration.cases.decide import decide as decide_case
from orchestration.cases.judging import Outcome, Verdict, units_of
from orchestration.cases.members import Members, members
from orchestration.cli.cases_acts import begin, full
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.cases_show import unit_id
from orchestration.cli.output import emit_record, format_option
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import reading
from orchestration.ledger.machines import one
from orchestration.policies.rules import Acting

VERDICTS = [verdict.value for verdict in Verdict]
WANTED = (
    f"Wanted ID=OUTCOME or ID=violating:ACTION; outcomes are {', '.join(VERDICTS)}, and each unit "
    "has one."
)


@click.command()
@click.argument("case", metavar="CASE")
@click.option("--policy", "policy_id", metavar="ID", help="The policy that was looked at.")
@click.option("--outcome", type=click.Choice(VERDICTS), help="Of every unit that --alert leaves.")
@click.option("--action", help="What is to be done with each unit that is violating.")
@click.option(
    "--alert",
    "units",
    metavar="ID=OUTCOME",
    multiple=True,
    help="Of one alert or unit: ID=benign or ID=violating:ACTION; may be repeated.",
)
@click.option(
    "--reason", default="decided", show_default=True, help="Why, in one line, for the audit."
)
@click.option("--assisted-by", metavar="ID", help="The tool or model whose proposal you saw.")
@click.option("--confidence", type=click.FloatRange(0, 1), help="How sure you are, 0 to 1.")
@format_option
def decide(
    *,
    case: str,
    policy_id: str | None,
    outcome: str | None,
    action: str | None,
    units: tuple[str, ...],
    reason: str,
    assisted_by: str | None,
    confidence: float | None,
    form: str,
) -> None:
    """Decide a case that you have, unit by unit, and close it.

    What is to be done is planned afterwards: gates, caps and approvals still stand before it.
    """
    if outcome is None and not units:
        raise click.UsageError("Wanted --outcome for all units, --alert for each, or both.")
    with casework() as here:
        case_id = full(here, case)
        with reading(here.engine) as connection:
            have = members(connection, [case_id])[case_id]
            state = one(connection, CASES, case_id).state
            named = {unit_id(connection, key): text for key, text in _pairs(units)}
        chosen = _chosen(have, named, outcome, action)
        if state is CaseState.ASSIGNED:
            begin(here, case_id)
        done = decide_case(
            here.engine,
            here.who,
            case_id,
            chosen,
            policy_id,
            terms=here.terms,
            now=here.now,
            reason=reason,
            assisted_by=assisted_by,
            confidence=confidence,
        )
    _emit(here, done, chosen, form)


def _pairs(units: Iterable[str]) -> list[tuple[str, str]]:
    """Unit and outcome of each; the id of an entity's unit holds no equals sign."""
    found = []
    for text in units:
        key, equals, value = text.partition("=")
        if not equals or not key or not value:
            raise click.UsageError(WANTED)
        found.append((key, value))
    if len({key for key, _ in found}) < len(found):
        raise click.UsageError(WANTED)
    return found


def _chosen(
    have: Members, named: dict[str, str], outcome: str | None, action: str | None
) -> dict[str, Outcome]:
    """The outcome of each unit. One for all is for the alerts; without any, for the entities."""
    chosen = {unit: _outcome(text, action) for unit, text in named.items()}
    if outcome is not None:
        alerts = [alert.alert_id for alert in have.alerts]
        for unit in alerts or list(units_of(have)):
            chosen.setdefault(unit, _outcome(outcome, action))
    if action and not any(one.action == action for one in chosen.values()):
        raise click.UsageError("--action is for what is violating, and nothing is.")
    return chosen


def _outcome(text: str, action: str | None) -> Outcome:
    verdict, colon, own = text.partition(":")
    if verdict not in VERDICTS or (colon and not own):
        raise click.UsageError(WANTED)
    if verdict != Verdict.VIOLATING:
        return Outcome(Verdict(verdict), own or None)
    return Outcome(Verdict.VIOLATING, own or action)


def _emit(here: Casework, done: Decided, chosen: dict[str, Outcome], form: str) -> None:
    acting = here.terms.enforcement.acting(done.case.product)
    counts = {
        verdict.value: sum(one.verdict is verdict for one in chosen.values()) for verdict in Verdict
    }
    asked = sum(one.action is not None for one in chosen.values())
    record = {
        "decision_id": done.decision_id,
        "case_id": done.case.case_id,
        **counts,
        "actions": asked,
        "mode": acting.value,
        "labels": done.labels,
        "reopen_until": done.case.reopen_until,
    }
    emit_record(record, form)
    if asked:
        means = "will be planned" if acting is Acting.LIVE else "will be simulated only"
        click.echo(f"{asked} actions {means}; see `watchfloor enforcement list`.", err=True)
