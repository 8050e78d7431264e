"""Blast radius: what a batch would do, in numbers, before it does it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitors.tenants import TENANTS
from orchestration.enforcement.caps import PREFIX, Active, Breach
from orchestration.enforcement.gates import ALREADY, PROTECTED
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import Enforcement

S = EnforcementState
ACTS = frozenset({S.DRY_RUN, S.AWAITING, S.APPROVED})
SHARE = "per_day_share"  # the cap that is no count


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done, by whose monitor and where, and what would not, by why.

    `targets` are different ones that would be acted on, those of a breached batch too: they are
    what it is about. `shares` are the targets of each product as a share of its active entities,
    null where nobody knows how many these are. `breaches` are caps with what they would come to.
    `of_tenants` are rows of products whose tenants are known, `no_tenant` those of them without
    one: the cap of a tenant does not count these.
    """

    targets: int
    protected: int
    already: int
    shares: Mapping[str, float | None]
    actions: Mapping[str, int]
    target_types: Mapping[str, int]
    products: Mapping[str, int]
    monitors: Mapping[str, int]
    states: Mapping[str, int]
    codes: Mapping[str, int]
    breaches: Sequence[Mapping[str, Any]]
    of_tenants: int = 0
    no_tenant: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The same in a sentence: counts and ids of caps, and nobody's name."""
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.target_types.items()) or "nothing"
        shares = "; ".join(_share(product, share) for product, share in self.shares.items())
        parts = [f"would act on {kinds}", *([shares] if shares else [])]
        parts += [f"{self.protected} protected", f"{self.already} already"]
        parts += [f"{n} {code}" for code, n in self.codes.items() if code != ALREADY]
        if self.no_tenant:
            parts.append(f"tenant unknown of {self.no_tenant} of {self.of_tenants}")
        caps = "; ".join(_breach(one) for one in self.breaches) or "caps: hold"
        return f"{', '.join(parts)}; {caps}."


def preview(rows: Sequence[Enforcement], breaches: Sequence[Breach], *, active: Active) -> Preview:
    """Count what rows would do; those that a cap stopped are counted as what it was about."""
    acting = [row for row in rows if row.state in ACTS or (row.code or "").startswith(PREFIX)]
    of_product: dict[str, set[tuple[str, str]]] = {}
    for row in acting:
        of_product.setdefault(row.product, set()).add((row.target_type, row.target))
    targets = {(row.target_type, row.target) for row in acting}
    of_tenants = [row for row in acting if row.product in TENANTS]
    return Preview(
        targets=len(targets),
        protected=sum(PROTECTED in {row.flag, row.code} for row in rows),
        already=sum(row.code == ALREADY for row in rows),
        shares={
            product: len(some) / there if (there := active(product)) else None
            for product, some in sorted(of_product.items())
        },
        actions=_counts(row.action for row in acting),
        target_types=_counts(kind for kind, _ in targets),
        products=_counts(row.product for row in acting),
        monitors=_counts(row.monitor for row in acting if row.monitor),
        states=_counts(row.state.value for row in rows),
        codes=_counts(row.code for row in rows if row.code),
        breaches=[asdict(one) for one in breaches],
        of_tenants=len(of_tenants),
        no_tenant=sum(row.tenant is None for row in of_tenants),
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _share(product: str, share: float | None) -> str:
    if share is None:
        return f"of nobody knows how many active in {product}"
    return f"{100 * share:.1f} % of active in {product}"


def _breach(one: Mapping[str, Any]) -> str:
    limit, found = one["limit"], one["would_be"]
    allowed = f"{limit:g} {'is' if limit == 1 else 'are'} allowed"
    if one["cap"] == SHARE:
        allowed = f"{100 * limit:g} % is allowed"
        found = "a share of nobody knows how many" if found is None else _percent(found, limit)
    return f"over the cap {one['cap']}: {found} where {allowed}"


def _percent(share: float, limit: float) -> str:
    """A share with a decimal, or with as many as it takes to tell it from the limit it is over."""
    precise = (round(100 * share, digits) for digits in range(1, 12))
    return f"{next((one for one in precise if one > 100 * limit), 100 * share):.15g} %"
