from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "af082aa35f681041"}


def sent(accounts: int, n: int = 4, days: int = 0, **values: object) -> list[Row]:
    defaults: Row = {"template_hash": "t", "score_jailbreak": 0.1}
    return [
        row
        for account in range(accounts)
        for row in many(
            n,
            at("10:00", days),
            timedelta(minutes=1),
            **({"text_hash": f"{days}-{account}-{{i}}", "account_id": f"a{account}"} | defaults)
            | values,
        )
    ]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/influence_comments", "prompts", *groups)


def test_fires_at_six_accounts_with_ever_new_texts_of_one_template() -> None:
    assert score(sent(6)) == {"t": (6.0, "flagged")}


def test_nearly_fires_at_five() -> None:
    assert score(sent(5)) == {"t": (5.0, "near")}


def test_stays_quiet_on_an_agency_of_three() -> None:
    assert score(sent(3, 900)) == {"t": (3.0, "bulk")}


def test_stays_quiet_on_a_class_that_sends_the_same_texts() -> None:
    assert score(sent(90, text_hash="{i}")) == {"t": (0.0, "bulk")}


def test_stays_quiet_where_a_tenth_of_the_texts_repeats() -> None:
    again = sent(6, 4, text_hash="x")
    assert score(sent(6, 28), again[:18]) == {"t": (6.0, "flagged")}
    assert score(sent(6, 28), again) == {"t": (0.0, "bulk")}


def test_stays_quiet_on_templates_of_another_harm() -> None:
    assert score(sent(6, score_malware=0.9)) == {"t": (0.0, "bulk")}


def test_nineteen_prompts_are_not_enough_to_tell() -> None:
    assert score(sent(6)[:19], sent(6, 1)[5:]) == {"t": (6.0, "flagged")}
    assert score(sent(6, 3), sent(1, 1, -1)) == {"t": (None, "null")}


def test_a_template_that_nobody_scored_counts() -> None:
    assert score(sent(6, score_jailbreak=None)) == {"t": (6.0, "flagged")}


def test_looks_back_seven_days_from_the_end_of_a_day_on_which_it_was_used() -> None:
    assert score(sent(6, 4, -6), sent(1, 1)) == {"t": (6.0, "flagged")}
    assert score(sent(6, 4, -7), sent(1, 1)) == {}
    assert score(sent(6, 4, -1)) == {}
