from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from orchestration.scoreboard import tables
from orchestration.scoreboard.judge import CAUGHT, JUDGED, Judgement
from orchestration.scoreboard.page import met, page
from orchestration.scoreboard.tables import Trial
from orchestration.world.build import TRUTH

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def campaign(
    kind: str, variant: str, *actors: str, guilty: bool = True
) -> list[tuple[object, ...]]:
    name = f"{kind}-{variant}"
    return [(name, kind, variant, guilty, "web", START, START + HOUR, a, "ip", a) for a in actors]


def trial(
    truth: list[tuple[object, ...]],
    *,
    findings: list[tuple[object, ...]],
    caught: list[tuple[object, ...]],
    seed: int = 1,
) -> Trial:
    return Trial(
        seed,
        7,
        pl.DataFrame(truth, schema=TRUTH, orient="row"),
        Judgement(
            pl.DataFrame(findings, schema=JUDGED, orient="row"),
            pl.DataFrame(caught, schema=CAUGHT, orient="row"),
        ),
    )


def found(
    entity: str, *, right: bool, hour: int = 1, bystander: str | None = None
) -> tuple[object, ...]:
    return ("web/scraping", "web", entity, START + hour * HOUR, right, bystander)


HALF_SEEN = trial(
    [*campaign("scan", "loud", "a", "b"), *campaign("scan", "slow", "c"),
     *campaign("crawler", "negative", "g", guilty=False)],
    findings=[found("a", right=True), found("a", right=True, hour=2),
              found("g", right=False, bystander="crawler"),
              found("g", right=False, hour=2, bystander="crawler")],
    caught=[("scan-loud", "a", "web/scraping", START + 2 * HOUR)],
)  # fmt: skip
ALL_SEEN = trial(
    [*campaign("scan", "loud", "a"), *campaign("scan", "slow", "c"),
     *campaign("scan", "evasive", "d")],
    findings=[found(name, right=True) for name in "acd"],
    caught=[(f"scan-{variant}", name, "web/scraping", START + HOUR)
            for variant, name in (("loud", "a"), ("slow", "c"), ("evasive", "d"))],
    seed=2,
)  # fmt: skip


def test_recall_is_the_mean_over_campaigns_and_what_nobody_caught_comes_first() -> None:
    rows = tables.campaigns([HALF_SEEN, ALL_SEEN])
    assert rows.select("kind", "variant", "worlds", "actors", "caught", "recall").rows() == [
        ("scan", "slow", 2, 2, 1, 0.5),
        ("scan", "loud", 2, 3, 2, 0.75),
        ("scan", "evasive", 1, 1, 1, 1.0),
    ]


def test_a_campaign_that_nobody_caught_is_first_and_has_no_time() -> None:
    first = tables.campaigns([HALF_SEEN]).row(0, named=True)
    assert (first["variant"], first["caught"], first["hours"], first["by"]) == ("slow", 0, None, "")


def test_time_to_detect_runs_from_the_campaigns_start() -> None:
    rows = tables.campaigns([HALF_SEEN]).filter(pl.col("variant") == "loud")
    assert rows["hours"].to_list() == [2.0]


def test_precision_counts_episodes_and_false_findings_are_counted_one_by_one() -> None:
    row = tables.monitors([HALF_SEEN], ["web/scraping", "web/quiet"]).row(1, named=True)
    assert (row["monitor"], row["episodes"], row["right"]) == ("web/scraping", 2, 1)
    assert row["precision"] == 0.5
    assert row["false_a_day"] == pytest.approx(2 / 7)
    quiet = tables.monitors([HALF_SEEN], ["web/quiet"]).row(0, named=True)
    assert (quiet["findings"], quiet["precision"]) == (0, None)


def test_a_hard_negative_says_who_was_fooled() -> None:
    assert tables.bystanders([HALF_SEEN]).rows() == [("crawler", 2 / 7, "web/scraping")]


def test_a_variant_without_campaigns_has_no_recall_rather_than_none_caught() -> None:
    rows = tables.variants([HALF_SEEN]).select("variant", "recall", "unseen")
    assert rows.rows() == [("loud", 0.5, 0), ("slow", 0.0, 1), ("evasive", None, None)]


def test_targets_are_met_only_when_all_are() -> None:
    assert met([ALL_SEEN], ["web"])
    assert not met([HALF_SEEN], ["web"])


def test_the_page_lists_first_what_nobody_caught() -> None:
    text = page([HALF_SEEN], ["web/scraping"], ["web"])
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[0] == "## Campaigns that nobody caught"
    assert "| scan | slow | 1 |" in text
    assert "None." in page([ALL_SEEN], ["web/scraping"], ["web"])
