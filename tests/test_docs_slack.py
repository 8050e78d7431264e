import re
from pathlib import Path

import yaml

from orchestration.outbox.fallback import WEBHOOK_CANNOT
from orchestration.settings import load
from orchestration.slack.api import SlackAuthError
from orchestration.slack.http import PATH

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "slack.md").read_text(encoding="utf-8")
SETTINGS = (DOCS / "settings.md").read_text(encoding="utf-8")


def manifest() -> dict[str, dict[str, object]]:
    (text,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    found: dict[str, dict[str, object]] = yaml.safe_load(text)
    return found


def test_the_manifest_has_every_scope_that_a_refused_token_is_told_to_have() -> None:
    oauth = manifest()["oauth_config"]["scopes"]
    assert isinstance(oauth, dict)
    refused = str(SlackAuthError("missing_scope"))
    wanted = set(re.findall(r"\b[a-z]+:(?:write|history|read)\b", refused)) - {"connections:write"}
    assert wanted
    assert wanted <= set(oauth["bot"])
    assert "connections:write" in refused
    assert "connections:write" in PAGE


def test_the_manifest_turns_on_what_the_listener_needs() -> None:
    settings = manifest()["settings"]
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["socket_mode_enabled"] is True


def test_every_setting_of_the_page_exists() -> None:
    named = set(re.findall(r"WATCHFLOOR_[A-Z_]+", PAGE))
    assert {f"WATCHFLOOR_SLACK_{name}" for name in ("TOKEN", "APP_TOKEN", "SIGNING_SECRET")} < named
    assert [name for name in named if f"`{name}`" not in SETTINGS] == []
    assert load({"WATCHFLOOR_SLACK_URL": "http://127.0.0.1:4003/api/"}).slack.url.endswith("/api/")


def test_the_page_has_the_address_that_is_served_and_what_a_webhook_cannot() -> None:
    assert f"https://your.host{PATH}" in PAGE
    assert "watchfloor alerts ack" in WEBHOOK_CANNOT
    assert "cannot be changed and have no buttons" in " ".join(PAGE.split())


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", PAGE)
    assert [link for link in links if not (DOCS / link).exists()] == []
