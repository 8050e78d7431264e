"""A checklist and facts for tests: small, complete and green, to be broken one thing at a time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from launch_checklists.checklist import Checklist
from launch_checklists.digest import waiver_digest
from launch_checklists.evaluate import evaluate
from launch_checklists.facts import (
    Backtest,
    Check,
    EventFacts,
    Facts,
    GoldenFacts,
    Granted,
    MonitorFacts,
    Quality,
    QueueFacts,
    Rules,
    Runbook,
    Seeded,
    Signature,
    Team,
    Trial,
)
from launch_checklists.item import Outcome
from launch_checklists.parts import Stage
from launch_checklists.report import Report, Result
from launch_checklists.sections.assurance import EVERY
from launch_checklists.sections.response import HEADINGS
from launch_checklists.waiver import Waiver
from monitors.harms import Harm

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONITOR = "voice_notes/mass_notes"


def declared(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """A checklist as YAML gives it, with parts replaced."""
    spam = {
        "id": "spam",
        "tier": 2,
        "likelihood": "high",
        "monitors": [
            {
                "id": MONITOR,
                "mode": "review",
                "max_age": "2h",
                "precision": {"lower_bound": 0.8, "min_n": 14, "window": "30d"},
                "seeded_recall": {"set": "red-1", "min": 0.9},
            }
        ],
        "enforcement": {
            "actions": ["warn"],
            "approval": "one_person",
            "cap": {"per_run": 20, "per_day": 100},
        },
        "runbook": "docs/runbooks/mass_notes.md",
    }
    out = [
        {"id": harm.value, "not_applicable": {"reason": "no such thing", "approver": "ana"}}
        for harm in Harm
        if harm not in {Harm.SPAM, Harm.MONITORING_GAP}
    ]
    attested = [
        {"item": name, "evidence": "https://wiki.example/1", "by": "ana", "on": date(2026, 3, 1)}
        for name, _, _ in EVERY
    ]
    return {
        "schema": "launch/v1",
        "authors": ["wren"],
        "product": {
            "id": "voice_notes",
            "tier": 1,
            "owner": "team-voice",
            "oncall": "team-voice",
            "launch": date(2026, 4, 1),
        },
        "surfaces": ["web", "ios"],
        "harms": [spam, *out],
        "data": [{"events": "voice_notes", "required": ["account_id"], "max_lag": "30m"}],
        "capacity": {"queue": "integrity", "forecast_p90_per_day": 40, "languages": ["en"]},
        "slack": {"alerts": "C0ALERTS", "digest": "C0DIGEST", "tested_within": "7d"},
        "appeals": {"path": "/appeal", "sla": "2d", "drill_within": "30d"},
        "kill_switch": {"owner": "team-voice", "drill_within": "30d"},
        "red_team": {"evidence": "https://wiki.example/2", "unresolved_max": {"S0": 0, "S1": 0}},
        "golden": {"min_n": 20, "max_age": "90d", "sensitivity": 0.8, "specificity": 0.9},
        "attestations": attested,
        "rollback_owner": "ben",
        "signoffs": ["product", "tns_eng"],
        **more,
    }


def checklist(**more: Any) -> Checklist:  # noqa: ANN401 - YAML
    """The same, read."""
    return Checklist.model_validate(declared(**more))


def waiver(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """A sound waiver of the runbook, with parts replaced."""
    return {
        "item": "runbooks.spam",
        "reason": "being rewritten",
        "risk": "an on-call searches longer",
        "compensating": "the author is on call",
        "owner": "ben",
        "approver": "ana",
        "created": date(2026, 3, 5),
        "expires": date(2026, 3, 15),
        **more,
    }


FINE = MonitorFacts(
    version=3,
    harm="spam",
    owner="team-voice",
    mode="review",
    since=NOW - 20 * DAY,
    scheduled=True,
    first=NOW - 20 * DAY,
    ran=NOW - HOUR,
    checks={name: Check(passed=True, at=NOW - HOUR) for name in ("evaluated", "canary")},
    quality=Quality(60, 58, 0.9, NOW - DAY, "measured"),
    backtest=Backtest(3, NOW - 5 * DAY, 4.0),
    seeded={"red-1": Seeded(3, 19, 20, NOW - DAY)},
)
GREEN = Facts(
    at=NOW,
    monitors={MONITOR: FINE},
    events={"voice_notes": EventFacts(900, {"account_id": 1.0}, 10 * HOUR / 60, NOW - HOUR)},
    teams={"team-voice": Team(("ana", "ben"), ())},
    runbooks={"docs/runbooks/mass_notes.md": Runbook(frozenset(HEADINGS), date(2026, 1, 9))},
    routes={
        name: Trial(NOW - DAY, passed=True, seen="answered.") for name in ("C0ALERTS", "C0DIGEST")
    },
    queues={"integrity": QueueFacts(frozenset({"en"}), 100.0, 30.0, NOW - DAY)},
    rules=Rules(
        {"warn": 1},
        {"per_run": 20, "per_day": 100},
        "dry_run",
    ),
    drills={
        name: Trial(NOW - DAY, passed=True, seen="all well.") for name in ("kill_switch", "appeal")
    },
    golden=GoldenFacts(25, NOW - DAY, 0.9, 0.95, 60),
    open_findings={"S2": 1},
    appeals=True,
    people={
        "ana": frozenset({"approver"}),
        "ben": frozenset({"engineer", "lead"}),
        "wren": frozenset({"engineer", "approver"}),
    },
    waived=(),
    signed=(),
)


def monitor_facts(**more: Any) -> Facts:  # noqa: ANN401 - facts of many types
    """Green, but for what is given of the one monitor."""
    return replace(GREEN, monitors={MONITOR: replace(FINE, **more)})


def granted(one: dict[str, Any], by: str = "ana") -> Facts:
    """Green, with a waiver approved as it is."""
    digest = waiver_digest(Waiver.model_validate(one))
    return replace(GREEN, waived=(Granted(by, digest, NOW - DAY),))


def signed(facts: Facts, wanted: Checklist, stage: Stage = 100) -> Facts:
    """The facts, with the state that they show signed by all who must."""
    digest = evaluate(wanted, facts, stage=stage, now=facts.at).digest
    signers = {"product": "ben", "tns_eng": "ben"}
    return replace(
        facts,
        signed=tuple(Signature(s, signers[s], digest, facts.at) for s in wanted.signoffs),
    )


def report(
    facts: Facts = GREEN,
    stage: Stage = 100,
    **more: Any,  # noqa: ANN401 - YAML
) -> Report:
    """What a checklist comes to, signed as it is by all who must."""
    wanted = checklist(**more)
    return evaluate(wanted, signed(facts, wanted, stage), stage=stage, now=facts.at)


def result(found: Report, item: str) -> Result:
    """What became of one item."""
    return next(one for one in found.results if one.item.id == item)


def wrong(found: Report) -> dict[str, Outcome]:
    """Items that are wrong of themselves."""
    good = {Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.WAIVED}
    return {
        one.item.id: one.seen.outcome
        for one in found.results
        if one.root is None and one.seen.outcome not in good
    }
