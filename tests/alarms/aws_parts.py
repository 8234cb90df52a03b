"""Parts of an AWS account, made in moto, behind which the tests' alarms look."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any, Final

from bot.aws.clients import Boto3Clients, Connection

REGION: Final = "eu-west-1"
ACCOUNT: Final = "123456789012"
"""The account that moto plays."""

NOW: Final = datetime.now(UTC).replace(microsecond=0)


class Account:
    """An account of moto with short ways to make what stands around a function."""

    def __init__(self) -> None:
        self.clients = Boto3Clients(Connection(region=REGION))
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
        }
        role = self.clients.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(trust))
        self._role: str = role["Role"]["Arn"]

    def function(self, name: str, *, alias: str | None = None, **settings: Any) -> str:
        """Make a function, and return its ARN."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", "def handler(event, context): ...")
        client = self.clients.client("lambda")
        made = client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="app.handler",
            Code={"ZipFile": package.getvalue()},
            **settings,
        )
        if alias:
            version = client.publish_version(FunctionName=name)["Version"]
            client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
        return str(made["FunctionArn"])

    def rest_api(self, name: str, routes: dict[str, str], *, variables: dict[str, str] | None = None) -> str:
        """Make a REST API with `METHOD /path` leading to functions' ARNs, deployed as `prod`; return its id."""
        client = self.clients.client("apigateway")
        api = client.create_rest_api(name=name)["id"]
        root = client.get_resources(restApiId=api)["items"][0]["id"]
        for route, function in routes.items():
            method, _, path = route.partition(" /")
            resource = client.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
            client.put_method(restApiId=api, resourceId=resource, httpMethod=method, authorizationType="NONE")
            client.put_integration(
                restApiId=api,
                resourceId=resource,
                httpMethod=method,
                type="AWS_PROXY",
                integrationHttpMethod="POST",
                uri=invoke_uri(function),
            )
        client.create_deployment(restApiId=api, stageName="prod", variables=variables or {})
        return str(api)

    def http_api(self, routes: dict[str, str]) -> str:
        """Make an HTTP API with route keys leading to functions' ARNs; return its id."""
        client = self.clients.client("apigatewayv2")
        api = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        for route, function in routes.items():
            made = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0")
            client.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{made['IntegrationId']}")
        return str(api)

    def target_group(self, function: str) -> tuple[str, str]:
        """Make a load balancer with a target group that holds a function; return both ARNs."""
        ec2 = self.clients.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        elb = self.clients.client("elbv2")
        balancer = elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(Name="orders", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
        elb.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
        )
        return balancer, group

    def queue(self, name: str, *, dead_letters: str | None = None) -> str:
        """Make a queue, and return its ARN."""
        client = self.clients.client("sqs")
        attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_letters, "maxReceiveCount": 3})} if dead_letters else {}
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return str(client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])

    def failures(self, function: str, metric: str, value: float) -> None:
        """Put one value of a function's own metric, now."""
        where = [{"Name": "FunctionName", "Value": function}]
        row = {"MetricName": metric, "Dimensions": where, "Value": value, "Timestamp": NOW, "Unit": "None"}
        self.clients.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[row])

    def metric_alarm(self, name: str, function: str, *, state: str = "ALARM") -> None:
        """Make an alarm on a function's errors."""
        client = self.clients.client("cloudwatch")
        client.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
        client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="testing alarm")


def invoke_uri(function: str) -> str:
    """Return the URI by which an API calls a function."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
