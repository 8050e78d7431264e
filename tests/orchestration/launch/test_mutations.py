"""The live system is broken one way at a time: the gate names that, what follows, and no more."""

from collections.abc import Iterator

import dagster as dg
import pytest

from launch_checklists.item import Outcome
from launch_checklists.report import Report
from orchestration.lake import Lake
from tests.support.copies import one_ledger
from tests.support.launch_mutations import MUTATIONS
from tests.support.launched import Live, live
from tests.support.place import Place

SIGNED = "signoffs.tns_eng"  # of the state before


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One product for all mutations; each leaves it as it was."""
    home = tmp_path_factory.mktemp("live")
    (home / "dagster").mkdir()
    with (
        one_ledger(home) as engine,
        dg.DagsterInstance.local_temp(str(home / "dagster")) as instance,
    ):
        made = live(Place(home, Lake(str(home / "lake")), instance), engine, str(engine.url))
        made.sign()
        yield made


def outcomes(report: Report) -> dict[str, Outcome]:
    return {one.item.id: one.seen.outcome for one in report.results}


@pytest.mark.parametrize("what", MUTATIONS)
def test_the_root_is_named_first_and_nothing_else_changes(product: Live, what: str) -> None:
    mutation = MUTATIONS[what]
    before = outcomes(product.report())
    assert before[SIGNED] is Outcome.PASS
    with mutation.breaks(product):
        report = product.report()
    now = outcomes(report)
    first = next(one for one in report.ordered() if now[one.item.id] != before.get(one.item.id))
    assert (first.item.id, first.seen.outcome) == (mutation.root, mutation.outcome)
    assert first.seen.fix
    changed = {name for name in now if now[name] != before.get(name)}
    assert changed - {SIGNED} <= {mutation.root, *mutation.under, *mutation.too}
    assert {one.item.id for one in report.results if one.root == mutation.root} == mutation.under
    assert report.exit_code() == 1
    assert report.digest != product.report().digest
    assert outcomes(product.report()) == before
