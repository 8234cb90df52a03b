"""Creates a scenario's real resources in the local AWS, and lets its alarm fire."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from bot.demo.local_aws import ACCOUNT_ID, REGION
from bot.demo.scenario import METRIC_NAMESPACES, Api, Function, Metric, Place, Scenario
from bot.demo.traffic import LoggedLine, lines

RUNTIME: Final = "python3.13"

EXECUTION_LOGS: Final = "API-Gateway-Execution-Logs_{api}/{stage}"
"""Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"""

BASIC_EXECUTION: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}],
}


class Clients(Protocol):
    """Gives AWS clients."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service."""


@dataclass(frozen=True)
class Broken:
    """What was created."""

    function_name: str
    function_arn: str
    api_id: str
    alarm_name: str


def create(scenario: Scenario, aws: Clients, topic_arn: str, *, now: datetime | None = None) -> Broken:
    """Create the function, its API, its log lines and metrics, and the alarm, which has not fired yet."""
    arn = _create_function(scenario.function, aws)
    api_id = _create_api(scenario.api, arn, aws)
    broken = Broken(scenario.function.name, arn, api_id, scenario.alarm.name)
    _create_alarm(scenario, aws, topic_arn)
    _write_history(scenario, broken, aws, now or datetime.now(UTC))
    return broken


def fire(broken: Broken, aws: Clients, *, reason: str | None = None) -> None:
    """Let the alarm change to ALARM, once, so that its own SNS action tells the bot."""
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=broken.alarm_name, StateValue="OK", StateReason="Nothing is known yet.")
    cloudwatch.enable_alarm_actions(AlarmNames=[broken.alarm_name])
    said = reason or "Threshold Crossed: 1 datapoint was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    cloudwatch.set_alarm_state(AlarmName=broken.alarm_name, StateValue="ALARM", StateReason=said)


def recover(scenario: Scenario, broken: Broken, aws: Clients, *, now: datetime | None = None) -> None:
    """Write healthy values and let the alarm change to OK, so that its own SNS action tells the bot.

    Healthy is what the first minute of the scenario was, before the trouble.
    """
    stamp = (now or datetime.now(UTC)).replace(microsecond=0)
    for metric in scenario.metrics:
        data = {"MetricName": metric.name, "Timestamp": stamp, "Value": _healthy(metric), "Unit": metric.unit}
        described = _metric(scenario, metric.place, metric.name)
        aws.client("cloudwatch").put_metric_data(
            Namespace=described["Namespace"], MetricData=[{**data, "Dimensions": described["Dimensions"]}]
        )
    cloudwatch = aws.client("cloudwatch")
    # The values alone may have changed the alarm already; a second change to the same state sends nothing.
    if cloudwatch.describe_alarms(AlarmNames=[broken.alarm_name])["MetricAlarms"][0]["StateValue"] != "OK":
        said = "Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold (0.0)."
        cloudwatch.set_alarm_state(AlarmName=broken.alarm_name, StateValue="OK", StateReason=said)


def _healthy(metric: Metric) -> float:
    return 0.0 if metric.name in {"Errors", "Throttles", "5XXError", "4XXError"} else metric.per_minute[0]


def _create_function(function: Function, aws: Clients) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    iam, role = aws.client("iam"), f"{function.name}-role"
    role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="logs", PolicyDocument=json.dumps(BASIC_EXECUTION))
    client = aws.client("lambda")
    arn: str = client.create_function(
        FunctionName=function.name,
        Runtime=RUNTIME,
        Role=role_arn,
        Handler="app.handler",
        Code={"ZipFile": _zipped("app.py", function.code)},
        Timeout=function.timeout,
        MemorySize=function.memory,
        Architectures=["arm64"],
    )["FunctionArn"]
    client.get_waiter("function_active_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    if function.reserved_concurrency is not None:
        client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=function.reserved_concurrency)
    return arn


def _create_api(api: Api, function_arn: str, aws: Clients) -> str:
    client = aws.client("apigateway")
    api_id: str = client.create_rest_api(name=api.name, endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = client.get_resources(restApiId=api_id)["items"][0]["id"]
    resource = client.create_resource(restApiId=api_id, parentId=root, pathPart=api.path)["id"]
    client.put_method(restApiId=api_id, resourceId=resource, httpMethod=api.method, authorizationType="NONE")
    client.put_integration(
        restApiId=api_id,
        resourceId=resource,
        httpMethod=api.method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
        timeoutInMillis=api.timeout_ms,
    )
    client.create_deployment(restApiId=api_id, stageName=api.stage)
    client.update_stage(
        restApiId=api_id, stageName=api.stage, patchOperations=[{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}]
    )
    if api.permission != "missing":
        caller = api_id if api.permission == "granted" else "gone123abc"
        aws.client("lambda").add_permission(
            FunctionName=function_arn,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{caller}/*/{api.method}/{api.path}",
        )
    return api_id


def _create_alarm(scenario: Scenario, aws: Clients, topic_arn: str) -> None:
    """Create the alarm with its actions off: the values that come next may already make it change."""
    alarm = scenario.alarm
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm.name,
        **_metric(scenario, alarm.place, alarm.metric),
        Statistic=alarm.statistic,
        Period=60,
        EvaluationPeriods=1,
        Threshold=alarm.threshold,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic_arn],
        OKActions=[topic_arn],
        ActionsEnabled=False,
    )


def _write_history(scenario: Scenario, broken: Broken, aws: Clients, now: datetime) -> None:
    words = {
        "function": scenario.function.name,
        "api": broken.api_id,
        "stage": scenario.api.stage,
        "method": scenario.api.method,
        "path": scenario.api.path,
        "region": REGION,
        "account": ACCOUNT_ID,
    }
    streams: dict[Place, tuple[str, str]] = {
        "function": (f"/aws/lambda/{scenario.function.name}", now.strftime("%Y/%m/%d/[$LATEST]d5f2a1c0b3e94f6a8b7c6d5e4f3a2b1c")),
        "gateway": (EXECUTION_LOGS.format(api=broken.api_id, stage=scenario.api.stage), "0f7e5e8a1b2c3d4e5f60718293a4b5c6"),
    }
    for place, (group, stream) in streams.items():
        written = lines(scenario, place, now=now, words=words)
        if written:
            _write_log(aws, group, stream, written)
    for metric in scenario.metrics:
        _write_metric(scenario, metric, aws, now)


def _write_log(aws: Clients, group: str, stream: str, written: Sequence[LoggedLine]) -> None:
    logs = aws.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": line.timestamp_ms, "message": line.message} for line in written]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _write_metric(scenario: Scenario, metric: Metric, aws: Clients, now: datetime) -> None:
    described = _metric(scenario, metric.place, metric.name)
    last = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
    data = [
        {
            "MetricName": metric.name,
            "Dimensions": described["Dimensions"],
            "Timestamp": last - timedelta(minutes=age),
            "Value": value,
            "Unit": metric.unit,
        }
        for age, value in enumerate(reversed(metric.per_minute))
    ]
    aws.client("cloudwatch").put_metric_data(Namespace=described["Namespace"], MetricData=data)


def _metric(scenario: Scenario, place: Place, name: str) -> dict[str, Any]:
    if place == "function":
        dimensions = {"FunctionName": scenario.function.name}
    else:
        dimensions = {"ApiName": scenario.api.name, "Stage": scenario.api.stage}
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": METRIC_NAMESPACES[place], "MetricName": name, "Dimensions": listed}


def _zipped(name: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text)
    return packed.getvalue()
