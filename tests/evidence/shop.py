"""A small shop in moto: function, role, REST API, log lines, metrics."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3

from tests.evidence.fakes import NOW, REGION, WINDOW

ERRORS_AT = NOW - timedelta(minutes=10)
ACCOUNT = "123456789012"
REQUEST = "8f5f0000-0000-4000-8000-000000000001"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"
STREAM = "2026/05/14/[$LATEST]ab12"

NOTHING_KNOWN: dict[str, Any] = {"resource-policy": None, "resource-policies": {}, "function-url": None, "event-sources": []}
"""What the collectors answer of which the entrance asks first, where none of them found anything."""


@dataclass(frozen=True)
class Shop:
    """What was made."""

    function_arn: str
    role_arn: str
    api_id: str


def open_shop(*, with_permission: bool = True) -> Shop:
    """Make the shop in the account of the test."""
    role_arn = _role()
    function_arn = _function(role_arn)
    api_id = _api(function_arn)
    if with_permission:
        boto3.client("lambda", REGION).add_permission(
            FunctionName="checkout",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*/POST/orders",
        )
    _lines()
    boto3.client("cloudwatch", REGION).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Errors",
                "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
                "Timestamp": ERRORS_AT,
                "Value": 3,
            }
        ],
    )
    return Shop(function_arn=function_arn, role_arn=role_arn, api_id=api_id)


def _role() -> str:
    iam = boto3.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    arn: str = iam.create_role(RoleName="checkout-role", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="checkout-role", PolicyName="own", PolicyDocument=json.dumps(document))
    managed = iam.create_policy(PolicyName="tables", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="checkout-role", PolicyArn=managed)
    return arn


def _function(role_arn: str) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return {'statusCode': 200}\n")
    answer = boto3.client("lambda", REGION).create_function(
        FunctionName="checkout",
        Runtime="python3.13",
        Handler="app.handler",
        Role=role_arn,
        Code={"ZipFile": package.getvalue()},
        Timeout=3,
        MemorySize=128,
        Environment={"Variables": {"DB_PASSWORD": "hunter2", "STAGE": "prod"}},
        Tags={"team": "shop"},
    )
    return str(answer["FunctionArn"])


def _api(function_arn: str) -> str:
    gateway = boto3.client("apigateway", REGION)
    api_id: str = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
    orders = gateway.create_resource(restApiId=api_id, parentId=root, pathPart="orders")["id"]
    gateway.put_method(restApiId=api_id, resourceId=orders, httpMethod="POST", authorizationType="NONE")
    gateway.put_integration(
        restApiId=api_id,
        resourceId=orders,
        httpMethod="POST",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    )
    gateway.create_deployment(restApiId=api_id, stageName="prod")
    return api_id


def _lines() -> None:
    logs = boto3.client("logs", REGION)
    logs.create_log_group(logGroupName="/aws/lambda/checkout")
    logs.create_log_stream(logGroupName="/aws/lambda/checkout", logStreamName=STREAM)
    at = WINDOW.start_ms + 60_000
    messages = [
        f"START RequestId: {REQUEST} Version: $LATEST\n",
        "connecting with password=hunter2\n",
        f"2026-05-14T03:01:03.000Z {REQUEST} Task timed out after 3.00 seconds\n\n",
        f"END RequestId: {REQUEST}\n",
        f"REPORT RequestId: {REQUEST}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t\n",
    ]
    events = [{"timestamp": at + n, "message": message} for n, message in enumerate(messages)]
    logs.put_log_events(logGroupName="/aws/lambda/checkout", logStreamName=STREAM, logEvents=events)


def http_api() -> str:
    """Make an HTTP API with one route to the function."""
    client = boto3.client("apigatewayv2", REGION)
    api_id: str = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION_ARN, PayloadFormatVersion="2.0", TimeoutInMillis=30000
    )
    client.create_route(ApiId=api_id, RouteKey="POST /orders", Target=f"integrations/{integration['IntegrationId']}")
    client.create_stage(ApiId=api_id, StageName="$default")
    return api_id
