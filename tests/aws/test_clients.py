"""The clients: made once, shared by threads, with short timeouts; the endpoint and the role as boto3 resolves them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from moto import mock_aws

from bot.aws.clients import Boto3Clients, Connection
from bot.errors import InputError
from tests.environment import forget_aws

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path)


class TestClient:
    def test_is_made_once_when_many_threads_ask(self) -> None:
        """Clients are thread-safe, making one is not."""
        clients = Boto3Clients(Connection(region=REGION))
        seen: list[object] = []
        threads = [threading.Thread(target=lambda: seen.append(clients.client("lambda"))) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(seen) == 8
        assert len(set(map(id, seen))) == 1

    def test_has_short_timeouts_and_standard_retries(self) -> None:
        """botocore's own 60 s would outlive an investigation."""
        config = Boto3Clients(Connection(region=REGION)).client("logs").meta.config

        assert (config.connect_timeout, config.read_timeout) == (3.0, 10.0)
        assert config.retries["mode"] == "standard"
        assert config.retries["total_max_attempts"] == 4

    def test_follows_another_region_when_asked(self) -> None:
        """One investigation may read a second region: the client of each region is its own."""
        clients = Boto3Clients(Connection(region=REGION))

        assert clients.client("logs", "us-east-1").meta.region_name == "us-east-1"
        assert clients.client("logs").meta.region_name == REGION
        assert clients.region == REGION

    def test_follows_the_endpoint_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A local AWS is reached the way boto3 documents it, by AWS_ENDPOINT_URL."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4599")

        assert Boto3Clients(Connection(region=REGION)).client("sqs").meta.endpoint_url == "http://127.0.0.1:4599"


class TestIncident:
    def test_stands_in_the_user_agent_of_every_call(self) -> None:
        """CloudTrail shows it beside each change; what a user agent does not take is replaced."""
        clients = Boto3Clients(Connection(region=REGION)).for_incident("inc 42/a")

        assert clients.client("lambda").meta.config.user_agent_extra.endswith("incident/inc-42-a")
        assert "incident" not in Boto3Clients(Connection(region=REGION)).client("lambda").meta.config.user_agent_extra

    def test_stands_in_the_name_of_an_assumed_session(self) -> None:
        """The session's name is what CloudTrail shows as the caller."""
        with mock_aws():
            clients = Boto3Clients(Connection(region=REGION)).for_incident("42").for_role("arn:aws:iam::123456789012:role/writer")

            arn = clients.client("sts").get_caller_identity()["Arn"]

        assert arn.endswith(":assumed-role/writer/lambda-medic-42")


@dataclass
class Lambda:
    """A service on the loopback that takes requests and then fails."""

    fault: str
    """What it answers: nothing, that it failed, or that requests come too fast."""
    taken: list[str] = field(default_factory=list)


@pytest.fixture
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    """Return the service, which boto3 takes for Lambda; the test's parameter is its fault."""
    service = Lambda(request.param)

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            service.taken.append(self.command)
            if service.fault == "silence":
                self.close_connection = True
                return
            self.send_response(429 if service.fault == "TooManyRequestsException" else 500)
            self.send_header("x-amzn-ErrorType", service.fault)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        for name, value in {
            "ACCESS_KEY_ID": "a",
            "SECRET_ACCESS_KEY": "b",
            "ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield service
        server.shutdown()
        thread.join()


class TestAnswerThatWasLost:
    """What AWS may have done already is not sent once more: meanwhile somebody else may have set another value."""

    @pytest.mark.parametrize("service", ["silence", "ServiceException"], indirect=True)
    def test_write_of_a_change_is_sent_once(self, service: Lambda) -> None:
        """Whoever sent it reads what stands."""
        writer = Boto3Clients(Connection(region=REGION)).for_incident("42").client("lambda")

        with pytest.raises((ConnectionClosedError, ClientError)):
            writer.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)

        assert service.taken == ["PUT"]

    @pytest.mark.parametrize("service", ["silence"], indirect=True)
    def test_question_is_asked_again(self, service: Lambda) -> None:
        """It changes nothing."""
        reader = Boto3Clients(Connection(region=REGION, max_attempts=2)).for_incident("42").client("lambda")

        with pytest.raises(ConnectionClosedError):
            reader.get_function_concurrency(FunctionName="orders")

        assert service.taken == ["GET", "GET"]

    @pytest.mark.parametrize("service", ["TooManyRequestsException"], indirect=True)
    def test_write_that_came_too_fast_is_sent_again(self, service: Lambda) -> None:
        """AWS says that it did nothing."""
        writer = Boto3Clients(Connection(region=REGION, max_attempts=2)).for_incident("42").client("lambda")

        with pytest.raises(ClientError, match="TooManyRequests"):
            writer.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)

        assert service.taken == ["PUT", "PUT"]


class TestFaults:
    def test_no_region_names_the_ways_to_set_one(self) -> None:
        """Without a region boto3 would say NoRegionError and not how to help it."""
        with pytest.raises(InputError, match="region: none is set; pass --region"):
            Boto3Clients().client("lambda")

    def test_unknown_profile_is_named_with_the_known_ones(self, tmp_path: Path) -> None:
        """A misspelt profile is answered with those that exist."""
        (tmp_path / "config").write_text("[profile staging]\nregion = eu-west-1\n")

        with pytest.raises(InputError, match=r"profile: 'prod' is not configured; known: .*staging"):
            Boto3Clients(Connection(profile="prod")).client("lambda")


class TestForRole:
    def test_calls_carry_the_assumed_role(self) -> None:
        """A function in another account is read under a role there."""
        with mock_aws():
            clients = Boto3Clients(Connection(region=REGION)).for_role("arn:aws:iam::210987654321:role/Reader", external_id="x1")

            identity = clients.client("sts").get_caller_identity()

        assert identity["Arn"] == "arn:aws:sts::210987654321:assumed-role/Reader/lambda-medic"


class TestStartUp:
    def test_importing_the_module_does_not_load_boto3(self) -> None:
        """`medic replay` never reaches AWS and does not wait for its SDK."""
        code = "import sys, bot.aws.clients; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
