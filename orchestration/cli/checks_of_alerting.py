"""The checks of `watchfloor doctor` that need the ledger, its rules and Slack."""

from datetime import UTC, datetime

from orchestration.cli.checks import FAIL, OK, WARN, Found
from orchestration.intake.rules import rules
from orchestration.ledger.database import reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import open_ledger
from orchestration.ledger.summary import summary
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.fallback import cannot
from orchestration.settings import Settings
from orchestration.slack.api import SlackError
from orchestration.slack.reach import slack_of
from orchestration.yaml_lines import YamlError


def ledger(settings: Settings) -> Found:
    """Whether the ledger is there and has every migration."""
    try:
        engine = open_ledger(settings.ledger)
    except LedgerError as error:
        return FAIL, str(error), "watchfloor ledger init"
    try:
        with reading(engine) as connection:
            found = summary(connection)
    finally:
        engine.dispose()
    rows = found.head.seq if found.head else 0
    return OK, f"migration {found.migration}, {rows} rows of audit", ""


def people_and_routes(settings: Settings) -> Found:
    """Whether routes, rota and people are in force as their files say."""
    try:
        engine = open_ledger(settings.ledger)
    except LedgerError as error:
        return FAIL, f"cannot be kept: {error}", "watchfloor ledger init"
    try:
        found = rules(engine, settings, now=datetime.now(UTC))
    except YamlError as error:
        return FAIL, str(error), "Mend the lines named; nobody is told of anything before."
    finally:
        engine.dispose()
    if found.wrong:
        text = " ".join(found.wrong.values())
        return FAIL, f"the last sound ones hold: {text}", "Mend the lines named."
    people, routes = len(found.roster.people), len(found.config.routes)
    return OK, f"{people} people, {routes} routes, {len(found.rota.teams)} rotas", ""


def slack(settings: Settings) -> Found:
    """Whether Slack knows our token; without one, where messages go."""
    if not settings.slack.token:
        where = "the second notifier" if settings.fallback else settings.home / "slack"
        return OK, f"no token: messages go to {where}", ""
    try:
        found = slack_of(settings).identity()
    except SlackError as error:
        return FAIL, str(error), "Set WATCHFLOOR_SLACK_TOKEN; docs/slack.md says how to get one."
    listens = settings.slack.app_token or settings.slack.signing_secret
    if not listens:
        mend = "Set WATCHFLOOR_SLACK_APP_TOKEN and run `watchfloor slack listen`."
        return WARN, f"workspace {found.team}; nothing hears buttons, so none are shown", mend
    return OK, f"workspace {found.team}", ""


def fallback(settings: Settings) -> Found:
    """Whether there is a second notifier, and what it cannot do."""
    if not settings.fallback:
        mend = "Set WATCHFLOOR_FALLBACK; docs/outbox.md says to what."
        return WARN, "none: while Slack is away nobody is told", mend
    try:
        return OK, cannot(settings.fallback), ""
    except OutboxError as error:
        return FAIL, str(error), "Set WATCHFLOOR_FALLBACK."
