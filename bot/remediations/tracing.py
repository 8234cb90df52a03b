"""enable-tracing: X-Ray traces, which help to see and do not heal."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import PlanRequest, Subject
from bot.remediations.case import Case
from bot.remediations.configuration import CONFIGURATION_ACTIONS, ConfigurationChange, latest_only_warnings
from bot.remediations.patch import Block, Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import REMEDIATIONS, Draft
from bot.remediations.state import Observed
from bot.remediations.traffic import DAY_S, SAMPLED_PER_S, SAMPLED_SHARE, TRACE_USD, daily_change, traffic_of

OFF: Final = "PassThrough"
"""The mode of a function that nobody set one for.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_TracingConfig.html"""


class TracingParams(Strict):
    """Tracing knows one way of being on."""

    to_mode: Literal["Active"] = "Active"


@REMEDIATIONS.register("enable-tracing")
class EnableTracing(ConfigurationChange):
    """Turn X-Ray on for the function."""

    action: ClassVar[Action] = "enable-tracing"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = CONFIGURATION_ACTIONS | {"cloudwatch:GetMetricData"}
    Params: ClassVar[type[Strict]] = TracingParams
    field_name: ClassVar[str] = "tracing_mode"
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the mode Active unless it is set already."""
        mode = case.name("TracingConfig", "Mode")
        if mode == "Active":
            return self.declined("tracing is already active: its traces show where the time goes")
        if case.incident.traces:
            return self.declined("traces of these requests are already there")
        why = "a trace shows which call of the function takes the time; the role needs xray:PutTraceSegments and xray:PutTelemetryRecords"
        return self.offered({"from_mode": mode, "to_mode": "Active"}, why)

    def from_config(self, config: dict[str, Any]) -> str:
        """Return the mode."""
        return str((config.get("TracingConfig") or {}).get("Mode", OFF))

    def to_parameters(self, value: Any) -> dict[str, Any]:
        """Return TracingConfig."""
        return {"TracingConfig": {"Mode": value}}

    def draft(self, request: PlanRequest, params: TracingParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the mode with what its traces cost."""
        mode = params.to_mode
        return Draft(
            after={self.field_name: mode},
            undo=f"set the tracing mode back to {seen.values[self.field_name]}",
            patch=Patch(
                "AWS::Lambda::Function",
                self.to_parameters(mode),
                "aws_lambda_function",
                {"tracing_config": Block(mode=mode)},
                on_function=True,
                sam={"Tracing": mode},
                cdk={"tracing": "lambda.Tracing.ACTIVE"},
                serverless={"tracing": mode},
            ),
            effects=[self._cost(subject, reads)],
            warnings=[
                *latest_only_warnings(request, seen.raw, reads),
                "the role needs xray:PutTraceSegments and xray:PutTelemetryRecords, or no trace arrives",
            ],
        )

    def _cost(self, subject: Subject, reads: Reads) -> str:
        traffic = traffic_of(reads, subject.function_name)
        if traffic is None:
            return f"cost: {TRACE_USD * 1e6:.0f} dollars per million traces; no calls were seen in the last 24 hours"
        traces = min(traffic.invocations, SAMPLED_PER_S * DAY_S + traffic.invocations * SAMPLED_SHARE)
        return daily_change(
            "cost of traces, at most", 0, traces * TRACE_USD, f"for the {traffic.invocations:,.0f} calls of the last 24 hours"
        )
