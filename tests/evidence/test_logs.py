"""Reading logs: a small group whole, a large one by failures with the invocations around them, within a budget."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import CollectionError
from bot.evidence.budget import LogBudget
from bot.evidence.collectors.gateway import Gateway
from bot.evidence.collectors.logs import access_group
from bot.evidence.log_reader import quoted, whole_invocation
from bot.models.incident_file import FrontDoor
from tests.evidence.fakes import WINDOW, FakeLogs, FixedClients, a_run, ask

GROUP = "/aws/lambda/checkout"
START = WINDOW.start_ms
CONFIGURATION = {"Timeout": 3, "LoggingConfig": {"LogFormat": "Text", "LogGroup": GROUP}}


def request_id(number: int) -> str:
    """Return the request id of the n-th invocation."""
    return f"8f5f0000-0000-4000-8000-{number:012d}"


def invocation(number: int, stream: str = "s1", *, failing: bool = False, every_ms: int = 100) -> list[tuple[int, str, str]]:
    """Return the lines of one invocation in the text format."""
    at, name = START + number * every_ms, request_id(number)
    lines = [(at, stream, f"START RequestId: {name} Version: $LATEST\n"), (at + 1, stream, f"looking at order {number}\n")]
    lines += [(at + 2, stream, "[ERROR] KeyError: 'total'\n")] if failing else []
    return [
        *lines,
        (at + 3, stream, f"END RequestId: {name}\n"),
        (at + 3, stream, f"REPORT RequestId: {name}\tDuration: 2.00 ms\tMemory Size: 128 MB\n"),
    ]


def busy_log(count: int = 3000, *, failing_every: int = 1000, every_ms: int = 100) -> list[tuple[int, str, str]]:
    """Return a log that is too large to be read whole."""
    return [line for n in range(count) for line in invocation(n, failing=n % failing_every == failing_every - 1, every_ms=every_ms)]


def read(logs: FakeLogs, *, configuration: Any = CONFIGURATION, **options: Any) -> tuple[dict[str, list[Any]], list[dict[str, str]], Any]:
    """Read the function's log; return the groups, the gaps and the run."""
    run = a_run(FixedClients(logs=logs), needs={"function": configuration}, **options)
    _, sections, gaps = ask("function-logs", run)
    return sections.get("logs", {}), gaps, run


class TestSmallGroup:
    def test_is_read_whole_with_one_call(self) -> None:
        """A dozen searches would cost more than the lines."""
        logs = FakeLogs(GROUP, [line for n in range(5) for line in invocation(n, failing=n == 2)])

        groups, gaps, run = read(logs)

        assert [event["message"] for event in groups[GROUP]] == [line[2] for line in logs.lines]
        assert (len(logs.calls), gaps) == (1, [])
        assert run.meters[0].read().events == 21

    def test_empty_pages_are_followed(self) -> None:
        """FilterLogEvents can return an empty page with a successor; the lines come later."""
        logs = FakeLogs(GROUP, invocation(1), empty_first=2)

        groups, _, _ = read(logs)

        assert len(groups[GROUP]) == 4
        assert len(logs.calls) == 3

    def test_without_lines_is_an_empty_answer_and_no_gap(self) -> None:
        """Nobody called the function: asked, and answered."""
        groups, gaps, _ = read(FakeLogs(GROUP, []))

        assert (groups, gaps) == ({GROUP: []}, [])

    def test_asks_for_the_window_only(self) -> None:
        """Lines before and after are another incident's."""
        logs = FakeLogs(GROUP, [(START - 60_000, "s", "Task timed out"), *invocation(1), (WINDOW.end_ms + 60_000, "s", "Task timed out")])

        groups, _, _ = read(logs)

        assert len(groups[GROUP]) == 4

    def test_redacts_every_line(self) -> None:
        """Secrets never enter the file."""
        groups, _, _ = read(FakeLogs(GROUP, [(START, "s", "password=hunter2\n")]))

        assert groups[GROUP][0]["message"] == "password=[redacted:secret]\n"


class TestLargeGroup:
    def test_is_searched_on_the_server_by_quoted_terms(self) -> None:
        """Only what matches travels."""
        logs = FakeLogs(GROUP, busy_log())

        read(logs)

        patterns = {call["filterPattern"] for call in logs.calls if "filterPattern" in call}
        assert {'"Task timed out"', '"Status: timeout"', '"ERROR"', '"REPORT RequestId"'} <= patterns

    def test_keeps_the_whole_invocation_around_each_failure(self) -> None:
        """The lines before an error say what the function was doing."""
        logs = FakeLogs(GROUP, busy_log())

        groups, gaps, _ = read(logs)

        messages = [event["message"] for event in groups[GROUP]]
        for number in (999, 1999, 2999):
            start = messages.index(f"START RequestId: {request_id(number)} Version: $LATEST\n")
            assert messages[start : start + 5] == [line[2] for line in invocation(number, failing=True)]
        assert gaps == []

    def test_keeps_invocations_in_a_very_busy_stream(self) -> None:
        """A page can be full before the failing line comes; less is asked for then."""
        logs = FakeLogs(GROUP, busy_log(every_ms=5, failing_every=2500))

        groups, _, _ = read(logs)

        assert f"START RequestId: {request_id(2499)} Version: $LATEST\n" in [event["message"] for event in groups[GROUP]]

    def test_reads_back_to_a_start_that_is_long_ago(self) -> None:
        """A timeout is logged when the invocation is as old as the timeout."""
        timed_out = request_id(9)
        slow = [
            (START + 400_000, "s2", f"START RequestId: {timed_out} Version: $LATEST\n"),
            (START + 402_900, "s2", "waiting for the table\n"),
            (START + 403_000, "s2", f"2026-05-14T03:12:01.000Z {timed_out} Task timed out after 3.00 seconds\n\n"),
            (START + 403_010, "s2", f"REPORT RequestId: {timed_out}\tDuration: 3000.00 ms\n"),
        ]
        logs = FakeLogs(GROUP, busy_log(failing_every=10_000) + slow)

        groups, _, _ = read(logs)

        assert [event["message"] for event in groups[GROUP] if event["stream"] == "s2"] == [line[2] for line in slow]

    def test_finds_failures_in_json_lines(self) -> None:
        """In the JSON format the platform writes a status in the place of a sentence."""
        at = START + 450_000
        failing = [
            (at, "s2", '{"time":"t","type":"platform.start","record":{"requestId":"r1"}}'),
            (at + 1, "s2", '{"level":"INFO","message":"looking"}'),
            (at + 2, "s2", '{"time":"t","type":"platform.report","record":{"requestId":"r1","status":"timeout"}}'),
        ]
        logs = FakeLogs(GROUP, busy_log(failing_every=10_000) + failing)

        groups, _, _ = read(logs, configuration={"Timeout": 3, "LoggingConfig": {"LogFormat": "JSON", "LogGroup": GROUP}})

        assert [event["message"] for event in groups[GROUP] if event["stream"] == "s2"] == [line[2] for line in failing]
        assert '"platform.report"' in {call.get("filterPattern") for call in logs.calls}

    def test_says_where_a_term_had_more_matches_than_were_read(self) -> None:
        """A count over what was read is a lower bound, and the file says so."""
        logs = FakeLogs(GROUP, busy_log(failing_every=2))

        _, gaps, _ = read(logs)

        assert {gap["code"] for gap in gaps} == {"PageLimit"}
        assert any("'ERROR' was searched up to 1000 events until" in gap["message"] for gap in gaps)


class TestBudget:
    def test_a_spent_budget_is_a_gap_and_what_was_read_stays(self) -> None:
        """The rest of the window was not read, and nobody must conclude from its silence."""
        logs = FakeLogs(GROUP, busy_log(), page=500)

        groups, gaps, run = read(logs, budget=LogBudget(pages=4, events=100_000, bytes=10_000_000))

        assert run.meters[0].read().is_spent
        assert [gap["code"] for gap in gaps] == ["BudgetSpent"]
        assert "stopped at 2 pages, 1000 events" in gaps[0]["message"]
        assert len(groups[GROUP]) == 1000
        assert len(logs.calls) == 2

    @pytest.mark.parametrize("budget", [LogBudget(events=1000), LogBudget(bytes=20_000)])
    def test_events_and_bytes_count_too(self, budget: LogBudget) -> None:
        """Half of the whole budget is the function's own log."""
        logs = FakeLogs(GROUP, busy_log(), page=100)

        _, gaps, run = read(logs, budget=budget)

        assert run.meters[0].read().is_spent
        assert "BudgetSpent" in {gap["code"] for gap in gaps}


class TestWhichGroup:
    def test_follows_the_logging_configuration(self) -> None:
        """A function may log into a group of another name."""
        logs = FakeLogs("/shop/all", invocation(1))

        groups, _, _ = read(logs, configuration={"Timeout": 3, "LoggingConfig": {"LogGroup": "/shop/all"}})

        assert list(groups) == ["/shop/all"]

    def test_falls_back_to_the_default_name(self) -> None:
        """Without the permission to read the configuration the default name is the likely one."""
        groups, _, _ = read(FakeLogs(GROUP, invocation(1)), configuration=CollectionError("no", code="AccessDeniedException"))

        assert list(groups) == [GROUP]

    def test_an_absent_group_is_a_gap_in_aws_words(self) -> None:
        """No group: never invoked, or a role that may not log. Which one, the gap does not claim."""
        groups, gaps, _ = read(FakeLogs("/other", []))

        assert not groups
        assert [(gap["section"], gap["operation"], gap["code"]) for gap in gaps] == [
            ("logs", "logs:FilterLogEvents", "ResourceNotFoundException")
        ]
        assert "does not exist" in gaps[0]["message"]


class TestGatewayLog:
    GROUP = "API-Gateway-Execution-Logs_a1b2/prod"
    GATEWAY = Gateway(FrontDoor(kind="rest-api", id="a1b2", stage="prod"), name="shop", stage={"stageName": "prod"})

    @staticmethod
    def request(number: int, status: int) -> list[tuple[int, str, str]]:
        """Return the execution log of one request."""
        at, name = START + number * 100, request_id(number)
        return [
            (at + n, "s", f"({name}) {text}")
            for n, text in enumerate((f"Starting execution {number}", f"Method completed with status: {status}"))
        ]

    def test_keeps_the_whole_request_of_a_failing_status(self) -> None:
        """The reason stands some lines before the status."""
        lines = [line for n in range(3000) for line in self.request(n, 502 if n == 2500 else 200)]
        run = a_run(FixedClients(logs=FakeLogs(self.GROUP, lines)), needs={"gateway": self.GATEWAY}, client_status=502)

        _, sections, gaps = ask("gateway-logs", run)

        messages = [event["message"] for event in sections["logs"][self.GROUP]]
        assert f"({request_id(2500)}) Starting execution 2500" in messages
        assert f"({request_id(2500)}) Method completed with status: 502" in messages
        assert gaps == []

    def test_reads_the_access_log_that_the_stage_names(self) -> None:
        """HTTP APIs have no other log."""
        stage = {
            "StageName": "prod",
            "AccessLogSettings": {"DestinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/shop/access:*"},
        }
        gateway = Gateway(FrontDoor(kind="http-api", id="a1b2", stage="prod"), stage=stage)
        run = a_run(FixedClients(logs=FakeLogs("/shop/access", [(START, "s", '{"status":"503"}')])), needs={"gateway": gateway})

        _, sections, _ = ask("gateway-logs", run)

        assert [event["message"] for event in sections["logs"]["/shop/access"]] == ['{"status":"503"}']

    def test_a_delivery_stream_is_no_log_group(self) -> None:
        """An access log that goes to Firehose cannot be read here."""
        stage = {"accessLogSettings": {"destinationArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/x"}}

        assert access_group(Gateway(FrontDoor(kind="rest-api"), stage=stage)) is None


class TestAuthorizerLog:
    def test_reads_the_log_of_the_authorizers_function(self) -> None:
        """An authorizer that crashes refuses every request, and only its own log says why."""
        function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gatekeeper"
        uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
        gateway = Gateway(FrontDoor(kind="rest-api", id="a1b2", stage="prod"), authorizers=[{"authorizerUri": uri}])
        logs = FakeLogs("/aws/lambda/gatekeeper", invocation(1, failing=True))

        _, sections, _ = ask("authorizer-logs", a_run(FixedClients(logs=logs), needs={"gateway": gateway}))

        assert len(sections["logs"]["/aws/lambda/gatekeeper"]) == 5


class TestParts:
    def test_a_term_is_quoted(self) -> None:
        """A quote in a term would end the pattern early."""
        assert quoted('say "no"') == '"say \\"no\\""'

    def test_an_invocation_without_its_ends_is_kept_as_far_as_it_was_read(self) -> None:
        """A page can begin after the start and end before the report."""
        events = [{"message": "one"}, {"message": "two"}, {"message": "three"}]

        assert whole_invocation(events, 1) == events
