"""What people are owed after any crashes: told once, counted once, heard, and asked before."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from orchestration.enforcement.reverse import kept
from tests.support.enforcement_crash_found import Found

KINDS = ("applied", "restored", "retracted")
HAD_A_PART = frozenset({"ndiaz", "rita"})  # who wrote the monitor, and who decides


def told(found: Found) -> Iterator[str]:
    """Users are told of each thing that was done or undone, once, in that order."""
    notices = found.tables["notices"]
    told = Counter((row["kind"], row["enforcement_id"], row["appeal_id"]) for row in notices)
    yield from (f"{n} notices {what}" for what, n in told.items() if n > 1)
    done = {row.enforcement_id for rows in found.keys.values() for row in rows}
    undone = {row.enforcement_id for row in found.rows.values() if row.state == "reversed"}
    of = {kind: {row["enforcement_id"] for row in notices if row["kind"] == kind} for kind in KINDS}
    if of["applied"] != done:
        yield f"{len(done ^ of['applied'])} were done, or told of, alone"
    if of["restored"] | of["retracted"] != undone:
        yield f"{len(undone ^ (of['restored'] | of['retracted']))} were undone, or told of, alone"
    passed_on = [line["key"] for line in found.log if line["kind"] == "notice"]
    sent = {row["notice_id"] for row in notices if row["state"] == "sent"}
    if sorted(passed_on) != sorted(sent):
        yield f"{len(sent)} notices were sent, and {len(passed_on)} arrived"
    yield from (
        f"a notice {row['kind']} is {row['error']}" for row in notices if not row["sent_at"]
    )


def strikes(found: Found) -> Iterator[str]:
    """What was done counts, unless it was taken back."""
    strikes = {row["enforcement_id"]: row["removed_at"] for row in found.tables["strikes"]}
    done = {row.enforcement_id for rows in found.keys.values() for row in rows}
    if strikes.keys() != done:
        yield f"{len(strikes.keys() ^ done)} were done, or count, alone"
    for name, removed in strikes.items():
        asked = found.rows[name].reversal_id is not None
        if asked != (removed is not None):
            yield f"the strike of {name[:12]} was removed: {removed is not None}"


def reversals(found: Found) -> Iterator[str]:
    """What was to be undone is, or never was done, or is flagged for people."""
    known = {row["reversal_id"] for row in found.tables["reversals"]}
    for name, row in found.rows.items():
        if row.state == "reversed" and row.reversal_id not in known:
            yield f"{name[:12]} was reversed, and nobody asked"
        if row.state == "applied" and row.reversal_id and not kept(row):
            yield f"{name[:12]} was to be reversed, and is applied"


def appeals(found: Found) -> Iterator[str]:
    """Each appeal is answered; one that was right has one reversal, one label, one notice."""
    asked = Counter(row["appeal_id"] for row in found.tables["reversals"] if row["appeal_id"])
    told = Counter(row["appeal_id"] for row in found.tables["notices"] if row["appeal_id"])
    labels = Counter(row["label_id"] for row in found.tables["labels"] if row["source"] == "appeal")
    parts: defaultdict[str, set[str]] = defaultdict(set)
    deciders = {row["decision_id"]: row["decider"] for row in found.tables["decisions"]}
    for each in found.tables["grants"]:
        parts[each["object"].partition(":")[2]].add(each["person"])
    for one in found.tables["appeals"]:
        name, state, row = one["appeal_id"], one["state"], found.rows[one["enforcement_id"]]
        if state not in ("notified", "invalid", "withdrawn"):
            yield f"{name} is {state}"
        won = one["outcome"] in ("overturned", "partial")
        if asked[name] != int(won):
            yield f"{name} is {one['outcome']} and has {asked[name]} reversals"
        if won and row.state not in ("reversed", "failed", "blocked") and not kept(row):
            yield f"{name} is {one['outcome']}, and what it is against {row.state}"
        if one["outcome"] and told[name] != 1:
            yield f"{name} has {told[name]} notices"
        if one["outcome"] and one["reviewer"] in {
            *parts[row.enforcement_id],
            *parts[row.batch_id],
            deciders.get(row.decision_id or ""),
        }:
            yield f"{name} was reviewed by who had a part in it"
    if set(labels.values()) - {1}:
        yield "an appeal's label is there twice"


def approved(found: Found) -> Iterator[str]:
    """What was done had as many people behind it as it needs, none of them its author."""
    yes: defaultdict[str, set[str]] = defaultdict(set)
    for each in found.tables["grants"]:
        if each["verdict"] == "approve":
            yes[each["object"]].add(each["person"])
    for rows in found.keys.values():
        for row in rows:
            given = yes[f"enforcement:{row.enforcement_id}"]
            if len(given) < row.needs or given & HAD_A_PART:
                yield f"{row.enforcement_id[:12]} needs {row.needs} and has {sorted(given)}"


def breaches(found: Found) -> Iterator[str]:
    """Of a batch that a cap stopped and nobody resumed, nothing was done."""
    closed = {
        row["batch_id"]
        for row in found.tables["batches"]
        if row["breach"] and not row["resumed_at"]
    }
    done = [row for rows in found.keys.values() for row in rows if row.batch_id in closed]
    yield from (f"{row.enforcement_id[:12]} is {row.state} after a breach" for row in done)
