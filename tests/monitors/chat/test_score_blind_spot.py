from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "6b10523d8aa8cf62"}
NAMES = ("jailbreak", "harassment", "sexual_minors", "self_harm", "violence", "malware", "scam",
         "extraction", "cbrn")  # fmt: skip
SCORES: Row = {f"score_{name}": 0.1 for name in NAMES}


def sent(n: int, days: int = 0, **values: object) -> list[Row]:
    defaults: Row = {"model": "m", **SCORES}
    return many(n, at("00:00", days), timedelta(minutes=1), **(defaults | values))


def history(days: int, n: int = 100, **values: object) -> list[Row]:
    return [row for day in range(-days, 0) for row in sent(n, day, **values)]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/score_blind_spot", "prompts", *groups)


def test_fires_when_one_classifier_misses_eight_prompts_that_are_usually_scored() -> None:
    assert score(history(5), sent(92), sent(8, score_malware=None)) == {"m": (8.0, "flagged")}


def test_fires_although_the_gap_lasts_for_a_week_of_three() -> None:
    past = [*history(21), *sent(900, -3, score_cbrn=None), *sent(900, -2, score_cbrn=None)]
    assert score(past, sent(20), sent(80, score_cbrn=None)) == {"m": (80.0, "flagged")}


def test_nearly_fires_at_five_prompts() -> None:
    assert score(history(5), sent(95), sent(5, score_malware=None)) == {"m": (5.0, "near")}


def test_stays_quiet_where_as_many_are_always_without() -> None:
    past = [*history(9, 96), *history(9, 4, score_scam=None)]
    assert score(past, sent(90), sent(10, score_scam=None)) == {"m": (3.0, "bulk")}


def test_stays_quiet_on_a_model_that_was_never_scored() -> None:
    assert score(history(9, score_cbrn=None), sent(90, score_cbrn=None)) == {"m": (0.0, "bulk")}


def test_four_days_before_or_nineteen_prompts_are_not_enough_to_tell() -> None:
    assert score(history(4), sent(90, score_malware=None)) == {"m": (None, "null")}
    assert score(history(5), sent(19, score_malware=None)) == {"m": (None, "null")}


def test_stays_quiet_about_prompts_of_no_model() -> None:
    assert score(history(5, model=None), sent(90, model=None, score_malware=None)) == {}
