from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.escalation.handover import hand_over
from orchestration.escalation.teams import Teams
from orchestration.ledger.database import reading
from orchestration.ledger.tables import outbox
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.alerts.builders import THEFT, finding
from tests.orchestration.escalation.builders import ROSTER, ROTA, RULES, TEAMS, Night
from tests.support.monitors import failed_logins, named

TUESDAY = datetime(2026, 3, 3, 8, tzinfo=UTC)  # ann-1 hands over to bob-2
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CHAT = named(failed_logins, "mass_dm", product="chat", owner="chat-team")
API = named(failed_logins, "key_theft", product="api", owner="api-team")


def tell(night: Night, now: datetime = TUESDAY) -> int:
    return hand_over(night.engine, rules=night.rules, watched=TEAMS, monitors=[CHAT, API], now=now)


def told(night: Night) -> list[dict[str, Any]]:
    rows = select(outbox.c.payload).where(outbox.c.kind == "handover").order_by(outbox.c.audit_seq)
    with reading(night.engine) as connection:
        return list(connection.execute(rows).scalars())


def test_a_hand_over_names_both_and_what_is_open_by_ids_and_counts(night: Night) -> None:
    night.fires("a", "b")
    night.climb()
    night.climb(10)

    assert tell(night, TUESDAY + MINUTE) == 1

    thread = night.thread().thread_id
    assert told(night) == [
        {
            "team": "chat-team",
            "outgoing": "ann-1",
            "incoming": "bob-2",
            "since": int((TUESDAY - 24 * HOUR).timestamp()),
            "until": int(TUESDAY.timestamp()),
            "next_at": int((TUESDAY + 24 * HOUR).timestamp()),
            "pages": 1,
            "opened": 2,
            "resolved": 0,
            "open": 2,
            "threads": [f"{thread}=0"],
        }
    ]
    (row,) = [row for row in night.rows("outbox") if row.kind == "handover"]
    assert (row.receiver, row.lane) == ("C0ABUSE", 2)
    assert [entry.object for entry in night.audit("handover")] == ["rota:chat-team"]


def test_it_is_told_once_however_often_it_is_looked(night: Night) -> None:
    night.fires()
    tell(night)
    before = night.everything()

    assert [tell(night, TUESDAY + n * HOUR) for n in (0, 1, 23)] == [0, 0, 0]
    assert night.everything() == before


def test_where_all_is_quiet_that_is_told(night: Night) -> None:
    assert tell(night) == 1
    assert (told(night)[0]["open"], told(night)[0]["threads"]) == (0, [])


def test_the_next_one_compares_itself_with_the_one_before(night: Night) -> None:
    night.fires("a", "b")
    tell(night)
    night.tick(33, finding(33, "c", severity=Severity.S1))

    tell(night, TUESDAY + 24 * HOUR)

    first, second = told(night)
    thread = night.thread().thread_id
    assert second["threads"] == [f"{thread}=2"]
    assert (second["open"], second["opened"]) == (3, 1)
    assert second["since"] == first["until"]
    assert (second["outgoing"], second["incoming"]) == ("bob-2", "ann-1")


def test_what_is_resolved_in_the_shift_is_counted(night: Night) -> None:
    night.fires()
    night.tick(13)
    night.tick(14)

    tell(night)

    assert (told(night)[0]["open"], told(night)[0]["resolved"]) == (0, 1)


@pytest.mark.parametrize(("hours", "number"), [(12, 1), (13, 0)])
def test_one_missed_for_longer_than_half_a_day_is_left_out(
    night: Night, hours: int, number: int
) -> None:
    assert tell(night, TUESDAY + hours * HOUR) == number


def test_who_takes_over_from_themselves_is_told_nothing(night: Night) -> None:
    lone = ROTA.replace("[[ann-1, bob-2], [bob-2, ann-1]]", "[[ann-1], [bob-2]]")
    night.rules = replace(RULES, rota=parse_rota(lone, ROSTER))

    assert tell(night) == 0


def test_a_stand_in_takes_over_and_hands_back(night: Night) -> None:
    stands_in = ROTA.replace(
        "from: 2026-03-02",
        "from: 2026-03-02\n"
        "    overrides:\n"
        "      - {layer: 1, person: cat-3, from: 2026-03-02 12:00, to: 2026-03-02 15:00}",
    )
    night.rules = replace(RULES, rota=parse_rota(stands_in, ROSTER))

    for hours in (4, 5, 7, 24):
        tell(night, TUESDAY + (hours - 24) * HOUR)

    assert [(one["outgoing"], one["incoming"]) for one in told(night)] == [
        ("ann-1", "cat-3"),
        ("cat-3", "ann-1"),
        ("ann-1", "bob-2"),
    ]


def test_a_team_answers_for_its_own_and_for_what_its_ladders_call_it_first() -> None:
    teams = Teams(RULES, TEAMS, [])

    assert teams.answering(Severity.S1, "api-team") == {"api-team", "chat-team"}
    assert teams.answering(Severity.S2, "api-team") == {"api-team"}
    assert teams.answering(Severity.S3, "chat-team") == {"chat-team"}


def test_what_another_team_answers_for_is_not_handed_over(night: Night) -> None:
    night.tick(12, finding(12, "k", monitor=THEFT, severity=Severity.S2), monitor=THEFT)

    tell(night)

    assert (told(night)[0]["open"], told(night)[0]["opened"]) == (0, 0)


def test_a_teams_channel_is_where_most_of_its_monitors_are_told() -> None:
    config = parse_config(
        "routes:\n"
        "- {name: chat, receiver: C0CHAT, match: ['owner=\"chat-team\"']}\n"
        "- {name: rest, receiver: C0REST}\n"
    )
    rules = replace(RULES, config=config)

    assert Teams(rules, TEAMS, [CHAT, API]).channel("chat-team") == "C0CHAT"
    assert Teams(rules, TEAMS, [CHAT, API]).channel("nobody") == "C0REST"
