"""Views of a made-up night, of which the preview's messages are made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.slack.demotion import DemotionView
from orchestration.slack.route_test import RouteTestView
from orchestration.slack.views import (
    DigestRow,
    DigestView,
    EntityView,
    EscalationView,
    GroupView,
    HealthItem,
    HealthView,
    MonitorView,
    Quality,
    StormView,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)
URGENT, ABUSE, CARE, OPS = "C0URGENT", "C0ABUSE", "C0CARE", "C0WATCHFLOOR"
DAGSTER = "https://dagster.example.com/runs/2f6d1c9e"

CARDS = MonitorView(
    "accounts/card_testing",
    1,
    "review",
    "One device tries card after card until one is accepted.",
    "payments-safety",
    "docs/runbooks/card_testing.md",
    Quality(0.91, 180),
)
MASS = MonitorView(
    "chat/mass_messages",
    1,
    "review",
    "An account sends nearly the same text to many people who do not know it.",
    "chat-safety",
    "docs/runbooks/mass_messages.md",
)
CARE_MONITOR = MonitorView(
    "chat/self_harm_concern",
    1,
    "review",
    "Somebody comes back, day after day, to thoughts of harming themselves.",
    "chat-care",
    "docs/runbooks/self_harm_concern.md",
)


def entities(
    prefix: str,
    counts: tuple[int, ...],
    severity: Severity,
    state: AlertState = AlertState.FIRING,
) -> tuple[EntityView, ...]:
    """Alerts of one kind of entity, with so many findings each."""
    return tuple(
        EntityView(
            f"{prefix[0]}{i:02d}e5b71c90a4".ljust(64, "d"),
            f"{prefix}_{i:02d}3a09c2e1d4",
            state,
            severity,
            count,
            NIGHT - i * MINUTE,
        )
        for i, count in enumerate(counts)
    )


FIRST = GroupView(
    thread="th_5b1e90",
    group="51ab7c20d9f3" + "0" * 52,
    receiver=URGENT,
    route="urgent",
    state_hash="ab12f0" + "0" * 58,
    labels=(("monitor", "accounts/card_testing"),),
    severity=Severity.S1,
    state="firing",
    monitors=(CARDS,),
    products=("accounts",),
    harms=("payment_abuse",),
    since=NIGHT - 65 * MINUTE,
    last_seen=NIGHT,
    findings=14,
    open=3,
    total=3,
    window="hour",
    newest=9,
    why="It is S1, and you are on call for payments-safety.",
    snooze_max=8 * HOUR,
    expected=2.0,
    on_call="U0ONCALL1",
    due_at=NIGHT + 30 * MINUTE,
    next_notice_at=NIGHT + 30 * MINUTE,
    entities=entities("device", (9, 3, 2), Severity.S1),
    dagster_url=DAGSTER,
    cases=("case_7c20d9f35b1e9042",),
)
ACKED = replace(
    FIRST,
    receiver=ABUSE,
    route="rest",
    severity=Severity.S2,
    state="acked",
    monitors=(MASS,),
    products=("chat",),
    harms=("spam",),
    findings=41,
    open=3,
    total=3,
    window="day",
    newest=41,
    why="It is S2 on chat, which this channel watches.",
    snooze_max=3 * DAY,
    expected=None,
    acked_by="ana",
    ack_until=NIGHT + DAY,
    entities=entities("account", (30, 9, 2), Severity.S2, AlertState.ACKED),
    dagster_url=None,
    cases=(),
)
RISEN = replace(
    ACKED,
    severity=Severity.S1,
    state="firing",
    acked_by=None,
    why="It is on chat, which this channel watches.",
    snooze_max=8 * HOUR,
    entities=(
        *entities("account", (30,), Severity.S1),
        *entities("account", (30, 9, 2), Severity.S2, AlertState.ACKED)[1:],
    ),
)
RESOLVED = replace(
    FIRST,
    state="resolved",
    open=0,
    due_at=None,
    next_notice_at=None,
    entities=entities("device", (9, 3, 2), Severity.S1, AlertState.RESOLVED),
)
RESTRICTED = replace(
    FIRST,
    receiver=CARE,
    severity=Severity.S0,
    monitors=(CARE_MONITOR,),
    products=("chat",),
    harms=("self_harm",),
    entities=entities("account", (4,), Severity.S0),
    snooze_max=2 * HOUR,
    dagster_url=DAGSTER,
    cases=(),
    restricted=True,
)
DELAYED = replace(FIRST, delayed=timedelta(minutes=3, seconds=20))

WATCHED = (
    ("web/scraping", "web", "scraping"),
    ("marketplace/review_manipulation", "marketplace", "marketplace_abuse"),
    ("platform/free_credit_farm", "platform", "resource_abuse"),
    ("chat/report_brigading", "chat", "report_abuse"),
    ("web/slow_guessing", "web", "cyber"),
)
ROWS = tuple(
    DigestRow(
        f"{i:02d}e5b71c90a4".ljust(64, "d"), *WATCHED[i % 5], Severity.S3, "firing",
        open=30 - i, delta=(3, 0, -2)[i % 3], findings=200 - 7 * i,
    )
    for i in range(25)
)  # fmt: skip
DAILY = DigestView(
    ABUSE, NIGHT - DAY, NIGHT, ROWS, opened=25, resolved=16, open=450, next_at=NIGHT + DAY
)
SHIFT = DigestView(
    URGENT,
    NIGHT - 12 * HOUR,
    NIGHT,
    (
        DigestRow(
            "a00e5b71c90a4".ljust(64, "d"), "chat/self_harm_concern", "chat", "self_harm",
            Severity.S0, "acked", open=1, delta=1, findings=4, holder="ana", restricted=True,
        ),
        DigestRow(
            "d00e5b71c90a4".ljust(64, "d"), "accounts/card_testing", "accounts", "payment_abuse",
            Severity.S1, "firing", open=3, delta=3, findings=14, due_at=NIGHT + 30 * MINUTE,
        ),
        DigestRow(
            "a01e5b71c90a4".ljust(64, "d"), "chat/mass_messages", "chat", "spam",
            Severity.S2, "acked", open=2, delta=0, findings=41, holder="ana",
        ),
    ),
    opened=4,
    resolved=1,
    open=6,
    outgoing="ana",
    incoming="U0ONCALL1",
    pages=2,
    next_at=NIGHT + 12 * HOUR,
)  # fmt: skip
UNWELL = HealthView(
    OPS,
    NIGHT,
    (
        HealthItem("check", "chat/events/prompts: freshness", NIGHT - 3 * HOUR,
                   "The newest event is 3 h old.", DAGSTER),
        HealthItem("asset", "web/monitors/scraping", NIGHT - 2 * HOUR, "Two partitions behind."),
        HealthItem("tick", "hourly_tick", NIGHT - 20 * MINUTE, "The daemon restarted."),
        HealthItem("cap", "batch 51ab7c20d9f3", NIGHT - 10 * MINUTE,
                   "Nothing of it is applied until two people resume it."),
    ),
    over=(
        HealthItem("asset", "chat/monitors/mass_messages", NIGHT - 5 * HOUR,
                   until=NIGHT - 31 * MINUTE),
    ),
    others=1,
    outbox_age=4 * MINUTE,
)  # fmt: skip
WELL = HealthView(
    OPS,
    NIGHT + HOUR,
    over=tuple(replace(item, what="", until=NIGHT + 25 * MINUTE) for item in UNWELL.items),
    fine=True,
)
STORM = StormView(
    ABUSE,
    "cd34" + "0" * 60,
    31,
    {Severity.S1: 4, Severity.S2: 20, Severity.S3: 7},
    NIGHT,
    "https://watchfloor.example.com/alerts",
)
CALLED = EscalationView(
    FIRST, "U0ONCALL1", 1, 3, ("U0ONCALL1",), timedelta(seconds=20), ("U0ONCALL2",),
    NIGHT + 15 * MINUTE,
)  # fmt: skip
LADDER = EscalationView(
    FIRST, "C0PAYLEADS", 2, 3, ("U0ONCALL2",), 15 * MINUTE, ("U0LEAD001",), NIGHT + 30 * MINUTE
)
TESTED = RouteTestView("C0CHATABUSE", "7f3a09c2", "U0ONCALL2", NIGHT + timedelta(hours=1))
DEMOTED = DemotionView(
    ABUSE,
    "chat/mass_messages",
    1,
    "chat-safety",
    NIGHT,
    ("lower_bound", "check:hit_rate"),
    k=88,
    n=96,
    wanted=0.90,
    wanted_n=100,
    labels_needed=46,
    url=DAGSTER,
)
