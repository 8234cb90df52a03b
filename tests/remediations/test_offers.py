"""The registry of the remediations, and offers over real incidents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.analysis.facts import Facts
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.remediations.offers import REMEDIATIONS, offer
from bot.remediations.remediation import Remediation

ACTIONS = get_args(Action)

OPERATION_OF_SERVICE = {"servicequotas": "service-quotas"}


def corpus() -> Path:
    """Return the folder of real incidents, or skip."""
    named = os.environ.get("LAMBDA_MEDIC_CORPUS")
    folder = Path(named) if named else Path(__file__).parents[2].parent / "shared" / "corpus" / "dev"
    if not (folder / "labels.json").is_file():
        pytest.skip("no corpus: set LAMBDA_MEDIC_CORPUS to a folder with labels.json")
    return folder


class TestRegistry:
    def test_holds_every_action_of_the_vocabulary(self) -> None:
        """A diagnosis may offer any of them."""
        assert sorted(REMEDIATIONS) == sorted(ACTIONS)

    @pytest.mark.parametrize("name", ACTIONS)
    def test_each_declares_what_it_needs(self, name: str) -> None:
        """The role of the function that carries it out is made of these."""
        cls: type[Remediation] = REMEDIATIONS[name]

        assert cls.action == name
        assert cls.source_url.startswith("https://docs.aws.amazon.com/")
        assert cls.iam_actions

    @pytest.mark.parametrize("name", ACTIONS)
    def test_every_permission_is_an_operation_of_aws(self, name: str) -> None:
        """A misspelt action in a role grants nothing; API Gateway's actions are HTTP verbs."""
        session = botocore.session.get_session()
        for action in REMEDIATIONS[name].iam_actions:
            service, _, operation = action.partition(":")
            if service == "apigateway":
                assert operation in ("GET", "PATCH")
            else:
                model = session.get_service_model(OPERATION_OF_SERVICE.get(service, service))
                assert operation in model.operation_names, action


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)

FULL: dict[str, Any] = {
    "function": {
        "Timeout": 3, "MemorySize": 128, "Role": "arn:aws:iam::111122223333:role/r", "SnapStart": {"OptimizationStatus": "Off"},
        "TracingConfig": {"Mode": "PassThrough"}, "EphemeralStorage": {"Size": 512}, "LoggingConfig": {"LogGroup": "/shop"},
        "Aliases": [{"Name": "live", "FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}],
    },
    "concurrency": {
        "ReservedConcurrentExecutions": 5, "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900},
    },
    "resource_policy": {"Statement": [{"Effect": "Allow", "Action": ["lambda:InvokeFunctionUrl"], "Principal": "*"}]},
    "execution_role": {
        "Arn": "arn:aws:iam::111122223333:role/r",
        "policies": [{"document": {"Statement": [{"Effect": "Allow", "Action": ["s3:*"]}]}}],
        "simulations": [{"EvalActionName": "logs:PutLogEvents", "EvalDecision": "implicitDeny"}],
    },
    "function_url": {"AuthType": "NONE"},
    "gateway": {
        "kind": "rest-api", "id": "a1b2c3d4e5", "stage": {"stageName": "prod", "methodSettings": {"*/*": {"loggingLevel": "OFF"}}},
        "integrations": [{"route": "GET /x", "uri": "arn:aws:lambda:eu-west-1:111122223333:function:orders:live"}],
        "authorizers": [{"id": "a1", "authorizerUri": "arn:aws:lambda:eu-west-1:111122223333:function:guard"}],
    },
    "load_balancer": {"target_group_arn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/o/1"},
    "caller": {"arn": "arn:aws:iam::111122223333:role/web"},
    "event_sources": [{"UUID": "u", "State": "Disabled", "EventSourceArn": "arn:aws:sqs:eu-west-1:1:q", "VisibilityTimeout": 30}],
    "changes": [{"EventName": "UpdateAlias20150331", "requestParameters": {"name": "live", "functionVersion": "3"}}],
    "denials": [{"eventSource": "s3.amazonaws.com", "eventName": "GetObject"}],
}  # fmt: skip


def replaced(value: Any, data: st.DataObject) -> Any:
    """Return a value in which one part, somewhere, is junk."""
    if data.draw(st.integers(0, 3)) == 0 or not isinstance(value, dict | list) or not value:
        return data.draw(JUNK)
    if isinstance(value, list):
        return [replaced(value[0], data), *value[1:]]
    key = data.draw(st.sampled_from(sorted(value)))
    return {**value, key: replaced(value[key], data)}


class TestStrangeIncidents:
    @settings(max_examples=300, deadline=None)
    @given(
        data=st.data(),
        kind=st.sampled_from(["rest-api", "http-api", "function-url", "alb", "trigger", "cloudfront", "direct-invoke", None]),
    )
    def test_no_value_of_any_shape_stops_an_answer(self, data: st.DataObject, kind: str | None) -> None:
        """Sections come from files that anybody may write; inside them any JSON may stand."""
        section = data.draw(st.sampled_from(sorted(FULL)))
        target = {"function_name": "orders", "front_door": {"kind": kind}}
        try:
            incident = IncidentFile.model_validate({"version": 1, "target": target, **FULL, section: replaced(FULL[section], data)})
        except ValidationError:
            return

        for action in ACTIONS:
            result = offer(action, incident, Facts())
            assert result.action == action
            assert result.model_dump_json()


class TestRealIncidents:
    def test_every_action_answers_every_file(self) -> None:
        """Most files are partial; none may stop an answer, and no parameter may hold a made-up ARN."""
        folder = corpus()
        for path in sorted((folder / "files").glob("*.json")):
            incident = IncidentFile.load(path)
            for action in ACTIONS:
                result = offer(action, incident, Facts())
                assert isinstance(result, RemediationOffer | DeclinedRemediation)
                assert len(result.why) > 10
                assert "None" not in json.dumps(result.model_dump(mode="json")), (path.name, result)

    def test_what_an_expert_would_offer_is_offered(self) -> None:
        """The plain raises need no facts beyond the file; a file without numbers still gets them."""
        folder = corpus()
        labels: list[dict[str, Any]] = json.loads((folder / "labels.json").read_text())
        for row in labels:
            incident = IncidentFile.load(folder / "files" / f"{row['id']}.json")
            for action in ("raise-timeout", "raise-memory", "raise-ephemeral-storage", "request-quota-increase", "enable-tracing"):
                if action in row["helpful"]:
                    result = offer(action, incident, Facts(), cause=row["cause"])
                    assert isinstance(result, RemediationOffer), (row["id"], result)
