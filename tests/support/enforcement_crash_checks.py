"""What must be so after any crashes: service and ledger agree, nothing was done twice or lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from orchestration.ledger.database import reading
from orchestration.ledger.verify import verify
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.reference_service.services import Client
from tests.support import enforcement_crash_owed as owed
from tests.support.enforcement_crash_found import DONE, Found, found
from tests.support.enforcement_crash_journal import restored_otherwise, sent_blindly

FINAL = frozenset({*DONE, "blocked", "failed", "expired", "dry_run"})
ONCE = frozenset({"warn"})  # holds no place
CHECKS = (owed.told, owed.strikes, owed.reversals, owed.appeals, owed.approved, owed.breaches)


def wrongs(
    engine: Engine,
    client: Client,
    names: Pseudonyms,
    accounts: Sequence[str],
    *,
    per_day: int,
    at_once: int,
    late: timedelta,
) -> list[str]:
    """Everything that is not as it must be, in words; nothing where all is well.

    `per_day` is the cap, and `at_once` how many requests may be under way as a switch is thrown.
    `late` is, by the service's clock, how long after a try it must be asked what became of it.
    """
    with reading(engine) as connection:
        verdict = verify(connection, seals=[]).wrong
        all_ = found(connection, client, names, accounts)
    return [
        *([f"the ledger: {verdict}"] if verdict else []),
        *_effects(all_),
        *sent_blindly(all_.asked, late=late),
        *_restored_otherwise(all_),
        *_rows(all_),
        *_agreed(all_),
        *_accounts(all_),
        *_decisions(all_),
        *(said for check in CHECKS for said in check(all_)),
        *_over_cap(all_, per_day),
        *_under_switch(all_, at_once),
    ]


def _over_cap(found: Found, per_day: int) -> Iterator[str]:
    """No UTC day sees more than the cap allows."""
    days = Counter(line["at"][:10] for line in found.log if line["kind"] == "applied")
    yield from (f"{n} applied on {day}, {per_day} may be" for day, n in days.items() if n > per_day)


def _under_switch(found: Found, at_once: int) -> Iterator[str]:
    """Nothing is done under a switch, but for what was under way when it was thrown.

    Each of them covers all that is done here. The clock stands while one is thrown.
    """
    applied = [line["at"] for line in found.log if line["kind"] == "applied"]
    since: dict[str, datetime] = {}
    for row in found.tables["audit"]:
        if row["verb"] == "throw":
            since[row["object"]] = row["at"]
        elif row["verb"] == "lift":
            start, end = since.pop(row["object"]), row["at"]
            during = sum(start < datetime.fromisoformat(at) < end for at in applied)
            if during > at_once:
                yield f"{during} applied under {row['object']}, since {start}"


def _effects(found: Found) -> Iterator[str]:
    """Each key has one effect, each account is acted on once at a time, and gets its own back."""
    once = Counter((line["kind"], line["key"]) for line in found.log if line["key"])
    yield from (f"{n} times {kind} under {key[:12]}" for (kind, key), n in once.items() if n > 1)
    before: dict[str, str] = {}
    for line in found.log:
        place = (line["target"], line["field"])
        key, kind = line["key"], line["kind"]
        of = str(key).partition(":")[0]
        if kind == "applied":
            if place in found.in_force:
                yield f"{place} was acted on twice, by {found.in_force[place][:12]} and {key[:12]}"
            found.in_force[place], before[key] = key, line["before"]
        elif kind in ("restored", "ended"):
            if found.in_force.pop(place, None) != of:
                yield f"{place} was {kind}, which {of[:12]} had not changed"
            if line["after"] != before.get(of):
                yield f"{place} was {kind} to {line['after']} and had been {before.get(of)}"
        elif kind == "by_hand":
            found.in_force.pop(place, None)
            found.own[place] = line["after"]
        if line["field"]:
            found.now[place] = line["after"]


def _restored_otherwise(found: Found) -> Iterator[str]:
    known = {row["reversal_id"] for row in found.tables["reversals"]}
    undone = {row.idempotency_key for row in found.rows.values() if row.reversal_id in known}
    return restored_otherwise(found.asked, undone, known)


def _rows(found: Found) -> Iterator[str]:
    for name, row in found.rows.items():
        if row.state not in FINAL or (row.mode == "dry_run" and row.standing):
            yield f"{name[:12]} is {row.state}"
        if row.leased_by:
            yield f"{name[:12]} is {row.state} and leased"


def _agreed(found: Found) -> Iterator[str]:
    """The service did what the ledger says, under those keys, and nothing else."""
    for key, rows in found.keys.items():
        if len(rows) > 1:
            yield f"{len(rows)} rows were done under {key[:12]}"
    asked = found.client.executor()
    for row in found.rows.values():
        done = found.keys.get(row.idempotency_key, [])
        receipt = asked.find(row.idempotency_key)
        known = receipt is not None and receipt.outcome in ("applied", "already")
        if row.state == "failed" and receipt is None:
            yield f"{row.enforcement_id[:12]} failed, and the service never heard of it"
        if known != bool(done):
            yield f"{row.enforcement_id[:12]} is {row.state}, and the service has {receipt}"
        elif (
            receipt and row in done and (receipt.prior, receipt.receipt) != (row.prior, row.receipt)
        ):
            yield f"{row.enforcement_id[:12]} has another receipt than the service"
    effects = {line["key"] for line in found.log if line["kind"] == "applied"}
    yield from (f"nobody knows of {key[:12]}" for key in effects - found.keys.keys())


def _accounts(found: Found) -> Iterator[str]:
    """An account has what its standing row did to it, else what people had set there."""
    by_name = {name: account for account, name in found.names.items()}
    standing = {
        (by_name[row.target], row.action_class): row for row in found.rows.values() if row.standing
    }
    for place, value in found.now.items():
        row, key = standing.get(place), found.in_force.get(place)
        if key is None and value != found.own[place]:
            yield f"{place} is {value} by nobody; people had set {found.own[place]}"
        rows = found.keys.get(key or "", [])
        if key is not None and row not in rows and any(each.action not in ONCE for each in rows):
            yield f"{place} is {value} by {key[:12]}, which does not stand"
    for each in found.rows.values():
        place = (by_name[each.target], each.action_class)
        lasts = each.action not in ONCE  # else there is nothing to give back: the user is told
        if lasts and each.state == "reversed" and found.in_force.get(place) == each.idempotency_key:
            yield f"{place} is reversed, and still {found.now[place]}"


def _decisions(found: Found) -> Iterator[str]:
    """Each decision was taken up; each of its units is in a row, once, unless superseded."""
    old = {row["supersedes"] for row in found.tables["decisions"]}
    planned = Counter(
        (row.decision_id, row.alert_id, row.target, row.action) for row in found.rows.values()
    )
    yield from (f"{n} rows of {what}" for what, n in planned.items() if what[0] and n > 1)
    for row in found.tables["decisions"]:
        if not row["acted"]:
            yield f"{row['decision_id']} was not taken up"
    for each in found.tables["outcomes"]:
        acts = each["outcome"] == "violating" and each["action"] and each["decision_id"] not in old
        what = (each["decision_id"], each["alert_id"], each["entity"], each["action"])
        if acts and not planned[what]:
            yield f"{each['unit']} of {each['decision_id']} came to nothing"
