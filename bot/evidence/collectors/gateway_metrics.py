"""The metrics of what stands in front of the function, or feeds it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.collectors.gateway import Gateway
from bot.evidence.context import Context, Run
from bot.evidence.metrics import Query, queries, read_metrics

API_GATEWAY: Final = "AWS/ApiGateway"
REST: Final = {
    "Count": ("Sum",),
    "4XXError": ("Sum",),
    "5XXError": ("Sum",),
    "Latency": ("Maximum", "p99"),
    "IntegrationLatency": ("Maximum", "p99"),
}
"""Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html"""

HTTP: Final = {"Count": ("Sum",), "4xx": ("Sum",), "5xx": ("Sum",), "Latency": ("Maximum", "p99"), "IntegrationLatency": ("Maximum", "p99")}
"""Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"""

WEBSOCKET: Final = {
    "ConnectCount": ("Sum",),
    "MessageCount": ("Sum",),
    "ClientError": ("Sum",),
    "ExecutionError": ("Sum",),
    "IntegrationError": ("Sum",),
    "IntegrationLatency": ("Maximum",),
}
"""Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html"""

TARGET_GROUP: Final = {"LambdaUserError": ("Sum",), "LambdaInternalError": ("Sum",)}
BALANCER: Final = {
    "HTTPCode_ELB_5XX_Count": ("Sum",),
    "HTTPCode_ELB_502_Count": ("Sum",),
    "HTTPCode_ELB_4XX_Count": ("Sum",),
    "RequestCount": ("Sum",),
}
"""Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""

QUEUE: Final = {
    "ApproximateAgeOfOldestMessage": ("Maximum",),
    "ApproximateNumberOfMessagesVisible": ("Maximum",),
    "NumberOfMessagesReceived": ("Sum",),
}
"""Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""


@COLLECTORS.register("gateway-metrics")
class GatewayMetrics(Collector):
    """What the gateway or load balancer counted in the window."""

    sections = ("metrics",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"cloudwatch:GetMetricData"})
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/monitoring-cloudwatch.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A front door can be looked at where no function is known."""
        return True

    def collect(self, context: Context) -> None:
        """Read them once the gateway's name and stage are known: a REST API's metrics go by its name, not its id."""
        gateway: Gateway | None = context.need("gateway")
        wanted = _of_api(gateway) if gateway else []
        if gateway and gateway.front_door.kind == "alb" and gateway.front_door.id:
            wanted = _of_balancer(gateway.front_door.id, context.need_or_none("load-balancer") or [])
        if wanted:
            read_metrics(context, wanted)


def _of_api(gateway: Gateway) -> list[Query]:
    door = gateway.front_door
    stage = {"Stage": door.stage} if door.stage else {}
    if door.kind == "rest-api" and gateway.name:
        # CloudWatch leaves characters that are not ASCII out of the API's name.
        return queries(API_GATEWAY, {"ApiName": gateway.name.encode("ascii", "ignore").decode(), **stage}, REST)
    if door.kind in ("http-api", "websocket-api") and door.id:
        return queries(API_GATEWAY, {"ApiId": door.id, **stage}, HTTP if door.kind == "http-api" else WEBSOCKET)
    return []


def _of_balancer(target_group_arn: str, balancer_arns: list[str]) -> list[Query]:
    group = target_group_arn.rsplit(":", 1)[-1]
    wanted: list[Query] = []
    for arn in balancer_arns:
        name = arn.partition(":loadbalancer/")[2]
        wanted += queries("AWS/ApplicationELB", {"LoadBalancer": name, "TargetGroup": group}, TARGET_GROUP)
        wanted += queries("AWS/ApplicationELB", {"LoadBalancer": name}, BALANCER)
    return wanted


@COLLECTORS.register("queue-metrics")
class QueueMetrics(Collector):
    """The queues that feed the function, and its dead-letter queue."""

    sections = ("metrics",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"cloudwatch:GetMetricData"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"

    def collect(self, context: Context) -> None:
        """Read age and length of each queue."""
        mappings: list[dict[str, Any]] = context.need_or_none("event-sources") or []
        dead_letter = ((context.need_or_none("function") or {}).get("DeadLetterConfig") or {}).get("TargetArn")
        arns = {str(mapping.get("EventSourceArn")) for mapping in mappings} | {str(dead_letter)}
        names = sorted(arn.rsplit(":", 1)[-1] for arn in arns if ":sqs:" in arn)
        wanted = [query for name in names for query in queries("AWS/SQS", {"QueueName": name}, QUEUE)]
        if wanted:
            read_metrics(context, wanted)
