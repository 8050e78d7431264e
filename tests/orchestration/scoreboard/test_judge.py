from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.evaluate import FINDINGS
from orchestration.scoreboard.judge import Judgement, judge
from orchestration.world.build import TRUTH

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def finding(
    entity: str, hour: int = 1, evidence: str = "{}", product: str = "accounts"
) -> dict[str, object]:
    return {
        "finding_id": f"{entity}-{hour}",
        "monitor": "guessing",
        "version": 1,
        "product": product,
        "harm": "account_takeover",
        "severity": 2,
        "entity_type": "ip",
        "entity": entity,
        "subkey": None,
        "window_start": START + (hour - 1) * HOUR,
        "window_end": START + hour * HOUR,
        "score": 9.0,
        "threshold": 5.0,
        "evidence": evidence,
    }


def actor(name: str, entity: str, *, guilty: bool = True) -> dict[str, object]:
    kind = "stuffing" if guilty else "office"
    return {
        "campaign": f"{kind}-loud-1",
        "kind": kind,
        "variant": "loud",
        "guilty": guilty,
        "products": "accounts chat",
        "start": START,
        "end": START + 3 * HOUR,
        "actor": name,
        "entity_type": "ip",
        "entity": entity,
    }


def judged(findings: list[dict[str, object]], truth: list[dict[str, object]]) -> Judgement:
    return judge(
        pl.DataFrame(findings, schema=FINDINGS, orient="row"),
        pl.DataFrame(truth, schema=TRUTH, orient="row"),
    )


def test_a_finding_about_a_campaigns_entity_is_right_and_catches_its_actor() -> None:
    found = judged([finding("1.2.3.4")], [actor("a", "1.2.3.4"), actor("b", "5.6.7.8")])
    assert found.findings["right"].to_list() == [True]
    assert found.caught.rows() == [
        ("stuffing-loud-1", "a", "accounts/guessing", START + HOUR),
    ]


def test_an_entity_that_actors_share_catches_them_all() -> None:
    found = judged([finding("device")], [actor("a", "device"), actor("b", "device")])
    assert found.caught["actor"].to_list() == ["a", "b"]


def test_a_finding_after_the_campaign_is_wrong() -> None:
    found = judged([finding("1.2.3.4", hour=9)], [actor("a", "1.2.3.4")])
    assert found.findings["right"].to_list() == [False]
    assert found.caught.is_empty()


def test_a_finding_about_nobody_is_wrong_and_one_about_a_bystander_names_the_hard_negative() -> (
    None
):
    found = judged(
        [finding("9.9.9.9"), finding("7.7.7.7")],
        [actor("a", "1.2.3.4"), actor("staff", "7.7.7.7", guilty=False)],
    )
    assert found.findings.select("entity", "right", "bystander").rows() == [
        ("9.9.9.9", False, None),
        ("7.7.7.7", False, "office"),
    ]


@pytest.mark.parametrize(
    ("members", "right", "caught"),
    [
        ('["a", "b", "x"]', True, ["a", "b"]),
        ('["a", "x"]', True, ["a"]),
        ('["a", "x", "y"]', False, []),
        ("[]", False, []),
    ],
)
def test_a_rings_finding_is_right_when_half_of_its_members_are_guilty(
    members: str, *, right: bool, caught: list[str]
) -> None:
    found = judged(
        [finding("ring", evidence=f'{{"members":{members}}}')], [actor("a", "a"), actor("b", "b")]
    )
    assert found.findings["right"].to_list() == [right]
    assert found.caught["actor"].to_list() == caught


@pytest.mark.parametrize(
    ("product", "right"), [("accounts", True), ("platform", True), ("web", False)]
)
def test_a_finding_on_a_product_where_the_campaign_does_nothing_is_wrong(
    product: str, *, right: bool
) -> None:
    found = judged([finding("1.2.3.4", product=product)], [actor("a", "1.2.3.4")])
    assert found.findings["right"].to_list() == [right]
    assert found.caught.height == int(right)


def test_no_findings_catch_nobody() -> None:
    found = judged([], [actor("a", "1.2.3.4")])
    assert found.findings.is_empty()
    assert found.caught.is_empty()
