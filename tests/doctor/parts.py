"""A whole deployment's parts, and ways to break them: a Slack and an endpoint on the loopback, an account on moto, a simulated IAM."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.doctor.finding import Check, Deployment, Finding
from bot.slack.manifest import bot_scopes
from tests.alarms.aws_parts import ACCOUNT, REGION, Account
from tests.declared import READING

SECRET = "a-signing-secret"
TOKEN = "xoxb-1-2-token"
BUCKET = "medic-audit"
ROUTES = "- {channel: C0PAYMENTS, functions: [payments-*]}\n"
PARAMETERS = {
    "DefaultChannel": "C0INCIDENTS",
    "ChangeableFunctions": "check*",
    "ChangeableRoles": "func*",
    "OperatorTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:operators",
}
RULES = "version: 1\nrules:\n  - may_ask: [anyone]\n    may_approve: [U0APPROVER]\n"
WRITES_ON = ("function:checkout", f"{BUCKET}/audit/")
"""What the role that changes things may write on in a whole deployment."""


class World:
    """A Slack and a public endpoint on the loopback; a test says how they answer."""

    def __init__(self) -> None:
        self.scopes = ",".join(bot_scopes())
        self.errors: dict[str, str] = {}
        self.secret = SECRET
        self.is_open = False
        self.is_barred = False
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if self.path.startswith("/api/"):
                    self._send(200, json.dumps(world.slack(self.path.rpartition("/")[2], body)), {"x-oauth-scopes": world.scopes})
                else:
                    stamp = self.headers.get("X-Slack-Request-Timestamp", "")
                    expected = "v0=" + hmac.new(world.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
                    good = world.is_open or self.headers.get("X-Slack-Signature") == expected
                    self._send(403 if world.is_barred else 200 if good else 401, json.loads(body)["challenge"] if good else "", {})

            def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.server.server_port}/"

    def slack(self, method: str, body: str) -> dict[str, Any]:
        """Answer as Slack does."""
        if method in self.errors:
            return {"ok": False, "error": self.errors[method]}
        if method == "chat.postEphemeral":
            assert parse_qs(body).get("user", json.loads(body)["user"] if body.startswith("{") else "")
        return {"ok": True, "user": "medic", "user_id": "U0MEDIC", "team": "Demo"}

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(2)


class Simulated:
    """The account's clients with an IAM whose simulation a test decides; moto has none.

    What reads is allowed, and what writes on the resources that are named; a test may decide otherwise about single actions.
    """

    def __init__(self, account: Account, *, writes_on: tuple[str, ...] = (), allowed: Mapping[str, bool] | None = None) -> None:
        self._account = account
        self._writes_on = writes_on
        self._decided = allowed or {}

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client."""
        return self if service == "iam" else self._account.clients.client(service, region)

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        """Answer as IAM does."""
        decisions = {action: self._is_allowed(action, asked) for action in asked["ActionNames"]}
        results = [{"EvalActionName": name, "EvalDecision": "allowed" if is_so else "implicitDeny"} for name, is_so in decisions.items()]
        return {"EvaluationResults": results}

    def _is_allowed(self, action: str, asked: dict[str, Any]) -> bool:
        if action in self._decided:
            return self._decided[action]
        if READING.search(action):
            return not asked["PolicySourceArn"].endswith("/AckFunctionName")
        return any(part in asked["ResourceArns"][0] for part in self._writes_on)


def a_locked_bucket(account: Account) -> None:
    """Make the bucket as docs/install.md says."""
    s3 = account.clients.client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}
    s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})


def an_alarm(account: Account, name: str, **actions: Any) -> None:
    """Make an alarm on a function's errors."""
    account.clients.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **actions,
    )


def found(check: Check, deployment: Deployment, account: Account) -> list[Finding]:
    """Return what a check finds."""
    return list(check(deployment, account.clients))


def levels(findings: list[Finding]) -> set[str]:
    """Return the levels."""
    return {finding.level for finding in findings}


Breaking = Callable[[Account, Deployment, World], Any]
"""One way to break a deployment."""


def broken(breaking: Breaking, check: Check, said: str) -> Any:
    """Return one way to break the deployment, the check that finds it, and what it says."""
    return pytest.param(breaking, check, said, id=said)


def faults_said(check: Check, deployment: Deployment, account: Account) -> list[str]:
    """Return the faults that a check finds; each must come with what mends it."""
    faults = [finding for finding in check(deployment, Simulated(account, writes_on=WRITES_ON)) if finding.level == "fault"]
    assert all(finding.mend for finding in faults), faults
    return [finding.said for finding in faults]
