"""CloudWatch's own picture of metrics."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import BotError
from bot.models.chart import ChartLine, ChartPlan
from bot.ports import AwsClients

logger = logging.getLogger(__name__)

IAM_ACTIONS: Final = frozenset({"cloudwatch:GetMetricWidgetImage"})
"""What the picture needs beside the collectors' actions; without it the chart is drawn here. It knows no resource but `*`.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
"""

WIDTH: Final = 1200
HEIGHT: Final = 640
"""About the shape of a phone's screen held across; 2000 is the most.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
"""

PNG: Final = b"\x89PNG\r\n\x1a\n"


def widget_image(plan: ChartPlan, aws: AwsClients) -> bytes | None:
    """Return the chart as CloudWatch draws it, or None where it cannot: no permission, no such call, no answer."""
    try:
        client = aws.client("cloudwatch", plan.region or None)
        answer = client.get_metric_widget_image(MetricWidget=json.dumps(widget(plan)), OutputFormat="png")
    except (ClientError, BotoCoreError, BotError) as exc:
        logger.info("CloudWatch drew no chart", extra={"error": type(exc).__name__, "said": str(exc)[:200]})
        return None
    image = answer.get("MetricWidgetImage")
    return image if isinstance(image, bytes) and image.startswith(PNG) else None


def widget(plan: ChartPlan) -> dict[str, Any]:
    """Return the plan as CloudWatch's widget: the first panel against the left axis, the second against the right one.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
    """
    sides = list(zip(("left", "right"), plan.panels, strict=False))
    rows = [_row(line, side) for side, panel in sides for line in panel.lines]
    limits = [{"value": panel.limit, "label": panel.limit_label, "yAxis": side} for side, panel in sides if panel.limit is not None]
    return {
        "title": plan.title,
        "view": "timeSeries",
        "stacked": False,
        "width": WIDTH,
        "height": HEIGHT,
        "timezone": "+0000",
        "start": _time(plan.start),
        "end": _time(plan.end),
        "metrics": rows,
        "yAxis": {side: {"label": panel.unit, "min": 0, "showUnits": False} for side, panel in sides},
        "annotations": {
            "horizontal": limits,
            "vertical": [{"value": _time(datetime.fromtimestamp(mark.at, UTC)), "label": mark.label} for mark in plan.marks],
        },
    } | ({"region": plan.region} if plan.region else {})


def _row(line: ChartLine, side: str) -> list[Any]:
    drawn = {"stat": line.stat, "period": line.period_s, "label": line.label, "yAxis": side}
    return [line.namespace, line.name, *(part for pair in line.dimensions.items() for part in pair), drawn]


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
