"""enable-execution-logging and enable-tracing: changes that help to see, not to heal."""

from __future__ import annotations

from typing import ClassVar

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case, mapping, word
from bot.remediations.remediation import REMEDIATIONS, Remediation


@REMEDIATIONS.register("enable-tracing")
class EnableTracing(Remediation):
    """Turn X-Ray on for the function."""

    action: ClassVar[Action] = "enable-tracing"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {"lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"}
    )
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


@REMEDIATIONS.register("enable-execution-logging")
class EnableExecutionLogging(Remediation):
    """Turn the API's execution log on, at level ERROR, without bodies."""

    action: ClassVar[Action] = "enable-execution-logging"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = frozenset({"apigateway:GET", "apigateway:PATCH"})
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the stage and the level, for the kinds of API that have such a log."""
        if case.kind == "http-api":
            return self.declined("an HTTP API has no execution log; its access log can carry $context.integrationErrorMessage")
        if case.kind not in ("rest-api", "websocket-api"):
            return self.declined("only REST and WebSocket APIs have an execution log")
        level = self._level(case)
        if level in ("ERROR", "INFO"):
            return self.declined(f"the stage already logs at {level}")
        missing = [name for name, value in (("api_id", case.gateway_id), ("stage", case.stage)) if value is None]
        params = {
            "api_id": case.gateway_id,
            "stage": case.stage,
            "from_level": level,
            "to_level": "ERROR",
            "data_trace": False,
            "missing": missing or None,
        }
        return self.offered(params, "the execution log names the gateway's reason; the account needs a CloudWatch role for API Gateway")

    def _level(self, case: Case) -> str | None:
        stage = case.gateway.get("stage")
        if not isinstance(stage, dict):
            return None
        settings = mapping(mapping(stage.get("methodSettings")).get("*/*")) or mapping(stage.get("DefaultRouteSettings"))
        # GetStage leaves methodSettings out while logging was never set, which is off.
        return word(settings.get("loggingLevel")) or word(settings.get("LoggingLevel")) or "OFF"
