from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.settings import Settings, SettingsError, load


def test_every_setting_has_a_default() -> None:
    home = Path.cwd() / ".watchfloor"
    assert load({}) == Settings(
        home=home,
        lake=str(home / "lake"),
        ledger=f"sqlite:///{home / 'ledger.db'}",
        sources=None,
        partitions_start=datetime(2026, 1, 1, tzinfo=UTC),
        sample_rate=0.01,
        sample_seed="watchfloor",
        grace=timedelta(minutes=30),
        hot=timedelta(hours=48),
        dagster_storage="",
    )


GIVEN = {
    "WATCHFLOOR_HOME": "/srv/watchfloor",
    "WATCHFLOOR_LAKE": "s3://bucket/lake",
    "WATCHFLOOR_LEDGER": "postgresql://db/ledger",
    "WATCHFLOOR_SOURCES": "/srv/sources",
    "WATCHFLOOR_PARTITIONS_START": "2025-11-30",
    "WATCHFLOOR_SAMPLE_RATE": "1",
    "WATCHFLOOR_SAMPLE_SEED": "other",
    "WATCHFLOOR_GRACE_MINUTES": "0",
    "WATCHFLOOR_HOT_HOURS": "72",
    "WATCHFLOOR_DAGSTER_STORAGE": "postgresql://db/watchfloor",
    "PATH": "/bin",
}


def test_every_setting_can_be_given() -> None:
    found = load(GIVEN)
    assert found == Settings(
        home=Path("/srv/watchfloor"),
        lake="s3://bucket/lake",
        ledger="postgresql://db/ledger",
        sources=Path("/srv/sources"),
        partitions_start=datetime(2025, 11, 30, tzinfo=UTC),
        sample_rate=1.0,
        sample_seed="other",
        grace=timedelta(0),
        hot=timedelta(hours=72),
        dagster_storage="postgresql://db/watchfloor",
    )
    assert found.dagster_home == Path("/srv/watchfloor/dagster")


def test_the_lake_lies_at_home_and_both_are_absolute() -> None:
    found = load({"WATCHFLOOR_HOME": "elsewhere", "WATCHFLOOR_SOURCES": "logs"})
    assert found.home == Path.cwd() / "elsewhere"
    assert found.lake == str(Path.cwd() / "elsewhere" / "lake")
    assert found.sources == Path.cwd() / "logs"


def test_a_setting_left_empty_is_one_not_given() -> None:
    empty = dict.fromkeys(GIVEN, "")
    assert load(empty) == load({})


WHOLE = "wanted a whole number of at least 0."
SHARE = "wanted a share over 0, at most 1."
DAY = "wanted a day, as in 2026-01-01."


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("PARTITIONS_START", "yesterday", DAY),
        ("PARTITIONS_START", "2026-02-30", DAY),
        ("PARTITIONS_START", "2026-01-01T00:00", DAY),
        ("SAMPLE_RATE", "0", SHARE),
        ("SAMPLE_RATE", "1.01", SHARE),
        ("SAMPLE_RATE", "nan", SHARE),
        ("SAMPLE_RATE", "one", SHARE),
        ("GRACE_MINUTES", "-1", WHOLE),
        ("GRACE_MINUTES", "1.5", WHOLE),
        ("HOT_HOURS", "two days", WHOLE),
        ("HOT_HOURS", "²", WHOLE),
    ],
)
def test_an_error_names_the_setting_what_it_is_and_what_is_wanted(
    name: str, value: str, wanted: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load({f"WATCHFLOOR_{name}": value})
    assert str(raised.value) == f"WATCHFLOOR_{name} is '{value}'; {wanted}"
