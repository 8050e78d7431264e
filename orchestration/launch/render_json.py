"""A report as JSON, for machines; the keys stay."""

import json
from typing import Any

from launch_checklists.report import Report, Result


def as_record(report: Report) -> dict[str, Any]:
    """The report in plain values; items in the order in which people read them."""
    return {
        "schema": "launch-report/v1",
        "product": report.product,
        "stage": report.stage,
        "at": report.at.isoformat(),
        "verdict": report.verdict.value,
        "exit_code": report.exit_code(),
        "digest": report.digest,
        "items": [_item(one) for one in report.ordered()],
    }


def as_json(report: Report) -> str:
    """The same as text."""
    return json.dumps(as_record(report), indent=2, ensure_ascii=False) + "\n"


def _item(one: Result) -> dict[str, Any]:
    return {
        "id": one.item.id,
        "section": one.item.section,
        "level": one.item.level.value,
        "outcome": one.seen.outcome.value,
        "stops": one.stops,
        "root": one.root,
        "required": one.item.requirement,
        "observed": one.seen.observed,
        "since": one.seen.since.isoformat() if one.seen.since else None,
        "fix": one.seen.fix or None,
        "owner": one.item.owner,
        "monitor": one.item.asset,
        "version": one.version,
        "waived_until": one.waiver.expires.isoformat() if one.waiver else None,
    }
