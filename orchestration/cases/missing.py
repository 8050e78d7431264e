"""What nothing caught: gaps in monitors and policies, and cases that people open for them."""

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from monitors.harms import Harm
from orchestration.cases.clocks import begun
from orchestration.cases.errors import CaseError
from orchestration.cases.making import SHOWN, case_id_of, triaged
from orchestration.cases.members import Entity, add_entities, batches, members
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import OPEN, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.labels import MISSED, Label, Source, write_labels
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import case_entities, cases, gaps
from orchestration.oncall.people import Person, require
from orchestration.triage.desks import Source as Opener
from orchestration.triage.desks import Traits, sla_of
from orchestration.triage.route import route

PSEUDONYM = "_[0-9a-f]{12}"
REASON = "something no monitor caught"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that no monitor (kind `missed`) or no policy (`no_policy`) caught."""

    kind: str
    case_id: str
    product: str
    harm: str
    policy_id: str | None = None


def open_gap(connection: Connection, gap: Gap, act: Act, cause: str) -> str:
    """Write a gap until somebody closes it; its id. `cause`: the decision or case that tells it."""
    digest = digest_parts("gap", gap.kind, cause)
    row = {
        "gap_id": f"gap_{digest[:SHOWN]}",
        **asdict(gap),
        "opened_at": act.at,
        "opened_by": act.actor.id,
    }
    seq = append(
        connection,
        act=act,
        verb="open_gap",
        object_id=f"gap:{row['gap_id']}",
        after=digest_record(row),
    )
    connection.execute(insert(gaps), {**row, "audit_seq": seq})
    return str(row["gap_id"])


def open_escalation(
    engine: Engine,
    who: Person,
    entities: Collection[Entity],
    product: str,
    harm: Harm,
    *,
    terms: Terms,
    now: datetime,
    reason: str = REASON,
) -> Case:
    """Open a case for what no monitor caught, with a gap and a label for each entity.

    `entities` are types with pseudonyms. A label's unit is `missed:<case>:<pseudonym>`; in the
    decision the unit is as `judging.units_of` says. The severity is that of the harm's policy.
    Raises CaseError for no entity, a harm without a policy, and where an open case is about one of
    them and the harm already; PeopleError.
    """
    require(who, "open_case")
    chosen = sorted(set(entities))
    act = Act(Actor(who.id, "person"), now, reason)
    with writing(engine) as connection:
        case = _case(terms, chosen, product, harm, act)
        _refuse_known(connection, chosen, harm)
        add_entities(connection, {(case.case_id, *entity) for entity in chosen}, act)
        have = members(connection, [case.case_id])
        case = scored(connection, terms, {case.case_id: case}, have, now)[case.case_id]
        write(connection, CASES, before={}, after=[case], act=act)
        open_gap(connection, Gap("missed", case.case_id, product, harm.value), act, case.case_id)
        write_labels(connection, [_label(case, name, who, now) for _, name in chosen], act)
        for_whom = replace(act, on_behalf_of=who.id)
        return triaged(connection, {case.case_id: case}, for_whom)[case.case_id]


def _case(terms: Terms, entities: list[Entity], product: str, harm: Harm, act: Act) -> Case:
    policy = terms.policies.of_harm(harm)
    if not entities or policy is None:
        raise CaseError(
            f"{len(entities)} entities of the harm {harm.value} were given; wanted at least one, "
            "and a harm with a policy. For a fault of our own watching open an incident."
        )
    for kind, name in entities:
        if not re.fullmatch(re.escape(kind.removesuffix("_id")) + PSEUDONYM, name):
            raise CaseError(
                f"An entity is a text of {len(name)} characters that is no pseudonym of its type; "
                "wanted one as in account_7f3a09c2e1d4. Have it made from the real id first."
            )
    traits = Traits(harm, product, policy.severity, Opener.ESCALATION, entities[0][0])
    queue, rule = route(terms.desks, traits)
    parts = [part for entity in entities for part in entity]
    cluster = digest_parts("escalation", product, harm.value, *parts)
    return Case(
        case_id=case_id_of(cluster, act.actor.id, act.at.isoformat()),
        cluster_id=cluster,
        source=Opener.ESCALATION.value,
        harm=harm.value,
        product=product,
        severity=policy.severity,
        score=None,
        contributions={},
        queue=queue,
        rule=rule or "default",
        restricted=terms.desks.queues[queue].restricted,
        state=CaseState.NEW,
        opened_at=act.at,
        changed_at=act.at,
        **begun(sla_of(terms.desks, queue), policy.severity, act.at),
    )


def _refuse_known(connection: Connection, entities: list[Entity], harm: Harm) -> None:
    """Raise CaseError where an open case is about one of the entities and the harm."""
    for some in batches(name for _, name in entities):
        about = select(case_entities.c.case_id).where(case_entities.c.entity.in_(some))
        found = where(
            connection,
            CASES,
            cases.c.case_id.in_(about),
            cases.c.harm == harm.value,
            cases.c.state.in_(sorted(OPEN)),
            limit=1,
        )
        for case_id in found:
            raise CaseError(
                f"The open case {case_id} is about one of them and {harm.value} already; wanted "
                "something nobody has. Take that one, or have it escalated."
            )


def _label(case: Case, entity: str, who: Person, now: datetime) -> Label:
    unit = f"{MISSED}{case.case_id}:{entity}"
    return Label(
        label_id=digest_parts(Source.MISSED, unit),
        unit_id=unit,
        value=True,
        source=Source.MISSED,
        rater=who.id,
        monitor=None,
        monitor_version=None,
        created_at=now,
        code=case.harm,
    )
