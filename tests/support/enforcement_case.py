"""A case that decisions can be about, with nothing else to it."""

from datetime import timedelta

from monitors.contract import Severity
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from tests.support.ledgers import NOON


def case_about(case_id: str, severity: Severity) -> Case:
    """A new case with a clock of an hour and a day."""
    return Case(
        case_id=case_id,
        cluster_id=f"cluster-{case_id}",
        source="alerts",
        harm="spam",
        product="chat",
        severity=severity,
        score=None,
        contributions={},
        queue="general",
        rule="default",
        restricted=False,
        state=CaseState.NEW,
        opened_at=NOON,
        changed_at=NOON,
        sla={},
        first_action_due=NOON + timedelta(hours=1),
        resolve_due=NOON + timedelta(days=1),
    )
