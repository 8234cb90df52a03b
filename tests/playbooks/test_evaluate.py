"""Conditions on evidence, in three-valued logic."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.texts import iter_texts
from bot.models.incident_file import IncidentFile
from bot.playbooks.conditions import Condition
from bot.playbooks.evaluate import Evaluator, Trace
from bot.playbooks.scan import Scanner
from tests.playbooks.made import DOWNSTREAM, a_playbook, an_incident, invocation, request_id, timed_out

YES: dict[str, Any] = {"value": {"path": "function.Timeout", "equals": 3}}
NO: dict[str, Any] = {"value": {"path": "function.Timeout", "equals": 4}}
UNKNOWN: dict[str, Any] = {"value": {"path": "concurrency.ReservedConcurrentExecutions", "gt": 1}}
FUNCTION = {
    "Timeout": 3,
    "MemorySize": 128,
    "Handler": "app.handler",
    "VpcConfig": {"SubnetIds": []},
    "Layers": [{"Arn": "a"}, {"Arn": "b"}],
}


def judge(condition: dict[str, Any], incident: IncidentFile) -> Trace:
    """Evaluate one condition on an incident."""
    wanted = Condition.model_validate(condition)
    playbook = a_playbook(DOWNSTREAM, signals=[{"id": "one", "confidence": 0.9, "when": condition}])
    scanned = Scanner([playbook]).scan(iter_texts(incident))
    return Evaluator(incident, analyse(incident), scanned).evaluate(wanted)


class TestKleene:
    @pytest.mark.parametrize(
        ("condition", "result"),
        [
            ({"all": [YES, YES]}, True),
            ({"all": [YES, UNKNOWN]}, None),
            ({"all": [NO, UNKNOWN]}, False),
            ({"any": [NO, UNKNOWN]}, None),
            ({"any": [YES, UNKNOWN]}, True),
            ({"any": [NO, NO]}, False),
            ({"not": YES}, False),
            ({"not": NO}, True),
            ({"not": UNKNOWN}, None),
            ({"not": {"all": [NO, UNKNOWN]}}, True),
        ],
    )
    def test_unknown_is_neither_true_nor_false(self, condition: dict[str, Any], result: bool | None) -> None:
        """From a section that nobody could read nothing is concluded, not even by negation."""
        assert judge(condition, an_incident(function=FUNCTION)).result is result


class TestValue:
    @pytest.mark.parametrize(
        ("condition", "result"),
        [
            ({"path": "function.Timeout", "gt": 2, "lt": 4}, True),
            ({"path": "function.Timeout", "gte": 3}, True),
            ({"path": "function.Timeout", "gt": 3}, False),
            ({"path": "function.MemorySize", "gt": {"path": "function.Timeout", "times": 40}}, True),
            ({"path": "function.MemorySize", "gt": {"path": "function.Nothing"}}, None),
            ({"path": "function.Handler", "matches": r"^app\."}, True),
            ({"path": "function.Handler", "contains": "hand"}, True),
            ({"path": "function.Handler", "in": ["a", "app.handler"]}, True),
            ({"path": "function.Handler", "not_in": ["a"]}, True),
            ({"path": "function.Layers[*].Arn", "equals": "b"}, True),
            ({"path": "function.Layers[1].Arn", "equals": "a"}, False),
            ({"path": "function.Layers[*].Arn", "equals": "c"}, False),
            ({"path": "function.Runtime", "equals": "python3.13"}, None),
            ({"path": "function.Runtime", "exists": False}, True),
            ({"path": "function.Runtime", "exists": True}, False),
            ({"path": "function.VpcConfig.SubnetIds", "exists": False}, True),
            ({"path": "function.VpcConfig.SubnetIds[*]", "equals": "subnet-1"}, False),
            ({"path": "tags.owner", "exists": False}, None),
            ({"path": "resource_policy.Statement", "exists": True}, False),
            ({"path": "resource_policy", "exists": False}, True),
            ({"path": 'metadata_free."a.b"', "exists": False}, "refused"),
            ({"path": "facts.throttling.reserved", "exists": False}, None),
            ({"path": "facts.network.security_group_blocks[*]", "exists": True}, False),
        ],
    )
    def test_a_value_is_compared_or_unknown(self, condition: dict[str, Any], result: bool | str | None) -> None:
        incident = an_incident(function=FUNCTION, resource_policy=None)
        if result == "refused":
            with pytest.raises(ValueError, match="unknown section"):
                judge({"value": condition}, incident)
        else:
            assert judge({"value": condition}, incident).result is result

    def test_a_null_in_the_file_is_an_answer(self) -> None:
        """AWS said that none is reserved, which is not the same as not having asked."""
        incident = an_incident(concurrency={"ReservedConcurrentExecutions": None})

        assert judge({"value": {"path": "concurrency.ReservedConcurrentExecutions", "equals": None}}, incident).result is True
        assert judge({"value": {"path": "concurrency.ReservedConcurrentExecutions", "gt": 0}}, incident).result is False

    def test_a_key_with_dots_is_quoted(self) -> None:
        incident = an_incident(tags={"aws:cloudformation:stack.name": "shop"})

        trace = judge({"value": {"path": 'tags."aws:cloudformation:stack.name"', "equals": "shop"}}, incident)

        assert trace.result is True
        assert [(cite.section, cite.ref, cite.text) for cite in trace.cites] == [("tags", 'tags."aws:cloudformation:stack.name"', "shop")]

    def test_true_is_not_one(self) -> None:
        incident = an_incident(function={"Flag": True})

        assert judge({"value": {"path": "function.Flag", "equals": 1}}, incident).result is False
        assert judge({"value": {"path": "function.Flag", "equals": True}}, incident).result is True


class TestText:
    def test_is_unknown_when_no_such_text_was_read(self) -> None:
        condition = {"text": {"pattern": "Endpoint request timed out", "in": ["gateway-log"]}}

        assert judge(condition, an_incident("a line of the function")).result is None

    def test_is_false_when_such_texts_hold_no_match(self) -> None:
        condition = {"text": {"pattern": "Endpoint request timed out", "in": ["function-log"]}}

        assert judge(condition, an_incident("a line of the function")).result is False

    def test_needs_as_many_lines_as_it_says(self) -> None:
        incident = an_incident("low on space", "low on space")

        assert judge({"text": {"pattern": "low on space", "min": 2}}, incident).result is True
        assert judge({"text": {"pattern": "low on space", "min": 3}}, incident).result is False

    def test_does_not_count_lines_of_invocations_that_ended_well(self) -> None:
        """Chatter of healthy traffic looks like trouble: `timeout=5s configured`."""
        incident = an_incident(*invocation(request_id(1), "connection refused by replica 1, replica 2 answered"))

        assert judge({"text": {"pattern": "connection refused"}}, incident).result is False

    def test_counts_error_lines_of_them_as_handled_and_can_leave_them_out(self) -> None:
        line = f"2026-05-14T03:12:01.000Z\t{request_id(1)}\tERROR\tconnection refused"
        incident = an_incident(*invocation(request_id(1), line))

        included = judge({"text": {"pattern": "connection refused"}}, incident)

        assert (included.result, included.handled) == (True, True)
        assert judge({"text": {"pattern": "connection refused", "handled": "exclude"}}, incident).result is False

    def test_can_ask_for_the_outcome_of_the_invocation(self) -> None:
        incident = an_incident(*timed_out(1, "waiting for the lock"), *invocation(request_id(2), "waiting for the lock"))

        assert judge({"text": {"pattern": "waiting for the lock", "outcomes": ["timeout"], "min": 2}}, incident).result is False
        assert judge({"text": {"pattern": "waiting for the lock", "outcomes": ["ok", "timeout"], "min": 2}}, incident).result is True

    def test_binds_the_groups_of_the_most_frequent_wording(self) -> None:
        incident = an_incident("no answer from b.example", "no answer from a.example", "no answer from a.example")

        trace = judge({"text": {"pattern": "no answer from (?P<host>[a-z.]+)", "as": "silence"}}, incident)

        assert trace.bindings["host"] == "a.example"
        assert trace.bindings["silence"]["count"] == 3

    def test_cites_lines_as_they_stand_in_the_file_without_their_ids(self) -> None:
        incident = an_incident(*timed_out(1), *timed_out(2))

        trace = judge({"text": {"pattern": "Task timed out after [0-9.]+ seconds"}}, incident)

        assert [(cite.section, cite.ref, cite.text, cite.count) for cite in trace.cites] == [
            ("logs", "/aws/lambda/checkout", "Task timed out after 3.00 seconds", 2)
        ]


class TestFact:
    def test_counts_the_items_that_satisfy_every_where(self) -> None:
        incident = an_incident(*timed_out(1), *timed_out(2), *invocation(request_id(3)))

        assert judge({"fact": {"of": "invocations", "where": {"outcome": "timeout"}, "min": 2}}, incident).result is True
        assert judge({"fact": {"of": "invocations", "where": {"outcome": ["oom", "error"]}}}, incident).result is False
        assert judge({"fact": {"of": "invocations", "where": {"duration_ms": {"gte": 3000}}, "as": "slow"}}, incident).result is True

    def test_is_unknown_when_nothing_was_read_that_would_show_it(self) -> None:
        assert judge({"fact": {"of": "invocations"}}, an_incident()).result is None
        assert judge({"not": {"fact": {"of": "changes"}}}, an_incident("a line")).result is None
        assert judge({"not": {"fact": {"of": "changes"}}}, an_incident(changes=[])).result is True


class TestMetric:
    SERIES: tuple[dict[str, Any], ...] = (
        {"Namespace": "AWS/Lambda", "MetricName": "Throttles", "Stat": "Sum", "Timestamps": ["a", "b"], "Values": [2.0, 5.0]},
    )

    @pytest.mark.parametrize(
        ("condition", "result"),
        [
            ({"gt": 6}, True),
            ({"reduce": "max", "equals": 5}, True),
            ({"reduce": "min", "lt": 2}, False),
            ({"reduce": "avg", "equals": 3.5}, True),
            ({"reduce": "last", "gte": 5}, True),
            ({"stat": "Maximum", "gt": 0}, None),
            ({"dimensions": {"FunctionName": "other"}, "gt": 0}, None),
        ],
    )
    def test_is_reduced_to_one_number(self, condition: dict[str, Any], result: bool | None) -> None:
        incident = an_incident(metrics=list(self.SERIES))

        assert judge({"metric": {"namespace": "AWS/Lambda", "name": "Throttles", **condition}}, incident).result is result

    def test_a_sum_without_datapoints_is_nought_and_an_average_is_unknown(self) -> None:
        """CloudWatch has no datapoint where nothing happened."""
        series: list[dict[str, Any]] = [{"Namespace": "n", "MetricName": "m", "Stat": stat, "Values": []} for stat in ("Sum", "Average")]
        incident = an_incident(metrics=series)

        assert judge({"metric": {"namespace": "n", "name": "m", "equals": 0}}, incident).result is True
        assert judge({"metric": {"namespace": "n", "name": "m", "stat": "Average", "equals": 0}}, incident).result is None


class TestState:
    def test_tells_none_from_not_read(self) -> None:
        incident = an_incident(resource_policy=None)

        assert judge({"state": {"section": "resource_policy", "is": "none"}}, incident).result is True
        assert judge({"state": {"section": "gateway", "is": "none"}}, incident).result is False
        assert judge({"state": {"section": "gateway", "is": "absent"}}, incident).result is True

    def test_what_is_absent_cannot_be_cited(self) -> None:
        assert judge({"state": {"section": "gateway", "is": "absent"}}, an_incident()).cites == ()
