"""Which Slack an installation reaches: the Web API with its token, else a folder in its home."""

from orchestration.settings import Settings
from orchestration.slack.api import SlackApi
from orchestration.slack.disk import DiskSlack
from orchestration.slack.web import WebSlack


def slack_of(settings: Settings) -> SlackApi:
    """Slack by its Web API where there is a token, else in the folder `slack` of the home."""
    if settings.slack.token:
        return WebSlack(settings.slack.token, base_url=settings.slack.url)
    return DiskSlack(settings.home / "slack")
