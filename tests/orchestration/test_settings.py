from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.settings import HERE, Keep, Service, Settings, SettingsError, Slack, load


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
        routes=HERE / "routes.yaml",
        rota=HERE / "rota.yaml",
        people=HERE / "people.yaml",
        queues=HERE / "queues.yaml",
        policies=HERE / "policies.yaml",
        enforcement=HERE / "enforcement.yaml",
        checklists=HERE.parent / "launch_checklists" / "products",
        dagster_url="http://127.0.0.1:3000",
        health_channel="C0WATCHFLOOR",
        fallback="",
        token="",
        slack=Slack(url="https://slack.com/api/"),
        keep=Keep(
            runs=timedelta(days=14),
            text=timedelta(days=30),
            samples=timedelta(days=30),
            events=timedelta(days=90),
            findings=timedelta(days=400),
            messages=timedelta(days=90),
        ),
        service=Service(),
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
    "WATCHFLOOR_ROUTES": "/etc/watchfloor/routes.yaml",
    "WATCHFLOOR_ROTA": "/etc/watchfloor/rota.yaml",
    "WATCHFLOOR_PEOPLE": "/etc/watchfloor/people.yaml",
    "WATCHFLOOR_QUEUES": "/etc/watchfloor/queues.yaml",
    "WATCHFLOOR_POLICIES": "/etc/watchfloor/policies.yaml",
    "WATCHFLOOR_ENFORCEMENT": "/etc/watchfloor/enforcement.yaml",
    "WATCHFLOOR_CHECKLISTS": "/etc/watchfloor/checklists",
    "WATCHFLOOR_SERVICE_URL": "https://product.example/",
    "WATCHFLOOR_SERVICE_SECRET": "shared",
    "WATCHFLOOR_DAGSTER_URL": "https://dagster.example/",
    "WATCHFLOOR_HEALTH_CHANNEL": "C0HEALTH",
    "WATCHFLOOR_FALLBACK": "smtp://mail.example:25?to=duty",
    "WATCHFLOOR_TOKEN": "mine",
    "WATCHFLOOR_SLACK_TOKEN": "bot",
    "WATCHFLOOR_SLACK_APP_TOKEN": "app",
    "WATCHFLOOR_SLACK_SIGNING_SECRET": "secret",
    "WATCHFLOOR_SLACK_URL": "http://127.0.0.1:4000/api/",
    "WATCHFLOOR_KEEP_RUNS_DAYS": "1",
    "WATCHFLOOR_KEEP_TEXT_DAYS": "3",
    "WATCHFLOOR_KEEP_SAMPLES_DAYS": "2",
    "WATCHFLOOR_KEEP_EVENTS_DAYS": "4",
    "WATCHFLOOR_KEEP_FINDINGS_DAYS": "5",
    "WATCHFLOOR_KEEP_MESSAGES_DAYS": "6",
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
        routes=Path("/etc/watchfloor/routes.yaml"),
        rota=Path("/etc/watchfloor/rota.yaml"),
        people=Path("/etc/watchfloor/people.yaml"),
        queues=Path("/etc/watchfloor/queues.yaml"),
        policies=Path("/etc/watchfloor/policies.yaml"),
        enforcement=Path("/etc/watchfloor/enforcement.yaml"),
        checklists=Path("/etc/watchfloor/checklists"),
        dagster_url="https://dagster.example",
        health_channel="C0HEALTH",
        fallback="smtp://mail.example:25?to=duty",
        token="mine",  # noqa: S106 - no secret
        slack=Slack("bot", "app", "secret", "http://127.0.0.1:4000/api/"),
        keep=Keep(
            runs=timedelta(days=1),
            text=timedelta(days=3),
            samples=timedelta(days=2),
            events=timedelta(days=4),
            findings=timedelta(days=5),
            messages=timedelta(days=6),
        ),
        service=Service("https://product.example", "shared"),
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
MOST, KEEP = "wanted at most that.", "WATCHFLOOR_KEEP"


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


def test_no_secret_is_in_the_settings_as_they_are_printed() -> None:
    printed = repr(load({**GIVEN, "WATCHFLOOR_FALLBACK": "smtp://me:canary-1@mail.example"}))
    assert "canary-1" not in printed
    assert "'bot'" not in printed
    assert "'mine'" not in printed
    assert "'app'" not in printed
    assert "'secret'" not in printed


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"TEXT": "91"},
            f"{KEEP}_TEXT_DAYS is 91, more than {KEEP}_EVENTS_DAYS, 90; {MOST}",
        ),
        (
            {"EVENTS": "401"},
            f"{KEEP}_EVENTS_DAYS is 401, more than {KEEP}_FINDINGS_DAYS, 400; {MOST}",
        ),
        ({"RUNS": "0"}, "WATCHFLOOR_KEEP_RUNS_DAYS is 0; wanted 1 to 36500 days."),
        ({"RUNS": "9" * 40}, f"WATCHFLOOR_KEEP_RUNS_DAYS is {'9' * 40}; wanted 1 to 36500 days."),
    ],
)
def test_days_to_keep_are_refused_that_cannot_hold(given: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({f"WATCHFLOOR_KEEP_{name}_DAYS": days for name, days in given.items()})
    assert str(raised.value) == text
