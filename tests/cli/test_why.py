"""`medic why` asks an account; here the account is moto's, or an endpoint that refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from moto import mock_aws

from bot.models.incident_file import IncidentFile
from tests.cli.test_replay import run
from tests.environment import forget_aws
from tests.evidence.fakes import REGION
from tests.evidence.shop import open_shop


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path)


@pytest.fixture
def shop() -> Iterator[None]:
    """An account in which the function `checkout` timed out behind a REST API."""
    with mock_aws():
        open_shop()
        yield


@pytest.fixture
def refusing_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS endpoint that takes no credentials."""

    class Refusal(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(
                {"__type": "ExpiredTokenException", "message": "The security token included in the request is expired"}
            ).encode()
            self.send_response(403)
            self.send_header("x-amzn-ErrorType", "ExpiredTokenException")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _refuse  # noqa: N815 - http.server looks methods up by these names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("shop")
class TestAnswer:
    def test_the_account_is_asked_and_the_cause_is_found(self, capfd: pytest.CaptureFixture[str]) -> None:
        """One JSON object on standard output; time, calls and bytes on standard error."""
        status, out, err = run(capfd, "why", "checkout", "502", "--region", REGION, "--json")

        assert status == 0
        assert json.loads(out)["diagnoses"][0]["cause"] == "function-timeout"
        assert "API calls" in err

    def test_the_saved_file_gives_the_same_answer(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A bug report attaches the file; who replays it sees what was seen."""
        saved = tmp_path / "incident.json"

        _, asked, _ = run(capfd, "why", "checkout", "502", "--region", REGION, "--json", "--save", str(saved))
        _, replayed, _ = run(capfd, "replay", str(saved), "--json")

        assert replayed == asked
        assert IncidentFile.load(saved).client is not None

    def test_no_secret_enters_the_saved_file(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """The environment's values are dropped, and the password in the log line is redacted."""
        saved = tmp_path / "incident.json"

        run(capfd, "why", "checkout", "--region", REGION, "--save", str(saved))

        assert "hunter2" not in saved.read_text()
        assert "DB_PASSWORD" in saved.read_text()

    def test_no_progress_is_drawn_where_there_is_no_terminal(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Escape sequences in a log file of a job help nobody."""
        _, _, err = run(capfd, "why", "checkout", "--region", REGION, "--json")

        assert "\x1b" not in err


@pytest.mark.usefixtures("shop")
class TestBadInput:
    def test_an_unknown_function_is_answered_with_near_names(self, capfd: pytest.CaptureFixture[str]) -> None:
        """The usual cause is a slip of the hand."""
        status, out, err = run(capfd, "why", "chekout", "--region", REGION, "--json")

        assert status == 2
        assert out == ""
        assert "checkout" in err

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["checkout", "5o2"], "5o2"),
            (["checkout", "--since", "soon"], "--since"),
            (["check out!"], "function"),
            (["checkout", "--profile", "nobody"], "nobody"),
        ],
    )
    def test_an_argument_that_is_not_understood_is_named(self, capfd: pytest.CaptureFixture[str], arguments: list[str], named: str) -> None:
        """Exit status 2, and nothing on standard output."""
        status, out, err = run(capfd, "why", *arguments, "--region", REGION)

        assert status == 2
        assert named in err
        assert out == ""

    def test_no_region_is_said_so(self, capfd: pytest.CaptureFixture[str]) -> None:
        """boto3's own message names no remedy."""
        status, _, err = run(capfd, "why", "checkout")

        assert status == 2
        assert "--region" in err


@pytest.mark.usefixtures("refusing_endpoint")
class TestCredentials:
    def test_expired_credentials_are_said_so_instead_of_a_diagnosis(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Exit status 1: nothing was answered, so nothing is concluded."""
        status, out, err = run(capfd, "why", "checkout", "502", "--region", REGION, "--json")

        assert status == 1
        assert "ExpiredTokenException" in err
        assert out == ""
