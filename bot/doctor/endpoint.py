"""The public endpoint itself: does it let Slack in, and nobody else?"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from bot.doctor.finding import Deployment, Finding
from bot.doctor.secret import secret
from bot.ports import AwsClients

TIMEOUT_S: Final = 10

ANOTHER_AWS: Final = "AWS_ENDPOINT_URL"
"""The SDKs' variable for an AWS that is none of Amazon's. All of its function URLs answer at that one address, told apart by host name.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""


AWS_REFUSES: Final = 403
"""What a URL answers whose function lacks one of the two permissions that it takes since October 2025.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""


def check_endpoint(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Send it a request as Slack does, and one that anybody could send."""
    what, url = "the public endpoint", deployment.outputs["FunctionUrl"]
    known, problem = secret(aws, deployment.variable("AckFunctionName", "SLACK_SIGNING_SECRET_PARAMETER"))
    if known is None:
        yield problem
        return
    body = json.dumps({"type": "url_verification", "challenge": "medic-doctor"})
    try:
        refused, _ = post(url, body, {})
        taken, said = post(url, body, signed(body, known))
    except (OSError, http.client.HTTPException) as exc:
        yield Finding("unknown", what, f"{url} could not be reached from here: {exc}", "try from a network that reaches it, as Slack must")
        return
    if refused == taken == AWS_REFUSES:
        told = f"AWS answers {AWS_REFUSES} before the function is asked: its policy does not let everybody in"
        yield Finding(
            "fault", what, told, "deploy the stack again: everybody needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on it"
        )
        return
    if refused != 401:
        yield Finding("fault", what, f"answers {refused} to a request without a signature; expected 401", "deploy the stack again")
    if taken == 200 and "medic-doctor" in said:
        yield Finding("ok", what, "lets signed requests in and refuses others")
    else:
        mend = (
            "compare the signing secret in the parameter with the app's at api.slack.com/apps; a changed one is in use after five minutes"
        )
        yield Finding("fault", what, f"answers {taken} to a request signed with the secret in the parameter", mend)


def signed(body: str, known: str) -> dict[str, str]:
    """Return the headers that Slack would send. Source: https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(time.time()))
    digest = hmac.new(known.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def post(url: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Send a request to a function URL; return its status and what was answered.

    Raises:
        OSError, http.client.HTTPException: It could not be reached.
    """
    asked = urlsplit(url)
    at = urlsplit(os.environ.get(ANOTHER_AWS) or url)
    cls = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    connection = cls(at.hostname or "", at.port, timeout=TIMEOUT_S)
    try:
        sent = {"Host": asked.netloc, "Content-Type": "application/json", **headers}
        connection.request("POST", asked.path or "/", body=body, headers=sent)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()
