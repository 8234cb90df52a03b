"""From an alarm, or a slash command, to a diagnosis in Slack: on the deployed stack, with roles enforced."""

from __future__ import annotations

import hashlib
import hmac
import html
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from bot.demo import scenario
from bot.demo.deployed import SIGNING_SECRET, incident_ids, wait_for_answer
from bot.demo.local_aws import HOST
from bot.models.incident_file import IncidentFile
from tests.e2e import emulate
from tests.e2e.conftest import DeployedBot

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", scenario.names())
def test_alarm_leads_to_a_thread_with_the_right_cause(deployed: DeployedBot, name: str) -> None:
    """The alarm's own action reaches the bot, and the thread says what is wrong."""
    expected = scenario.load(name)

    posted = deployed.play(name)
    thread = deployed.thread(posted)

    assert posted.channel == emulate.CHANNEL
    assert posted.cause == expected.cause
    assert expected.function.name in str(thread[0])
    assert posted.answer.diagnoses[0].summary in _words(thread[0])
    assert posted.answer.diagnoses[0].evidence[0].text.splitlines()[0] in _words(*thread[1:]), "the evidence stands in the thread"


@pytest.mark.parametrize("name", scenario.names())
def test_investigation_was_allowed_all_that_it_asked(deployed: DeployedBot, name: str) -> None:
    """The local AWS enforces IAM: an action that the role lacks would be a gap."""
    posted = deployed.play(name)

    assert [gap for gap in posted.evidence.gaps if "AccessDenied" in gap.code] == []


@pytest.mark.parametrize("name", scenario.names())
def test_saved_incident_file_replays_to_the_diagnosis_that_was_posted(deployed: DeployedBot, name: str, tmp_path: Path) -> None:
    """Twice, and to the byte."""
    posted = deployed.play(name)
    saved = tmp_path / "incident.json"
    saved.write_text(posted.evidence.to_json(), encoding="utf-8")

    first, second = (_replayed(saved) for _ in range(2))

    assert first == second
    assert first.decode().rstrip("\n") == posted.answer.to_json()
    assert IncidentFile.load(saved).to_json() == posted.evidence.to_json()


def test_alarm_delivered_again_makes_no_second_thread(deployed: DeployedBot) -> None:
    """SNS and SQS deliver at least once."""
    posted = deployed.play("function-timeout")
    [delivery] = deployed.deliveries["function-timeout"]
    before = deployed.heads(emulate.CHANNEL), deployed.thread(posted)

    for _ in range(3):
        deployed.aws.client("sqs").send_message(QueueUrl=deployed.stack.work_queue_url, MessageBody=delivery)
    deployed.settle()

    assert (deployed.heads(emulate.CHANNEL), deployed.thread(posted)) == before


def test_signed_question_is_acknowledged_and_answered_in_its_channel(deployed: DeployedBot) -> None:
    """`/lambda why` through the function URL: at once an ack, then the answer in the channel where it was asked."""
    deployed.play("function-timeout")
    known = set(incident_ids(deployed.aws, deployed.stack.table_name))
    form = {
        "command": "/lambda",
        "text": "why checkout 502",
        "trigger_id": "1337.42.e2e",
        "user_id": "U000000001",
        "channel_id": emulate.OTHER_CHANNEL,
        "team_id": "T000000001",
    }

    began = time.monotonic()
    status, said = _slash(deployed, form)
    took = time.monotonic() - began
    posted = wait_for_answer(deployed.aws, deployed.stack, known)

    assert (status, "checkout" in said) == (200, True)
    assert took < 3, "Slack waits three seconds"
    assert posted.channel == emulate.OTHER_CHANNEL
    assert posted.cause == "function-timeout"
    assert posted.answer.diagnoses[0].summary in _words(deployed.thread(posted)[0])

    deployed.settle()
    heads = deployed.heads(emulate.OTHER_CHANNEL)
    assert _slash(deployed, form)[0] == 200
    deployed.settle()
    assert deployed.heads(emulate.OTHER_CHANNEL) == heads, "Slack sends a request again when the ack was late"


def test_unsigned_and_stale_requests_are_refused_and_queue_nothing(deployed: DeployedBot) -> None:
    """Whoever finds the URL gets nothing out of it."""
    form = {"command": "/lambda", "text": "why checkout", "trigger_id": "1.2.forged"}
    before = incident_ids(deployed.aws, deployed.stack.table_name)

    assert _slash(deployed, form, secret="not-the-secret")[0] == 401
    assert _slash(deployed, form, age_s=3600)[0] == 401

    deployed.settle()
    assert sorted(incident_ids(deployed.aws, deployed.stack.table_name)) == sorted(before)


def test_junk_on_the_queue_takes_no_good_alarm_down(deployed: DeployedBot) -> None:
    """Neither crashes the batch; nothing is lost that could be read."""
    deployed.play("function-timeout")
    queue = {"QueueUrl": deployed.stack.work_queue_url}
    for body in ("", "not json", '{"Type": "Notification", "Message": "hello"}', "x" * 250_000):
        if body:
            deployed.aws.client("sqs").send_message(**queue, MessageBody=body)

    posted = deployed.play("malformed-proxy-response")

    assert posted.cause == "malformed-proxy-response"


def _words(*messages: dict[str, Any]) -> str:
    """Return all that a reader of the messages sees: the texts of their blocks, with Slack's escapes undone."""

    def texts(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "text" and isinstance(value, str))
            yield from (text for value in node.values() for text in texts(value))
        elif isinstance(node, list):
            yield from (text for value in node for text in texts(value))

    return html.unescape("\n".join(text for message in messages for text in texts(message.get("blocks", []))))


def _slash(deployed: DeployedBot, form: dict[str, str], *, secret: str = SIGNING_SECRET, age_s: int = 0) -> tuple[int, str]:
    """Send a slash command to the function URL as Slack does, signed over the raw body."""
    body = urlencode(form)
    stamp = str(int(time.time()) - age_s)
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        # The local AWS knows a function URL by its host name.
        "Host": urlsplit(deployed.stack.function_url).netloc,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
    }
    connection = http.client.HTTPConnection(HOST, deployed.local.port, timeout=10)
    try:
        connection.request("POST", "/", body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def _replayed(saved: Path) -> bytes:
    """Return what `medic replay --json` prints."""
    command = [sys.executable, "-m", "bot", "replay", str(saved), "--json"]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
