"""The first checklist of a product: what is known is filled in, what is not is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from monitors.contract import Monitor
from monitors.harms import Harm
from orchestration.launch.schema import FIRST_LINE

NOT_OF_PRODUCTS = {Harm.MONITORING_GAP}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a team says of its product."""

    product: str
    owner: str
    oncall: str
    author: str
    launch: date
    tier: int
    surfaces: tuple[str, ...]
    queue: str
    a_day: int
    languages: tuple[str, ...]
    channel: str


def begun(
    answers: Answers, monitors: Mapping[str, Monitor], contracts: Mapping[str, tuple[str, ...]]
) -> str:
    """The YAML of a checklist with every harm of the taxonomy in it.

    Harms that a monitor of the product watches for name it; the others have none, so that the gate
    says what is missing until somebody watches them or rules them out. `contracts` are the
    product's event contracts with the columns that must be there.
    """
    mine = [one for one in monitors.values() if one.product == answers.product]
    record = {
        "schema": "launch/v1",
        "authors": [answers.author],
        "product": {
            "id": answers.product,
            "tier": answers.tier,
            "owner": answers.owner,
            "oncall": answers.oncall,
            "launch": answers.launch,
            "stages": [1, 10, 50, 100],
        },
        "surfaces": list(answers.surfaces),
        "harms": [_harm(one, mine) for one in Harm if one not in NOT_OF_PRODUCTS],
        "data": [
            {"events": name, "required": list(columns), "max_lag": "30m"}
            for name, columns in contracts.items()
        ],
        "capacity": {
            "queue": answers.queue,
            "forecast_p90_per_day": answers.a_day,
            "languages": list(answers.languages),
        },
        "slack": {"alerts": answers.channel, "digest": answers.channel, "tested_within": "7d"},
        "appeals": {"path": "/appeal", "sla": "2d", "drill_within": "30d"},
        "kill_switch": {"owner": answers.oncall, "drill_within": "30d"},
        "red_team": {"evidence": "write a link here", "unresolved_max": {"S0": 0, "S1": 0}},
        "golden": {"min_n": 20, "max_age": "90d", "sensitivity": 0.8, "specificity": 0.9},
        "attestations": [],
        "rollback_owner": answers.owner,
        "waivers": [],
        "signoffs": ["product", "tns_eng", "ops", "policy", "legal_privacy"],
    }
    return FIRST_LINE + yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=100)


def _harm(harm: Harm, monitors: list[Monitor]) -> dict[str, object]:
    mine = [one for one in monitors if one.harm is harm]
    found: dict[str, object] = {"id": harm.value, "tier": 1}
    if mine:
        found["monitors"] = [_need(one) for one in mine]
        found["runbook"] = mine[0].runbook
    return found


def _need(monitor: Monitor) -> dict[str, object]:
    return {
        "id": monitor.id,
        "mode": "shadow",
        "max_age": "26h" if monitor.every == "1d" else "2h",
        "precision": {"lower_bound": 0.8, "min_n": 14, "window": "30d"},
    }
