"""The gate over a live system: real events, runs, checks, ledger and files."""

from launch_checklists.report import Verdict
from tests.support.launch import wrong
from tests.support.launched import Live


def test_a_product_that_has_everything_may_begin(product: Live) -> None:
    unsigned = product.report()
    for one in unsigned.results:
        if one.stops: print("Z", one.item.id, one.seen)
    assert wrong(unsigned) == {}
    product.sign()
    assert product.report().verdict is Verdict.PASS
