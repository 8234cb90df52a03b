"""Submitted windows, and the type-ahead in one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from bot.ack.directory import Directory, matches, options_for
from bot.ack.endpoint import JsonEndpoint
from bot.ack.handler import build
from bot.ack.sigv4 import Credentials
from bot.commands import ClickCommand, WhyCommand, decode
from bot.settings import AckSettings
from tests.ack.conftest import LocalAws
from tests.ack.factories import a_command, a_form, a_request, an_interaction, chosen
from tests.ack.slack_server import SlackServer

Answer = Callable[[dict[str, Any]], dict[str, Any]]

METADATA = json.dumps({"channel": "C1", "response_url": "https://hooks.slack.com/commands/1/2"})


def ask_form(
    function: str = "checkout", status: str = "any", since: str = "1h", metadata: str = METADATA, **changes: Any
) -> dict[str, Any]:
    """Return a submitted form for a question."""
    values = {"function": chosen(function), "status": chosen(status), "since": chosen(since)}
    return a_form("medic.ask", values, metadata=metadata, **changes)


def errors_in(response: dict[str, Any]) -> dict[str, str]:
    """Return what the form shows at its fields."""
    answer = json.loads(response["body"])
    assert answer["response_action"] == "errors"
    found: dict[str, str] = answer["errors"]
    return found


class TestQuestion:
    @pytest.mark.parametrize(
        ("status", "since", "text"),
        [("any", "1h", "checkout --since 1h"), ("502", "30m", "checkout 502 --since 30m"), ("", "", "checkout")],
    )
    def test_becomes_the_same_as_if_it_were_typed(self, answer: Answer, local_aws: LocalAws, status: str, since: str, text: str) -> None:
        """The answer goes to the channel where the form was asked for; the window closes."""
        response = answer(an_interaction(ask_form(status=status, since=since)))

        command = decode(local_aws.queued()[0])
        assert isinstance(command, WhyCommand)
        assert (response["statusCode"], response["body"]) == (200, "")
        assert (command.text, command.channel_id, command.user_id, command.team_id) == (text, "C1", "U1", "T1")
        assert command.response_url == "https://hooks.slack.com/commands/1/2"

    @pytest.mark.parametrize("metadata", ["", "no json", "[]", '{"channel": 5}', '{"channel": ""}'])
    def test_asked_from_no_channel_is_answered_to_the_person(self, answer: Answer, local_aws: LocalAws, metadata: str) -> None:
        """The search bar and the home are in no channel."""
        answer(an_interaction(ask_form(metadata=metadata)))

        assert local_aws.queued()[0]["channel_id"] == "U1"

    @pytest.mark.parametrize(
        ("fields", "block", "reason"),
        [
            ({"function": ""}, "function", "Choose a function"),
            ({"function": "not/a/name"}, "function", "is no function name"),
            ({"since": "soon"}, "since", "expected a time"),
            ({"since": "900d"}, "since", "two weeks at most"),
            ({"status": "teapot"}, "function", "is not understood"),
        ],
    )
    def test_with_a_fault_stays_open_and_names_the_field(
        self, answer: Answer, local_aws: LocalAws, fields: dict[str, str], block: str, reason: str
    ) -> None:
        """Tampered or not, nothing is queued that the worker could not read."""
        errors = errors_in(answer(an_interaction(ask_form(**fields))))

        assert list(errors) == [block]
        assert reason in errors[block]
        assert local_aws.queued() == []

    def test_is_one_request_however_often_it_is_replayed(self, answer: Answer, local_aws: LocalAws) -> None:
        """Also where Slack sends no trigger: the window and what was filled in tell it from others."""
        answer(an_interaction(ask_form(trigger_id="")))
        answer(an_interaction(ask_form(trigger_id="")))
        answer(an_interaction(ask_form("orders", trigger_id="")))

        keys = [message["request_id"] for message in local_aws.queued()]

        assert len(keys) == 3
        assert len(set(keys)) == 2
        assert all(key.startswith("V1|") for key in keys)


class TestRequest:
    def test_carries_the_inputs_by_their_blocks(self, answer: Answer, local_aws: LocalAws) -> None:
        """The subject is the offer that the window remembers; what was left empty is left out."""
        values = {
            "to_seconds": {"type": "number_input", "value": "10"},
            "minutes": chosen("60"),
            "note": {"type": "plain_text_input", "value": None},
            "function": {"type": "external_select", "selected_option": None},
            "people": {"type": "multi_users_select", "selected_users": ["U2", "U3"]},
            "parts": {"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]},
            "reason": {"type": "plain_text_input", "value": " p99 is 6 s "},
        }

        response = answer(an_interaction(a_form("medic.request", values)))

        command = decode(local_aws.changes_queued()[0])
        assert isinstance(command, ClickCommand)
        assert (response["statusCode"], response["body"]) == (200, "")
        assert (command.verb, command.subject, command.user_id, command.view_id) == ("request", "off-1", "U1", "")
        assert json.loads(command.values) == {
            "to_seconds": "10",
            "minutes": "60",
            "people": ["U2", "U3"],
            "parts": ["a", "b"],
            "reason": "p99 is 6 s",
        }

    @pytest.mark.parametrize("typed", ["ten", "1e9", "NaN", "inf", "0x10", "1,5", "--1", "9" * 30, "١٠x"])
    def test_with_no_number_in_a_number_field_stays_open(self, answer: Answer, local_aws: LocalAws, typed: str) -> None:
        """Slack's clients check it; a request that another program made has not been."""
        values = {"to_seconds": {"type": "number_input", "value": typed}, "note": {"type": "plain_text_input", "value": "ten"}}

        errors = errors_in(answer(an_interaction(a_form("medic.request", values))))

        assert list(errors) == ["to_seconds"]
        assert local_aws.changes_queued() == []

    def test_after_its_incident_was_closed_is_for_the_worker_to_refuse(self, answer: Answer, local_aws: LocalAws) -> None:
        """The endpoint knows no incident: an offer that is gone travels like any other."""
        answer(an_interaction(a_form("medic.request", {"to_seconds": {"type": "number_input", "value": "10"}}, metadata="off-gone")))

        assert local_aws.changes_queued()[0]["subject"] == "off-gone"

    @pytest.mark.parametrize("verb", ["partly", "wrong"])
    def test_a_verdict_goes_to_the_investigating_worker(self, answer: Answer, local_aws: LocalAws, verb: str) -> None:
        """With values, also when nothing was filled in: by them the worker tells it from the click."""
        answer(an_interaction(a_form(f"medic.{verb}", {"cause": chosen("slow-downstream")}, metadata="inc-1")))
        answer(an_interaction(a_form(f"medic.{verb}", {}, metadata="inc-2")))

        assert sorted(message["values"] for message in local_aws.queued()) == ['{"cause":"slow-downstream"}', "{}"]

    @pytest.mark.parametrize("callback_id", ["medic.loading", "other.app", ""])
    def test_a_window_of_another_kind_is_closed_and_ignored(self, answer: Answer, local_aws: LocalAws, callback_id: str) -> None:
        """Noted in the log."""
        assert answer(an_interaction(a_form(callback_id, {})))["body"] == ""
        assert local_aws.queued() + local_aws.changes_queued() == []

    def test_a_closed_window_starts_nothing(self, answer: Answer, local_aws: LocalAws) -> None:
        """Cancel means cancel."""
        closed = {**a_form("medic.request", {"to_seconds": {"type": "number_input", "value": "10"}}), "type": "view_closed"}

        assert answer(an_interaction(closed))["statusCode"] == 200
        assert local_aws.changes_queued() == []


class TestOutage:
    @pytest.fixture(autouse=True)
    def no_queue(self, answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the queue away, once the environment of `answer` stands."""
        monkeypatch.setenv("CHANGE_QUEUE_URL", local_aws.environ["CHANGE_QUEUE_URL"] + "-deleted")

    def test_keeps_what_was_typed(self, answer: Answer) -> None:
        """The window stays open with a word at its first field; submitting again is enough."""
        errors = errors_in(answer(an_interaction(a_form("medic.request", {"to_seconds": {"type": "number_input", "value": "10"}}))))

        assert "nothing was started" in errors["to_seconds"]

    def test_says_so_in_a_window_without_fields(self, answer: Answer) -> None:
        """There is no field to say it at."""
        said = json.loads(answer(an_interaction(a_form("medic.request", {})))["body"])

        assert said["response_action"] == "update"
        assert "nothing was started" in json.dumps(said["view"])


def suggestion(typed: str, action_id: str = "medic.function") -> dict[str, Any]:
    """Return what Slack asks while somebody types into the menu."""
    view = {"id": "V1", "type": "modal", "callback_id": "medic.ask"}
    return an_interaction({"type": "block_suggestion", "user": {"id": "U1"}, "action_id": action_id, "value": typed, "view": view})


class TestTypeAhead:
    @pytest.fixture
    def options(self, local_aws: LocalAws, slack: SlackServer) -> Callable[[dict[str, Any]], list[str]]:
        """Ask a process that has read nothing yet."""
        endpoint = build(AckSettings.from_environment(local_aws.environ), local_aws.environ)

        def asked(event: dict[str, Any]) -> list[str]:
            response = endpoint.handle(event)
            assert response["statusCode"] == 200
            return [option["value"] for option in json.loads(response["body"])["options"]]

        return asked

    def test_offers_the_accounts_functions(self, options: Callable[[dict[str, Any]], list[str]], local_aws: LocalAws) -> None:
        """All of them by the alphabet while nothing is typed, then the best first."""
        local_aws.keep_names("orders", "checkout-prod", "checkout-dev", "pre-checkout")

        assert options(suggestion("")) == ["checkout-dev", "checkout-prod", "orders", "pre-checkout"]
        assert options(suggestion("Checkout")) == ["checkout-dev", "checkout-prod", "pre-checkout", "Checkout"]
        assert options(suggestion("ordrs"))[0] == "orders"

    def test_is_empty_without_a_directory(self, options: Callable[[dict[str, Any]], list[str]], local_aws: LocalAws) -> None:
        """A fresh deployment has none; what is typed can be asked about all the same."""
        local_aws.dynamodb.delete_item(TableName="state", Key={"pk": {"S": "directory#functions"}})

        assert options(suggestion("")) == []
        assert options(suggestion("check out")) == []
        assert options(suggestion("checkout:live")) == ["checkout:live"]

    @pytest.mark.parametrize("names", [{"S": "x"}, {"L": [{"N": "5"}, {"S": ""}]}, {"SS": ["from-a-set"]}, {"NULL": True}])
    def test_reads_what_is_kept_and_no_more(
        self, options: Callable[[dict[str, Any]], list[str]], local_aws: LocalAws, names: dict[str, Any]
    ) -> None:
        """A list or a set of texts; anything else is no name."""
        local_aws.dynamodb.put_item(TableName="state", Item={"pk": {"S": "directory#functions"}, "names": names})

        assert options(suggestion("")) == names.get("SS", [])

    def test_of_another_menu_is_empty(self, options: Callable[[dict[str, Any]], list[str]], local_aws: LocalAws) -> None:
        """Only the menu of functions asks for functions."""
        local_aws.keep_names("orders")

        assert options(suggestion("", action_id="medic.other")) == []

    def test_is_empty_when_the_table_does_not_answer(self, local_aws: LocalAws) -> None:
        """An error would be shown in the menu; and the dead table is not asked at every letter."""
        environ = {**local_aws.environ, "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9"}
        endpoint = build(AckSettings.from_environment(environ), environ)

        answers = [json.loads(endpoint.handle(suggestion(typed))["body"]) for typed in ("", " ")]

        assert answers == [{"options": []}, {"options": []}]


class TestMatches:
    def test_ranks_beginning_before_middle_before_letters(self) -> None:
        """Of equals the shorter first: it is the nearer one."""
        names = ["a-pay-b", "payments", "pay", "p-a-y", "other", "PAYROLL"]

        assert matches("pay", names) == ["pay", "PAYROLL", "payments", "a-pay-b", "p-a-y"]

    def test_stays_within_slacks_limits(self) -> None:
        """100 options, 75 characters of label, 150 of value."""
        options = options_for("f", [f"f{'x' * 100}{n:03}" for n in range(300)] + ["f" * 151])

        assert len(options) == 100
        assert max(len(option["text"]["text"]) for option in options) <= 75
        assert max(len(option["value"]) for option in options) <= 150
        assert options[-1]["value"] == "f", "what was typed is one of the hundred"


class Table(BaseHTTPRequestHandler):
    """A table that answers with a status of the script."""

    script: ClassVar[list[tuple[int, bytes]]] = []
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Answer."""
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, body = self.script.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class TestDirectory:
    @pytest.fixture
    def endpoint(self) -> Iterator[JsonEndpoint]:
        """Serve the table."""
        Table.script, Table.asked = [], []
        server = ThreadingHTTPServer(("127.0.0.1", 0), Table)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        yield JsonEndpoint("dynamodb", url, "eu-west-1", "DynamoDB_20120810", "1.0", lambda: Credentials("AKIDEXAMPLE", "secret"))
        server.shutdown()
        server.server_close()
        thread.join()

    def test_is_read_once_a_minute(self, endpoint: JsonEndpoint) -> None:
        """Not at every letter; a function that was made since appears within a minute."""
        now = [0.0]
        directory = Directory(endpoint, "state", clock=lambda: now[0])
        Table.script = [(200, b'{"Item": {"names": {"L": [{"S": "old"}]}}}'), (200, b'{"Item": {"names": {"L": [{"S": "new"}]}}}')]

        assert [directory.names(), directory.names()] == [("old",), ("old",)]
        now[0] = 61
        assert directory.names() == ("new",)
        assert [json.loads(body)["Key"] for body in Table.asked] == [{"pk": {"S": "directory#functions"}}] * 2

    def test_keeps_the_last_names_while_the_table_is_gone(self, endpoint: JsonEndpoint) -> None:
        """Old names are better than none."""
        now = [0.0]
        directory = Directory(endpoint, "state", clock=lambda: now[0])
        Table.script = [(200, b'{"Item": {"names": {"L": [{"S": "old"}]}}}'), (400, b'{"__type": "AccessDeniedException"}')]
        directory.names()
        now[0] = 61

        assert directory.names() == ("old",)


def test_form_of_the_command_and_its_submission_meet(answer: Answer, local_aws: LocalAws, slack: SlackServer) -> None:
    """What the window remembers is what its submission is answered by."""
    answer(a_request(a_command("why", channel_id="C7")))
    opened = slack.views()[0]

    answer(an_interaction(ask_form(metadata=opened["private_metadata"])))

    command = local_aws.queued()[0]
    assert (command["channel_id"], command["response_url"]) == ("C7", "https://hooks.slack.com/commands/1234/5678")
