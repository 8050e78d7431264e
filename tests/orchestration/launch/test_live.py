"""The gate over a live system: real events, runs, checks, ledger and files."""

from dataclasses import replace
from datetime import timedelta

import pytest

from launch_checklists.item import Outcome
from launch_checklists.report import Verdict
from orchestration.launch.errors import LaunchError
from orchestration.launch.records import keep_report, last_report
from orchestration.ledger.database import reading
from tests.support.launch import result, wrong
from tests.support.launched import BOOK, Live, moved

LATER_STAGES = {"capacity.reviewers", "quality.raters"}  # nothing was decided or rated yet


def test_a_product_that_has_everything_may_begin_once_it_is_signed(product: Live) -> None:
    assert set(wrong(product.report())) == {*LATER_STAGES, "signoffs.tns_eng"}
    product.sign()
    product.sign()
    assert set(wrong(product.report())) == LATER_STAGES
    assert product.report().verdict is Verdict.PASS
    assert product.report(50).verdict is Verdict.FAIL


def test_authors_and_who_has_no_role_cannot_sign(product: Live) -> None:
    product.more = {"authors": ["ibex-4"]}
    with pytest.raises(LaunchError, match="wrote the checklist and cannot sign as tns_eng"):
        product.sign()
    product.more = {"signoffs": ["ops"]}
    with pytest.raises(LaunchError, match="Nobody is to sign as 'tns_eng'; wanted one of ops"):
        product.sign()


def test_a_waiver_holds_once_it_is_approved_and_ends_by_the_calendar(product: Live) -> None:
    item = "runbooks.scraping"
    waiver = {
        "item": item,
        "reason": "being rewritten",
        "risk": "an on-call searches longer",
        "compensating": "the author is on call",
        "owner": "wren-5",
        "approver": "egret-3",
        "created": product.now.date(),
        "expires": (product.now + timedelta(days=3)).date(),
    }
    product.more = {"waivers": [waiver]}
    with moved(product.root / BOOK):
        assert result(product.report(), item).seen.outcome is Outcome.FAIL
        product.waive(item)
        product.waive(item)
        assert result(product.report(), item).seen.outcome is Outcome.WAIVED
        product.sign()
        assert product.report().verdict is Verdict.WAIVED
        product.now += timedelta(days=4)
        assert result(product.report(), item).seen.outcome is Outcome.FAIL


def test_a_report_is_kept_when_an_outcome_changes_and_tells_what_was_before(product: Live) -> None:
    assert keep_report(product.engine, product.report()) is None
    same = keep_report(product.engine, product.report())
    with moved(product.root / BOOK):
        before = keep_report(product.engine, replace(product.report()))
    assert before == same
    with reading(product.engine) as connection:
        last = last_report(connection, "web", 10)
    assert last is not None
    assert last.outcomes["runbooks.scraping"] == "fail"


def test_without_a_ledger_the_gate_could_not_evaluate(product: Live) -> None:
    away = replace(product.settings, ledger=f"sqlite:///{product.root / 'gone' / 'ledger.db'}")
    product.settings = away
    found = product.report()
    assert (found.verdict, found.exit_code()) == (Verdict.NOT_EVALUATED, 3)
    assert result(found, "enforcement.kill_switch").seen.outcome is Outcome.ERROR
    assert result(found, "data.api_requests.events").seen.outcome is Outcome.PASS


def test_a_waiver_is_renewed_once_and_says_so(product: Live) -> None:
    def waive(days: int, renewal: int) -> None:
        waiver = {
            "item": "runbooks.scraping",
            "reason": "being rewritten",
            "risk": "an on-call searches longer",
            "compensating": "the author is on call",
            "owner": "wren-5",
            "approver": "egret-3",
            "created": (product.now + timedelta(days=days - 3)).date(),
            "expires": (product.now + timedelta(days=days)).date(),
            "renewal": renewal,
        }
        product.more = {"waivers": [waiver]}
        product.waive("runbooks.scraping")

    waive(3, 0)
    with pytest.raises(LaunchError, match=r"was waived before, until .*; write `renewal: 1`"):
        waive(6, 0)
    waive(6, 1)
    with pytest.raises(LaunchError, match="wanted no third time"):
        waive(9, 1)
    waive(120, 0)
