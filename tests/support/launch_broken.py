"""Forty ways to break what a launch needs, with what must be named and what follows from it."""

from dataclasses import replace
from datetime import date
from typing import Any

from launch_checklists.facts import (
    Backtest,
    Check,
    EventFacts,
    Facts,
    Gap,
    GoldenFacts,
    Missing,
    Quality,
    QueueFacts,
    Rules,
    Runbook,
    Seeded,
    Team,
    Trial,
)
from launch_checklists.item import Outcome
from launch_checklists.sections.response import HEADINGS
from tests.support.launch import DAY, FINE, GREEN, HOUR, MONITOR, NOW, monitor_facts

F, U, E = Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR
M = f"monitors.{MONITOR}"
LATER = ("scheduled", "fresh", "canary", "checks", "mode", "trial", "backtest", "precision")


def green(**more: Any) -> Facts:  # noqa: ANN401 - facts of many types
    return replace(GREEN, **more)


def trial(days: int, *, passed: bool = True) -> Trial:
    return Trial(NOW - days * DAY, passed=passed, seen="seen.")


BROKEN: dict[str, tuple[Facts, dict[str, Outcome], set[str]]] = {
    "a monitor is gone": (
        green(monitors={}),
        {f"{M}.exists": F},
        {f"{M}.{kind}" for kind in (*LATER, "seeded_recall")},
    ),
    "a monitor's file does not load": (
        monitor_facts(broken="line 3"),
        {f"{M}.exists": F},
        {f"{M}.{kind}" for kind in (*LATER, "seeded_recall")},
    ),
    "a monitor is of another harm": (
        monitor_facts(harm="fraud_scams"),
        {f"{M}.exists": F},
        {f"{M}.{kind}" for kind in (*LATER, "seeded_recall")},
    ),
    "a schedule is stopped": (
        monitor_facts(scheduled=False),
        {f"{M}.scheduled": F},
        {f"{M}.fresh", f"{M}.canary", f"{M}.checks"},
    ),
    "no run for three hours": (
        monitor_facts(ran=NOW - 3 * HOUR),
        {f"{M}.fresh": F},
        {f"{M}.canary", f"{M}.checks"},
    ),
    "a canary fails": (
        monitor_facts(checks={**FINE.checks, "canary": Check(passed=False, at=NOW)}),  # type: ignore[dict-item]
        {f"{M}.canary": F},
        set(),
    ),
    "another check fails": (
        monitor_facts(checks={**FINE.checks, "hit_rate": Check(passed=False, at=NOW)}),  # type: ignore[dict-item]
        {f"{M}.checks": F},
        set(),
    ),
    "a check is old": (
        monitor_facts(
            checks={
                "canary": Check(passed=True, at=NOW - 3 * HOUR),
                "evaluated": Check(passed=True, at=NOW),
            }
        ),
        {f"{M}.canary": U},
        set(),
    ),
    "a monitor is in shadow": (monitor_facts(mode="shadow"), {f"{M}.mode": F}, set()),
    "a version is new": (monitor_facts(first=NOW - 2 * DAY), {f"{M}.trial": F}, set()),
    "a backtest is of another version": (
        monitor_facts(backtest=Backtest(2, NOW - DAY, 3.0)),
        {f"{M}.backtest": F},
        set(),
    ),
    "a backtest is old": (
        monitor_facts(backtest=Backtest(3, NOW - 31 * DAY, 3.0)),
        {f"{M}.backtest": U},
        set(),
    ),
    "precision is low": (
        monitor_facts(quality=Quality(60, 48, 0.69, NOW - DAY, "measured")),
        {f"{M}.precision": F},
        set(),
    ),
    "labels are few": (
        monitor_facts(quality=Quality(10, 10, 0.74, NOW - DAY, "insufficient")),
        {f"{M}.precision": F},
        set(),
    ),
    "labels are old": (
        monitor_facts(quality=Quality(60, 58, 0.9, NOW - 31 * DAY, "stale")),
        {f"{M}.precision": U},
        set(),
    ),
    "a sample was never judged": (
        monitor_facts(quality=Quality(0, 0, None, None, "insufficient")),
        {f"{M}.precision": U},
        set(),
    ),
    "known cases are missed": (
        monitor_facts(seeded={"red-1": Seeded(3, 17, 20, NOW)}),
        {f"{M}.seeded_recall": F},
        set(),
    ),
    "known cases were shown to another version": (
        monitor_facts(seeded={"red-1": Seeded(2, 20, 20, NOW)}),
        {f"{M}.seeded_recall": U},
        set(),
    ),
    "a column is renamed": (
        green(events={"voice_notes": EventFacts(9, {"account": 1.0}, HOUR / 60, NOW)}),
        {"data.voice_notes.columns": F},
        set(),
    ),
    "a column is thin": (
        green(events={"voice_notes": EventFacts(9, {"account_id": 0.98}, HOUR / 60, NOW)}),
        {"data.voice_notes.columns": F},
        set(),
    ),
    "events are late": (
        green(events={"voice_notes": EventFacts(9, {"account_id": 1.0}, HOUR, NOW)}),
        {"data.voice_notes.lag": F},
        set(),
    ),
    "a product has no events": (
        green(events={}),
        {"data.voice_notes.events": F},
        {"data.voice_notes.columns", "data.voice_notes.lag"},
    ),
    "a rota has a gap": (
        green(teams={"team-voice": Team(("ana", "ben"), (Gap(NOW, NOW + HOUR),))}),
        {"identity.oncall": F},
        set(),
    ),
    "nobody is in the team": (
        green(teams={"team-voice": Team((), ())}),
        {"identity.owner": F},
        set(),
    ),
    "a channel's test is old": (
        green(routes={"C0ALERTS": trial(8), "C0DIGEST": trial(1)}),
        {"alerting.alerts": U},
        set(),
    ),
    "a test message was not answered": (
        green(routes={"C0ALERTS": trial(1, passed=False), "C0DIGEST": trial(1)}),
        {"alerting.alerts": F},
        set(),
    ),
    "a runbook is deleted": (green(runbooks={}), {"runbooks.spam": F}, set()),
    "a runbook has no heading": (
        green(
            runbooks={"docs/runbooks/mass_notes.md": Runbook(frozenset(), date(2026, 3, 1))},
        ),
        {"runbooks.spam": F},
        set(),
    ),
    "a runbook is old": (
        green(
            runbooks={
                "docs/runbooks/mass_notes.md": Runbook(frozenset(HEADINGS), date(2025, 9, 10))
            }
        ),
        {"runbooks.spam": F},
        set(),
    ),
    "a queue is gone": (
        green(queues={}),
        {"capacity.queue": F},
        {"capacity.reviewers", "capacity.languages.en"},
    ),
    "reviewers are too few": (
        green(queues={"integrity": QueueFacts(frozenset({"en"}), 60.0, 30.0, NOW)}),
        {"capacity.reviewers": F},
        set(),
    ),
    "nobody knows what reviewers can do": (
        green(queues={"integrity": QueueFacts(frozenset({"en"}), None, None, NOW)}),
        {"capacity.reviewers": U},
        set(),
    ),
    "nobody knows what comes already": (
        green(queues={"integrity": QueueFacts(frozenset({"en"}), 100.0, None, NOW)}),
        {"capacity.reviewers": U},
        set(),
    ),
    "nobody reads the language": (
        green(queues={"integrity": QueueFacts(frozenset(), 100.0, 30.0, NOW)}),
        {"capacity.languages.en": F},
        set(),
    ),
    "an action is gone": (
        green(rules=Rules({}, {"per_run": 20, "per_day": 100}, "live")),
        {"enforcement.spam.actions": F},
        {"enforcement.spam.approvals"},
    ),
    "an action takes nobody's word": (
        green(
            rules=Rules(
                {"warn": 0},
                {"per_run": 20, "per_day": 100},
                "live",
            )
        ),
        {"enforcement.spam.approvals": F},
        set(),
    ),
    "a cap is wide": (
        green(
            rules=Rules(
                {"warn": 1},
                {"per_run": 200, "per_day": 100},
                "live",
            )
        ),
        {"enforcement.spam.caps": F},
        set(),
    ),
    "a kill switch was not drilled": (
        green(drills={"appeal": trial(1)}),
        {"enforcement.kill_switch": U},
        set(),
    ),
    "an appeal gave nothing back": (
        green(drills={"kill_switch": trial(1), "appeal": trial(1, passed=False)}),
        {"appeals.drill": F},
        set(),
    ),
    "nothing takes appeals": (green(appeals=False), {"appeals.path": F}, set()),
    "a red team's finding is open": (green(open_findings={"S0": 1}), {"red_team.open": F}, set()),
    "gold is thin": (
        green(golden=GoldenFacts(19, NOW, 0.9, 0.95, 60)),
        {"quality.golden": F},
        {"quality.raters"},
    ),
    "raters miss much": (
        green(golden=GoldenFacts(25, NOW, 0.7, 0.95, 60)),
        {"quality.raters": F},
        set(),
    ),
    "the ledger cannot be reached": (
        green(golden=Missing("the ledger does not answer", broken=True)),
        {"quality.golden": E},
        {"quality.raters"},
    ),
}
