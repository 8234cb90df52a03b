"""The target group through which an Application Load Balancer calls the function."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context, Run


@COLLECTORS.register("load-balancer")
class LoadBalancer(Collector):
    """The target group's health, attributes and load balancers."""

    sections = ("load_balancer",)
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        }
    )
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A target group can be looked at where no function is known."""
        return True

    def collect(self, context: Context) -> list[str]:
        """Read the target group; return the ARNs of its load balancers."""
        found = context.need("entrance")
        arn = found.front_door.id if found and found.front_door.kind == "alb" else None
        if not arn:
            return []
        balancers: list[str] = []
        context.answer("load_balancer", {"target_group_arn": arn})
        context.together("load_balancer", partial(_read_group, arn, balancers), partial(_read_health, arn), partial(_read_attributes, arn))
        return balancers


def _read_group(arn: str, balancers: list[str], context: Context) -> None:
    group = context.call("elbv2", "DescribeTargetGroups", TargetGroupArns=[arn])["TargetGroups"][0]
    balancers += group.get("LoadBalancerArns", [])
    context.answer("load_balancer", {"target_group": group})


def _read_health(arn: str, context: Context) -> None:
    context.answer(
        "load_balancer", {"health": context.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)["TargetHealthDescriptions"]}
    )


def _read_attributes(arn: str, context: Context) -> None:
    context.answer(
        "load_balancer", {"attributes": context.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=arn)["Attributes"]}
    )
