"""Whether ledger and service agree after the week, and what the batch reversal restored."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.operations.office import Office
from benchmarks.operations.product import Place
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import enforcements
from orchestration.ledger.verify import verify

S = EnforcementState
DONE = frozenset({S.APPLIED, S.REVERSING, S.REVERSED})
UNSETTLED = frozenset({S.EXECUTING, S.UNKNOWN, S.REVERSING})
e = enforcements.c


@dataclass(frozen=True, slots=True)
class Restored:
    """Targets of one monitor after the batch reversal of all that it did.

    `exact` have every field as before anybody was acted on; `others` all but what another's action
    holds, which is as that left it; `wrong` are neither. `rows` by state.
    """

    exact: int
    others: int
    wrong: int
    rows: Mapping[str, int]


def wrongs(office: Office) -> list[str]:
    """Everything in which ledger and service differ, in words; nothing where they agree."""
    with reading(office.engine) as connection:
        verdict = verify(connection, seals=[]).wrong
        rows = where(connection, ENFORCEMENTS)
    return [
        *([f"the ledger: {verdict}"] if verdict else []),
        *_receipts(office, rows),
        *_effects(office, rows),
        *_fields(office, rows),
    ]


def restored(office: Office, monitor: str) -> Restored:
    """How the targets of a monitor stand now."""
    with reading(office.engine) as connection:
        live = where(connection, ENFORCEMENTS, e.mode == "live")
    mine = [row for row in live.values() if row.monitor == monitor]
    sent = {row.target for row in mine if row.executing_at is not None}
    real = office.working.names.entities_of(sent)
    now, before = office.product.now(), office.product.before
    held = _held(office, live, real)
    counts: Counter[str] = Counter()
    for kind, target in real.values():
        places = [place for place in before if place[:2] == (kind, target)]
        changed = [place for place in places if now[place] != before[place]]
        as_held = all(now[place] in held.get(place, ()) for place in changed)
        counts["exact" if not changed else "others" if as_held else "wrong"] += 1
    states = Counter(row.state.value for row in mine)
    return Restored(counts["exact"], counts["others"], counts["wrong"], states)


def _receipts(office: Office, rows: Mapping[str, Enforcement]) -> Iterator[str]:
    """The service did what the ledger says was done, and nothing else."""
    service = office.working.service
    for name, row in rows.items():
        if row.state in UNSETTLED:
            yield f"{name[:12]} is still {row.state}"
        if service is None or (row.mode == "live" and row.executing_at is None):
            continue
        receipt = service.find(row.idempotency_key)
        known = receipt is not None and receipt.outcome in ("applied", "already")
        if known != (row.state in DONE and row.mode == "live"):
            yield f"{name[:12]} is {row.state} in {row.mode}, and the service has {receipt}"
        elif known and receipt and receipt.prior != row.prior:
            yield f"{name[:12]} has another prior value than the service"


def _effects(office: Office, rows: Mapping[str, Enforcement]) -> Iterator[str]:
    """Each key had one effect, and all were asked for."""
    ours = {row.idempotency_key for row in rows.values() if row.mode == "live"}
    effects = Counter((kind, key) for _, kind, key in office.product.log() if key)
    yield from (f"{n} times {kind} under {key[:12]}" for (kind, key), n in effects.items() if n > 1)
    unknown = [key for kind, key in effects if kind == "applied" and key not in ours]
    yield from (f"nobody asked for {key[:12]}" for key in unknown)


def _fields(office: Office, rows: Mapping[str, Enforcement]) -> Iterator[str]:
    """Every field is as it was, or as what stands there, and nothing else, left it."""
    real = office.working.names.entities_of({row.target for row in rows.values()})
    held = _held(office, rows, real)
    now = office.product.now()
    for place, value in office.product.before.items():
        wanted = held.get(place, {value})
        if now[place] not in wanted:
            yield f"a field {place[2]} is {now[place]}; wanted {' or '.join(sorted(wanted))}"


def _held(
    office: Office, rows: Mapping[str, Enforcement], real: Mapping[str, tuple[str, str]]
) -> dict[Place, set[str]]:
    """What fields have because of rows that stand; one-offs leave theirs for good."""
    rules = office.terms.enforcement
    found: defaultdict[Place, set[str]] = defaultdict(set)
    now = office.clock()
    for row in rows.values():
        action = rules.actions.get(row.action)
        once = action is not None and action.one_off and row.state in DONE
        over = row.ends_at is not None and row.ends_at <= now
        if action is None or not (row.standing or once) or row.target not in real:
            continue
        if row.state in DONE and row.mode == "live" and not over:
            found[*real[row.target], row.action_class].add(_value(action.value))
    return dict(found)


def _value(value: str) -> str:
    return f'"{value}"'
