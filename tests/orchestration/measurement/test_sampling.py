from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from orchestration.alerts.records import AlertState
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.sampling import Drawn, draw, drawn
from tests.support.ledgers import NOON, alert, opened

# First 8 bytes of HMAC-SHA256 with the key `spring`, by openssl, as a fraction of 2^64.
PLACES = {
    "a1": 0.4033,
    "a2": 0.6410,
    "a3": 0.7930,
    "a4": 0.3853,
    "a5": 0.4396,
    "a6": 0.1460,
    "a7": 0.4672,
    "a8": 0.8795,
}
IDS = [f"alert-{n}" for n in range(20_000)]


@pytest.mark.parametrize("alert_id", PLACES)
def test_an_episode_is_drawn_if_its_keyed_hash_is_under_the_share(alert_id: str) -> None:
    place = PLACES[alert_id]
    assert drawn(alert_id, "spring", place + 0.0001)
    assert not drawn(alert_id, "spring", place - 0.0001)
    assert drawn(alert_id, "spring", 1.0)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_slice_is_the_share_of_all(share: float) -> None:
    n = sum(drawn(alert_id, "spring", share) for alert_id in IDS)
    spread = (len(IDS) * share * (1 - share)) ** 0.5
    assert abs(n - len(IDS) * share) < 3 * spread


def test_another_seed_draws_independently() -> None:
    both = sum(drawn(one, "spring", 0.1) and drawn(one, "autumn", 0.1) for one in IDS)
    assert 150 < both < 250  # a tenth of a tenth of 20,000 is 200


@given(alert_id=st.text(min_size=1), small=st.floats(0.001, 1), large=st.floats(0.001, 1))
def test_a_larger_share_keeps_what_a_smaller_one_drew(
    alert_id: str, small: float, large: float
) -> None:
    small, large = sorted((small, large))
    assert drawn(alert_id, "spring", large) >= drawn(alert_id, "spring", small)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, float("nan")])
def test_a_share_of_nothing_or_more_than_all_is_refused(share: float) -> None:
    with pytest.raises(MeasurementError, match="wanted more than 0 and at most 1"):
        drawn("a1", "spring", share)


def test_an_empty_seed_is_refused() -> None:
    with pytest.raises(MeasurementError, match="seed of the draw is empty"):
        drawn("a1", "", 0.5)


def test_every_episode_opened_until_now_is_drawn_from_whatever_became_of_it(
    ledger: Engine,
) -> None:
    with writing(ledger) as connection:
        opened(
            connection,
            alert("a1", state=AlertState.CLOSED),
            alert("a2"),
            alert("a4", shadow=True, version=7),
            alert("a5", state=AlertState.FIRING, monitor="api/stolen_key"),
            alert("a6", opened_at=NOON + timedelta(microseconds=1)),
            alert("a7"),
        )
    with reading(ledger) as connection:
        found = draw(connection, seed="spring", share=0.45, now=NOON)
        assert found == [
            Drawn("a1", "web/scraping", 2, 0.45, "uniform"),
            Drawn("a4", "web/scraping", 7, 0.45, "uniform"),
            Drawn("a5", "api/stolen_key", 2, 0.45, "uniform"),
        ]
        later = draw(connection, seed="spring", share=0.45, now=NOON + timedelta(minutes=1))
        assert [unit.alert_id for unit in later] == ["a1", "a4", "a5", "a6"]


def test_a_share_or_time_that_cannot_be_is_refused_in_an_empty_ledger_too(ledger: Engine) -> None:
    with reading(ledger) as connection:
        with pytest.raises(MeasurementError, match="share to draw is 0"):
            draw(connection, seed="spring", share=0, now=NOON)
        with pytest.raises(LedgerError, match="without a zone"):
            draw(connection, seed="spring", share=0.5, now=NOON.replace(tzinfo=None))
