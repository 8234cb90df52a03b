"""`medic plan`: a plan by reading alone; the exit status says what became of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from moto import mock_aws

from tests.cli.test_replay import run
from tests.environment import forget_aws
from tests.evidence.fakes import REGION
from tests.evidence.shop import open_shop


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path)


@pytest.fixture(autouse=True)
def _trail(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A CloudTrail without events, which moto does not have."""

    class Trail(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b'{"Events": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trail)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _shop() -> Iterator[None]:
    """An account in which the function `checkout` timed out behind a REST API."""
    with mock_aws():
        open_shop()
        yield


def timeout_s() -> int:
    """Return the function's timeout as it stands."""
    import boto3

    return int(boto3.client("lambda", region_name=REGION).get_function_configuration(FunctionName="checkout")["Timeout"])


class TestPlan:
    def test_shows_old_new_effects_undo_and_the_exact_call(self, capfd: pytest.CaptureFixture[str]) -> None:
        """All that a person needs to do it by hand; nothing is changed."""
        before = timeout_s()

        status, out, _ = run(capfd, "plan", "checkout", "raise-timeout", "--param", "to_seconds=25", "--region", REGION)

        assert status == 0
        assert f"timeout_s: {before} → 25" in out
        assert f"set Timeout back to {before} s" in out
        assert "lambda UpdateFunctionConfiguration" in out
        assert '"Timeout": 25' in out
        assert "Effects:" in out
        assert "Owner:" in out
        assert timeout_s() == before

    def test_a_patch_can_be_copied(self, capfd: pytest.CaptureFixture[str]) -> None:
        """No line of it is cut or wrapped, however narrow the terminal is."""
        import boto3

        arn = boto3.client("lambda", region_name=REGION).get_function(FunctionName="checkout")["Configuration"]["FunctionArn"]
        boto3.client("lambda", region_name=REGION).tag_resource(Resource=arn, Tags={"ManagedBy": "terraform"})
        source = f"arn:aws:execute-api:{REGION}:123456789012:a1b2c3d4e5/*/GET/a-rather-long-path-of-an-order-that-does-not-fit"
        given = ["--param", "principal=apigateway.amazonaws.com", "--param", f"source_arn={source}"]

        status, out, _ = run(capfd, "plan", "checkout", "add-invoke-permission", *given, "--region", REGION)

        assert status == 0
        assert f'      source_arn = "{source}"\n    }}\n' in out

    def test_json_is_one_object_with_the_fingerprint(self, capfd: pytest.CaptureFixture[str]) -> None:
        """For tools."""
        status, out, _ = run(capfd, "plan", "checkout", "raise-memory", "--param", "to_mb=1024", "--region", REGION, "--json")

        made = json.loads(out)
        assert status == 0
        assert made["after"] == {"memory_mb": 1024}
        assert len(made["fingerprint"]) == 64

    def test_takes_values_from_an_incident(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """The diagnosis computed them from the evidence."""
        saved = tmp_path / "incident.json"
        run(capfd, "why", "checkout", "502", "--region", REGION, "--save", str(saved))

        status, out, _ = run(capfd, "plan", "checkout", "raise-timeout", "--from", str(saved), "--region", REGION, "--json")

        assert status == 0
        assert json.loads(out)["after"]["timeout_s"] > timeout_s()

    def test_a_refusal_has_its_reason_and_exit_status(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Three, so that a script tells it from a mistake in its arguments."""
        status, _, err = run(capfd, "plan", "checkout", "raise-timeout", "--param", "to_seconds=1", "--region", REGION)

        assert status == 3
        assert "refused: raise-timeout: 1 s is not more than the present" in err

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["checkout", "raise-timeout", "--param", "to_secondz=1"], "to_secondz"),
            (["checkout", "raise-timeout", "--param", "to_seconds"], "expected KEY=VALUE"),
            (["checkout", "raise-timeout"], "to_seconds: Field required"),
            (["checkout", "raise-the-roof"], "raise-the-roof"),
            (["nobody", "raise-timeout", "--param", "to_seconds=9"], "nobody does not exist"),
            (["checkout", "add-invoke-permission", "--param", "statements=[1"], "not valid JSON"),
            (["checkout", "raise-timeout", "--from", "nowhere.json"], "nowhere.json"),
        ],
    )
    def test_unusable_arguments_are_named(self, capfd: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
        """Two, with what was found."""
        status, _, err = run(capfd, "plan", *words, "--region", REGION)

        assert status == 2
        assert told in err

    def test_an_aws_that_fails_is_status_one(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """The endpoint takes no connection."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

        status, _, err = run(capfd, "plan", "checkout", "enable-tracing", "--region", REGION)

        assert status == 1
        assert "lambda:GetFunctionConfiguration" in err
