import dagster as dg
import pytest

from assets.descriptions import asset_key
from assets.fitness import fitness
from orchestration.intake.modes import Fit
from tests.support.place import Place

FAILED_AS = [dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN]


@pytest.fixture
def fit(place: Place) -> Fit:
    """Of a monitor at version 1 that was never evaluated."""
    place.monitor("a")
    return fitness(place.instance, place.registry())


def report(
    place: Place,
    name: str,
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> None:
    """A check of the monitor ends."""
    key = asset_key(place.registry().monitors["web/a"])
    found = dg.AssetCheckEvaluation(
        asset_key=key, check_name=name, passed=passed, metadata={}, severity=severity
    )
    place.instance.report_runless_asset_event(found)


def all_pass(place: Place) -> None:
    for name in ("evaluated", "canary", "hit_rate"):
        report(place, name, passed=True)


def test_a_monitor_whose_checks_all_passed_may_act(place: Place, fit: Fit) -> None:
    all_pass(place)
    assert fit("web/a", 1) is None


def test_a_monitor_that_was_never_evaluated_may_not(fit: Fit) -> None:
    assert fit("web/a", 1) == "waits:canary"


def test_what_is_not_there_or_has_another_version_may_not(place: Place, fit: Fit) -> None:
    all_pass(place)
    assert (fit("web/gone", 1), fit("web/a", 2)) == ("version", "version")


@pytest.mark.parametrize("severity", FAILED_AS)
@pytest.mark.parametrize("name", ["evaluated", "canary", "hit_rate"])
def test_one_failed_check_is_enough_until_it_passes_again(
    place: Place, fit: Fit, name: str, severity: dg.AssetCheckSeverity
) -> None:
    all_pass(place)
    report(place, name, passed=False, severity=severity)
    # That a source did not deliver says nothing of the monitor.
    assert fit("web/a", 1) == ("waits:evaluated" if name == "evaluated" else f"check:{name}")
    report(place, name, passed=True)
    assert fit("web/a", 1) is None


def test_a_failed_check_counts_before_one_that_waits(place: Place, fit: Fit) -> None:
    report(place, "hit_rate", passed=False)
    assert fit("web/a", 1) == "check:hit_rate"


def test_a_real_evaluation_makes_a_monitor_fit(place: Place, fit: Fit) -> None:
    place.events("loud", 3)
    place.run(("web", "monitors", "a"), ("web", "evaluations"))
    assert fit("web/a", 1) is None
