"""The public endpoint, from a function URL's event to the queue and the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.commands import WhyCommand, decode
from tests.ack.conftest import LocalAws
from tests.ack.factories import SECRET, a_command, a_request

Answer = Callable[[dict[str, Any]], dict[str, Any]]

HEAVY = (
    "boto3",
    "botocore",
    "pydantic",
    "jinja2",
    "yaml",
    "re2",
    "rich",
    "aws_lambda_powertools",
    "bot.workflow",
    "bot.models",
    "bot.slack",
)


def said(response: dict[str, Any]) -> dict[str, Any]:
    """Return the message in an answer to Slack."""
    assert response["statusCode"] == 200, response
    message: dict[str, Any] = json.loads(response["body"])
    return message


class TestWhy:
    @pytest.mark.parametrize("is_base64", [True, False])
    def test_queues_the_command_and_acknowledges(self, answer: Answer, local_aws: LocalAws, is_base64: bool) -> None:
        """The work stands on the queue when Slack hears the ack."""
        response = answer(a_request(is_base64=is_base64))

        message = said(response)
        assert message["response_type"] == "ephemeral"
        assert "checkout 502" in message["text"]
        command = decode(local_aws.queued()[0])
        assert isinstance(command, WhyCommand)
        assert (command.text, command.channel_id, command.user_id) == ("checkout 502", "C2147483705", "U2147483697")
        assert command.request_id == "13345224609.738474920.8088930838d88f008e0"
        assert command.response_url == "https://hooks.slack.com/commands/1234/5678"
        assert abs(command.asked_at - time.time()) < 30

    @pytest.mark.parametrize("case", [str.upper, str.lower, str.title])
    def test_reads_headers_in_any_case(self, answer: Answer, local_aws: LocalAws, case: Callable[[str], str]) -> None:
        """HTTP/2 lower-cases header names, other proxies don't."""
        request = a_request()
        request["headers"] = {case(name): value for name, value in request["headers"].items()}

        said(answer(request))

        assert len(local_aws.queued()) == 1

    def test_carries_the_same_key_when_slack_sends_it_again(self, answer: Answer, local_aws: LocalAws) -> None:
        """A retry and a replay both carry the trigger id, by which the table lets the request in once."""
        answer(a_request())
        answer(a_request(headers={"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}))

        keys = {command["request_id"] for command in local_aws.queued()}

        assert keys == {"13345224609.738474920.8088930838d88f008e0"}

    def test_falls_back_to_the_signature_as_the_key(self, answer: Answer, local_aws: LocalAws) -> None:
        """A request without a trigger id is still told apart from others and equal to itself."""
        request = a_request(a_command(trigger_id=""))
        answer(request)
        answer(request)

        keys = {command["request_id"] for command in local_aws.queued()}

        assert keys == {"signature-" + request["headers"]["X-Slack-Signature"]}

    def test_keeps_a_function_name_with_the_word_payload(self, answer: Answer, local_aws: LocalAws) -> None:
        """Bolt takes such a form for a button press and drops its fields."""
        said(answer(a_request(a_command("why payload-sender 502"))))

        assert local_aws.queued()[0]["text"] == "payload-sender 502"

    @pytest.mark.parametrize("text", ["why " + "x" * 5000, "why <>"])
    def test_says_how_when_no_function_is_named(self, answer: Answer, local_aws: LocalAws, text: str) -> None:
        """Nothing to investigate: the usage, and nothing on the queue."""
        message = said(answer(a_request(a_command(text))))

        assert "Which function?" in message["text"]
        assert local_aws.queued() == []

    def test_says_back_a_hostile_name_without_a_live_mention(self, answer: Answer, local_aws: LocalAws) -> None:
        """What a person typed is text."""
        message = said(answer(a_request(a_command("why <!channel>` <https://evil.example|ok>\u202e"))))

        assert "<" not in message["text"]
        assert "\u202e" not in message["text"]
        assert "is no function name" in message["text"]
        assert local_aws.queued() == []


class TestRefusal:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="wrong signature"),
            pytest.param({"X-Slack-Signature": "v0=é"}, id="signature outside ASCII"),
            pytest.param({"X-Slack-Signature": ""}, id="empty signature"),
            pytest.param({"X-Slack-Request-Timestamp": "soon"}, id="timestamp is no number"),
            pytest.param({"X-Slack-Request-Timestamp": "9" * 400}, id="timestamp is absurd"),
            pytest.param({"X-Slack-Request-Timestamp": str(int(time.time()) - 1)}, id="another timestamp"),
        ],
    )
    def test_refuses_what_slack_did_not_sign(self, answer: Answer, local_aws: LocalAws, change: dict[str, str]) -> None:
        """Anyone can reach the URL; only Slack knows the secret."""
        response = answer(a_request(headers=change))

        assert response["statusCode"] == 401
        assert local_aws.queued() == []

    @pytest.mark.parametrize("age_s", [301, 3600, -400])
    def test_refuses_a_stale_request(self, answer: Answer, local_aws: LocalAws, age_s: float) -> None:
        """A recorded request is worth nothing after five minutes."""
        response = answer(a_request(age_s=age_s))

        assert response["statusCode"] == 401
        assert local_aws.queued() == []

    def test_refuses_another_secret(self, answer: Answer, local_aws: LocalAws) -> None:
        """Another app's request is not ours."""
        assert answer(a_request(secret=SECRET[::-1]))["statusCode"] == 401
        assert local_aws.queued() == []

    @pytest.mark.parametrize(
        "event",
        [
            pytest.param({}, id="empty event"),
            pytest.param({"requestContext": None, "body": 5, "headers": []}, id="wrong types"),
            pytest.param({"requestContext": {"http": {"method": "GET"}}}, id="GET"),
        ],
    )
    def test_refuses_other_methods(self, answer: Answer, event: dict[str, Any]) -> None:
        """Slack only posts."""
        assert answer(event)["statusCode"] == 405

    @pytest.mark.parametrize(
        "change",
        [{"body": None}, {"body": "@@@", "isBase64Encoded": True}, {"headers": None}, {"body": "\udfff", "isBase64Encoded": False}],
    )
    def test_refuses_a_body_that_cannot_be_read(self, answer: Answer, local_aws: LocalAws, change: dict[str, Any]) -> None:
        """A broken body never becomes an exception, which a function URL would show as 502."""
        assert answer({**a_request(), **change})["statusCode"] == 401
        assert local_aws.queued() == []

    @pytest.mark.parametrize(
        ("body", "kind"),
        [(b"{not json", "application/json"), (b"payload=[1]", "application/x-www-form-urlencoded"), (b"[1]", "application/json")],
    )
    def test_refuses_signed_nonsense(self, answer: Answer, local_aws: LocalAws, body: bytes, kind: str) -> None:
        """A signed body of no known shape is a bad request, and not ours to guess at."""
        assert answer(a_request(body, content_type=kind))["statusCode"] == 400
        assert local_aws.queued() == []

    def test_answers_404_to_a_kind_it_does_not_handle(self, answer: Answer, local_aws: LocalAws) -> None:
        """What Slack may send one day is said to be unknown."""
        body = json.dumps({"type": "of_tomorrow", "callback_id": "x", "team_id": "T1"})

        assert answer(a_request(body, content_type="application/json"))["statusCode"] == 404
        assert local_aws.queued() == []


class TestUrlVerification:
    def test_answers_the_challenge_when_it_is_signed(self, answer: Answer) -> None:
        """Slack checks the URL once before it saves it."""
        body = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})

        response = answer(a_request(body, content_type="application/json"))

        assert response["statusCode"] == 200
        assert "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" in response["body"]


class TestOutage:
    def test_says_so_when_the_queue_is_gone(self, answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        """The person learns that nothing will follow, instead of waiting for a thread that never comes."""
        monkeypatch.setenv("WORK_QUEUE_URL", local_aws.environ["WORK_QUEUE_URL"] + "-deleted")

        message = said(answer(a_request()))

        assert message["response_type"] == "ephemeral"
        assert "nothing was started" in message["text"]

    def test_says_so_when_nothing_listens(self, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
        """A refused connection is tried twice and answered well within Slack's three seconds."""
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
        started = time.monotonic()

        message = said(answer(a_request()))

        assert "nothing was started" in message["text"]
        assert time.monotonic() - started < 3

    def test_answers_503_without_the_secret(self, answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing can be verified, so nothing is believed and nothing is queued."""
        monkeypatch.setenv("SLACK_SIGNING_SECRET_PARAMETER", "/no/such/parameter")

        assert answer(a_request())["statusCode"] == 503
        assert local_aws.queued() == []


class TestImports:
    def test_stay_light_after_a_signed_request(self, local_aws: LocalAws) -> None:
        """A cold start counts against the three seconds, so the SDK and the models stay out of this process."""
        script = (
            "import json, sys\n"
            "from bot.ack.handler import lambda_handler\n"
            "response = lambda_handler(json.loads(sys.stdin.read()), None)\n"
            "print('\\n' + json.dumps({'status': response['statusCode'], 'modules': sorted(sys.modules)}))\n"
        )
        local_aws.queued()

        done = subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(a_request()),
            env={**os.environ, **local_aws.environ},
            capture_output=True,
            text=True,
            check=True,
        )

        result = json.loads(done.stdout.splitlines()[-1])
        assert result["status"] == 200
        assert [name for name in HEAVY if name in result["modules"]] == []
        assert len(local_aws.queued()) == 1

    def test_log_holds_no_secret(self, local_aws: LocalAws) -> None:
        """Log lines are JSON, and neither the secret nor Slack's token is in them."""
        script = "import json, sys; from bot.ack.handler import lambda_handler; lambda_handler(json.loads(sys.stdin.read()), None)"

        done = subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(a_request()),
            env={**os.environ, **local_aws.environ},
            capture_output=True,
            text=True,
            check=True,
        )

        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["message"] for line in lines] == ["command queued"]
        assert SECRET not in done.stdout + done.stderr
        assert "gIkuvaNzQIHg97ATvDxqgjtO" not in done.stdout + done.stderr
