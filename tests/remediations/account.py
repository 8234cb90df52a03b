"""An AWS account in this process: moto, with what moto lacks added at botocore's own events, and every call recorded."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from bot.aws.clients import Boto3Clients, Connection

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/orders-role"
READING = ("Get", "List", "Lookup", "Describe", "Simulate")

SOME_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]})

HELD_BY_REVISION = {"UpdateFunctionConfiguration": "function", "UpdateAlias": "alias"}
SHOWN_BY = {"GetFunctionConfiguration": "function", "GetAlias": "alias"}
"""moto keeps revisions of policies only."""

FORGOTTEN = ("TracingConfig", "EphemeralStorage")
"""Settings that moto does not take from an update."""


def failure(status: int, code: str, message: str = "no") -> Any:
    """Return what a handler of before-call answers when AWS refuses."""
    return AWSResponse("", status, HTTPHeaders(), io.BytesIO(b"")), {"Error": {"Code": code, "Message": message}}


def success(**parsed: Any) -> Any:
    """Return what a handler of before-call answers when AWS does as asked."""
    return AWSResponse("", 200, HTTPHeaders(), io.BytesIO(b"")), {"ResponseMetadata": {"HTTPStatusCode": 200}, **parsed}


class _Wire:
    """Real clients, made once for all tests since making them is slow; the account of the present test sees every call."""

    def __init__(self) -> None:
        self.clients = Boto3Clients(Connection(region=REGION, max_attempts=1))
        self.known: set[int] = set()
        self.account: Account | None = None

    def client(self, service: str, region: str | None) -> Any:
        client = self.clients.client(service, region)
        if id(client) not in self.known:
            self.known.add(id(client))
            client.meta.events.register("provide-client-params", self._note)
            client.meta.events.register_first("before-call", self._before)
            client.meta.events.register("after-call", self._after)
        return client

    def _note(self, **event: Any) -> None:
        if self.account:
            self.account.note(**event)

    def _before(self, **event: Any) -> Any:
        return self.account.before(**event) if self.account else None

    def _after(self, **event: Any) -> None:
        if self.account:
            self.account.after(**event)


_WIRE = _Wire()


class Account:
    """The account; fills the port AwsClients.

    `faults` answer an operation instead of AWS (a handler returning `failure(...)`, or None to let it through); `lost` raises after AWS
    did as asked. `calls` holds every call as `service:Operation` with its parameters.
    """

    def __init__(self) -> None:
        _WIRE.account = self
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, Callable[[], Any]] = {}
        self.lost: dict[str, Exception] = {}
        self.revisions = {"function": 1, "alias": 1}
        self.settings: dict[str, Any] = {}
        self.provisioned: dict[str, int] = {}
        self.requests: list[dict[str, Any]] = []
        self.quota = 1000.0
        self.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        self.metrics: dict[tuple[str, str | None], float] = {}
        self.agents: list[str] = []
        self.decisions: dict[str, str] = {}
        self.route_settings: dict[str, Any] = {"DetailedMetricsEnabled": True, "LoggingLevel": "OFF"}
        self.update_status: str | None = None
        self._last: dict[str, Any] = {}
        self._build()
        self.calls.clear()

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client whose calls are recorded."""
        return _WIRE.client(service, region)

    @property
    def operations(self) -> set[str]:
        """Return what was called."""
        return {name for name, _ in self.calls}

    @property
    def writes(self) -> list[str]:
        """Return what was called and does not read."""
        return [name for name, _ in self.calls if not name.partition(":")[2].startswith(READING)]

    def answers(self, name: str) -> Any:
        """Answer an operation that moto lacks, or return None."""
        method = getattr(self, f"_{name.partition(':')[0].replace('-', '_')}_{xform_name(name.partition(':')[2])}", None)
        return method(self._last) if method else None

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Record a call before its parameters are checked."""
        self._last = dict(params)
        self.calls.append((f"{model.service_model.service_name}:{model.name}", dict(params)))
        if model.name == "RemovePermission":
            # moto compares this one with a list of itself, and refuses every revision.
            params.pop("RevisionId", None)

    def before(self, model: Any, **_: Any) -> Any:
        """Answer instead of AWS, or let the call through."""
        name = f"{model.service_model.service_name}:{model.name}"
        fault = self.faults.get(name)
        broken = fault() if fault else None
        if broken is not None:
            return broken
        kind = HELD_BY_REVISION.get(model.name) if name.startswith("lambda:") else None
        given = self._last.get("RevisionId")
        if kind and given is not None and given != f"r{self.revisions[kind]}":
            return failure(412, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.")
        return self.answers(name)

    def after(self, model: Any, parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        """Change what AWS answered, or lose it."""
        name = f"{model.service_model.service_name}:{model.name}"
        if name.startswith("lambda:") and http_response.status_code < 300:
            if model.name in HELD_BY_REVISION:
                self.revisions[HELD_BY_REVISION[model.name]] += 1
            if model.name in SHOWN_BY:
                parsed["RevisionId"] = f"r{self.revisions[SHOWN_BY[model.name]]}"
            if model.name == "UpdateFunctionConfiguration":
                self.settings.update({name: self._last[name] for name in FORGOTTEN if name in self._last})
            if model.name == "GetFunctionConfiguration" and "Qualifier" not in self._last:
                parsed.update(self.settings)
                parsed.update({"LastUpdateStatus": self.update_status} if self.update_status else {})
        if name in self.lost:
            raise self.lost.pop(name)

    def _lambda_get_account_settings(self, given: dict[str, Any]) -> Any:
        return success(AccountLimit=self.limit)

    def _lambda_get_provisioned_concurrency_config(self, given: dict[str, Any]) -> Any:
        if given["Qualifier"] not in self.provisioned:
            return failure(
                404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"
            )
        return success(RequestedProvisionedConcurrentExecutions=self.provisioned[given["Qualifier"]], Status="IN_PROGRESS")

    def _lambda_list_provisioned_concurrency_configs(self, given: dict[str, Any]) -> Any:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{given['FunctionName']}"
        return success(ProvisionedConcurrencyConfigs=[{"FunctionArn": f"{arn}:{qualifier}"} for qualifier in self.provisioned])

    def _lambda_put_provisioned_concurrency_config(self, given: dict[str, Any]) -> Any:
        self.provisioned[given["Qualifier"]] = given["ProvisionedConcurrentExecutions"]
        return success(Status="IN_PROGRESS")

    def _lambda_delete_provisioned_concurrency_config(self, given: dict[str, Any]) -> Any:
        del self.provisioned[given["Qualifier"]]
        return success()

    def _service_quotas_get_service_quota(self, given: dict[str, Any]) -> Any:
        return success(Quota={"QuotaName": "Concurrent executions", "Value": self.quota, "Adjustable": True})

    def _service_quotas_list_requested_service_quota_change_history_by_quota(self, given: dict[str, Any]) -> Any:
        return success(RequestedQuotas=self.requests)

    def _service_quotas_request_service_quota_increase(self, given: dict[str, Any]) -> Any:
        self.requests.append({"DesiredValue": given["DesiredValue"], "Status": "PENDING"})
        return success(RequestedQuota=self.requests[-1])

    def _cloudtrail_lookup_events(self, given: dict[str, Any]) -> Any:
        events = [{"EventName": "CreateFunction20150331", "CloudTrailEvent": json.dumps({"userAgent": agent})} for agent in self.agents]
        return success(Events=events)

    def _iam_simulate_principal_policy(self, given: dict[str, Any]) -> Any:
        rows = [{"EvalActionName": action, "EvalDecision": self.decisions.get(action, "implicitDeny")} for action in given["ActionNames"]]
        return success(EvaluationResults=rows)

    def _cloudwatch_get_metric_data(self, given: dict[str, Any]) -> Any:
        hour, rows = datetime.now(UTC).replace(minute=0, second=0, microsecond=0), []
        for query in given["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            name = next((d["Value"] for d in metric["Dimensions"]), None)
            value = self.metrics.get((metric["MetricName"], name))
            times = [] if value is None else [hour - timedelta(hours=1)]
            rows.append({"Id": query["Id"], "Timestamps": times, "Values": [] if value is None else [value]})
        return success(MetricDataResults=rows)

    def _apigatewayv2_get_stage(self, given: dict[str, Any]) -> Any:
        return success(StageName=given["StageName"], DefaultRouteSettings=dict(self.route_settings))

    def _apigatewayv2_update_stage(self, given: dict[str, Any]) -> Any:
        self.route_settings = dict(given["DefaultRouteSettings"])
        return success(StageName=given["StageName"])

    def _apigateway_update_stage(self, given: dict[str, Any]) -> Any:
        """moto keeps the wildcard's settings when told to remove them; AWS drops them."""
        if given["patchOperations"] != [{"op": "remove", "path": "/*/*"}]:
            return None
        from moto.apigateway.models import apigateway_backends

        apigateway_backends[ACCOUNT_ID][REGION].get_stage(given["restApiId"], given["stageName"]).method_settings.pop("*/*", None)
        return success()

    def _build(self) -> None:
        iam, lam, sqs, api = (self.client(name) for name in ("iam", "lambda", "sqs", "apigateway"))
        trust = {"Version": "2012-10-17", "Statement": []}
        iam.create_role(RoleName="orders-role", AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName="orders-role", PolicyName="own", PolicyDocument=SOME_POLICY)
        for name in ("orders", "invoices", "search"):
            self.create_function(name)
        lam.publish_version(FunctionName="orders")
        lam.update_function_configuration(FunctionName="orders", Timeout=4)
        lam.publish_version(FunctionName="orders")
        lam.update_function_configuration(FunctionName="orders", Timeout=3)
        lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="2")
        self.queue_url = sqs.create_queue(QueueName="orders-queue", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        self.queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:orders-queue"
        created = lam.create_event_source_mapping(FunctionName="orders", EventSourceArn=self.queue_arn, Enabled=False)
        self.mapping = str(created["UUID"])
        self.api_id = str(api.create_rest_api(name="shop")["id"])
        root = api.get_resources(restApiId=self.api_id)["items"][0]["id"]
        api.put_method(restApiId=self.api_id, resourceId=root, httpMethod="GET", authorizationType="NONE")
        api.put_integration(restApiId=self.api_id, resourceId=root, httpMethod="GET", type="MOCK")
        api.create_deployment(restApiId=self.api_id, stageName="prod")
        role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]
        api.update_account(patchOperations=role)
        self.metrics.update(
            {("Invocations", "orders"): 3000.0, ("Duration", "orders"): 6_000_000.0, ("ConcurrentExecutions", "orders"): 20.0}
        )
        self.metrics.update({("ConcurrentExecutions", "invoices"): 40.0, ("UnreservedConcurrentExecutions", None): 60.0})

    def create_function(self, name: str, tags: dict[str, str] | None = None) -> None:
        """Create a function of the orders' role."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=3,
            MemorySize=128,
            Tags=tags or {},
        )
