import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.ledger.errors import LedgerError
from orchestration.outbox.drain import Drained
from orchestration.slack.disk import DiskSlack
from orchestration.yaml_lines import YamlError
from tests.support.outboxes import Clock
from tests.support.place import NOW, Place
from tests.support.watches import CHANNEL, Watch, watches

A, EVALUATIONS = ("web", "monitors", "a"), ("web", "evaluations")
TEN = timedelta(seconds=10)


@pytest.fixture
def watch(place: Place) -> Iterator[Watch]:
    """Something that was found in the hour of noon, and not taken in."""
    with watches(place) as found:
        place.monitor("a")
        place.events("loud", 3)
        found.promote("web/a")
        place.run(A, EVALUATIONS)
        yield found


def test_what_is_taken_in_is_told_in_slack(watch: Watch) -> None:
    alerting = watch.alerting()
    taken = alerting.take_in(NOW)
    assert (taken.evaluations, taken.findings, taken.notices, taken.unready) == (1, 1, 1, 0)
    assert alerting.drain(Clock(NOW), deadline=TEN) == Drained(sent=1)
    (message,) = watch.slack.messages[CHANNEL]
    shown = json.dumps(message)
    assert "Count requests." in shown
    assert "docs/runbooks/test.md" in shown
    assert "Owner: test-team" in shown
    alerting.engine.dispose()


@pytest.mark.parametrize(
    ("more", "has_buttons"),
    [({}, False), ({"SLACK_APP_TOKEN": "xapp"}, True), ({"SLACK_SIGNING_SECRET": "s"}, True)],
)
def test_buttons_are_shown_where_something_listens_to_them(
    watch: Watch, more: dict[str, str], *, has_buttons: bool
) -> None:
    watch.more = more
    alerting = watch.alerting()
    alerting.take_in(NOW)
    alerting.drain(Clock(NOW), deadline=TEN)
    shown = json.dumps(watch.slack.messages[CHANNEL])
    assert ('"action_id": "ack"' in shown) is has_buttons
    assert ("Buttons are off here. To ack: `watchfloor alerts ack" in shown) is not has_buttons
    alerting.engine.dispose()


def test_without_a_token_messages_are_in_a_folder_of_the_home(watch: Watch) -> None:
    watch.more = {"SLACK_TOKEN": ""}
    alerting = watch.alerting()
    alerting.take_in(NOW)
    assert alerting.drain(Clock(NOW), deadline=TEN) == Drained(sent=1)
    assert watch.slack.calls == []
    (message,) = DiskSlack(watch.settings.home / "slack").messages(CHANNEL)
    assert message.payload["text"].startswith("S2, in business hours. A: web.")
    alerting.engine.dispose()


def test_without_a_token_a_second_notifier_is_told_everything(watch: Watch) -> None:
    posted = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            posted.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        watch.more = {
            "SLACK_TOKEN": "",
            "FALLBACK": f"http://127.0.0.1:{server.server_port}/hook",
        }
        alerting = watch.alerting()
        alerting.take_in(NOW)
        assert alerting.drain(Clock(NOW), deadline=TEN) == Drained(sent=1)
        server.shutdown()
        thread.join()
    (message,) = posted
    assert message["text"].startswith("S2, in business hours. A: web.")
    assert "loud" not in message["text"]
    assert not (watch.settings.home / "slack").exists()
    alerting.engine.dispose()


def test_settings_that_were_never_sound_are_an_error_with_their_lines(watch: Watch) -> None:
    watch.routes.write_text("routes:\n  - {name: all}\n", encoding="utf-8")
    alerting = watch.alerting()
    with pytest.raises(YamlError, match=r"routes\.yaml:2: "):
        alerting.take_in(NOW)
    alerting.engine.dispose()


def test_an_installation_without_a_ledger_says_what_to_do(watch: Watch) -> None:
    watch.more = {"LEDGER": f"sqlite:///{watch.place.root / 'none.db'}"}
    with pytest.raises(LedgerError, match="watchfloor"):
        watch.alerting().take_in(NOW)
