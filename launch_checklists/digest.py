"""What people sign: the checklist, its waivers in force, and what became of each item."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from json import dumps

from launch_checklists.checklist import Checklist
from launch_checklists.report import Result
from launch_checklists.waiver import Waiver

APART = {"waivers", "signoffs"}


def digest(checklist: Checklist, results: Iterable[Result], today: date) -> str:
    """SHA-256 of what a signature is of.

    A changed requirement, outcome, monitor version or waiver in force changes it; another time or
    another figure with the same outcome does not.
    """
    return _hash(
        {
            "checklist": checklist.model_dump(mode="json", by_alias=True, exclude=APART),
            "waivers": [_dump(one) for one in checklist.waivers if one.active(today)],
            "items": [
                [
                    one.item.id,
                    one.item.level.value,
                    one.item.requirement,
                    one.seen.outcome.value,
                    one.version,
                ]
                for one in results
            ],
        }
    )


def waiver_digest(waiver: Waiver) -> str:
    """SHA-256 of a waiver, by which its approval in the ledger names it."""
    return _hash(_dump(waiver))


def _dump(waiver: Waiver) -> object:
    return waiver.model_dump(mode="json")


def _hash(value: object) -> str:
    text = dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
