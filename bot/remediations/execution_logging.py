"""enable-execution-logging: the API's own log, at level ERROR, without bodies."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from bot.errors import RefusedError, TargetNotFoundError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.case import Case, mapping, word
from bot.remediations.patch import Block, Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation
from bot.remediations.state import Observed

WILDCARD: Final = "*/*"
"""The settings of every method that has none of its own.
Source: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html"""

REST_VALUES: Final = {"data_trace": "dataTraceEnabled", "metrics": "metricsEnabled"}
"""What else stands in the wildcard settings; shown so that undo does not take away what somebody else put there."""


class LoggingParams(Strict):
    """The API's stage."""

    api_id: str = Field(pattern=r"^[a-z0-9]{1,64}$")
    stage: str = Field(pattern=r"^[\w$-]{1,128}$")
    to_level: Literal["ERROR", "INFO"] = "ERROR"
    data_trace: Literal[False] = False
    """Never True: it would log bodies and tokens."""


@REMEDIATIONS.register("enable-execution-logging")
class EnableExecutionLogging(Remediation):
    """Turn the API's execution log on, at level ERROR, without bodies."""

    action: ClassVar[Action] = "enable-execution-logging"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {"apigateway:GET", "apigateway:PATCH"}
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"
    Params: ClassVar[type[Strict]] = LoggingParams

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

    def subject(self, request: PlanRequest, params: LoggingParams, config: dict[str, Any]) -> Subject:
        """Return the stage; REST and WebSocket APIs are two services."""
        if request.front_door == "http-api":
            raise RefusedError("enable-execution-logging: an HTTP API has no execution log, only an access log")
        kind = "websocket-api" if request.front_door == "websocket-api" else "rest-api"
        return self.subject_of(request, config, kind=kind, api_id=params.api_id, stage=params.stage)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the stage's settings for every method."""
        details = subject.details
        if details["kind"] == "websocket-api":
            stage = reads.or_none("apigatewayv2", "GetStage", ApiId=details["api_id"], StageName=details["stage"])
        else:
            stage = reads.or_none("apigateway", "GetStage", restApiId=details["api_id"], stageName=details["stage"])
        if stage is None:
            raise TargetNotFoundError(f"stage: {details['kind']} {details['api_id']} has none named {details['stage']}")
        if details["kind"] == "websocket-api":
            settings = dict(stage.get("DefaultRouteSettings") or {})
            return Observed(values={"log_level": settings.pop("LoggingLevel", "OFF"), "other_settings": settings})
        entry = mapping(stage.get("methodSettings")).get(WILDCARD)
        values = {name: bool((entry or {}).get(key)) for name, key in REST_VALUES.items()}
        # GetStage leaves the wildcard's settings out while nobody set one, and undo must bring that back too.
        return Observed(values={"log_level": None if entry is None else entry.get("loggingLevel", "OFF"), **values})

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call."""
        if current == goal:
            return []
        api_id, stage, level = subject.details["api_id"], subject.details["stage"], goal["log_level"]
        if subject.details["kind"] == "websocket-api":
            settings = {**goal["other_settings"], "LoggingLevel": level}
            parameters = {"ApiId": api_id, "StageName": stage, "DefaultRouteSettings": settings}
            return [ApiCall(service="apigatewayv2", operation="UpdateStage", parameters=parameters)]
        patch = {"op": "replace", "path": f"/{WILDCARD}/logging/loglevel", "value": level}
        if level is None:
            patch = {"op": "remove", "path": f"/{WILDCARD}"}
        return [
            ApiCall(
                service="apigateway",
                operation="UpdateStage",
                parameters={"restApiId": api_id, "stageName": stage, "patchOperations": [patch]},
            )
        ]

    def draft(self, request: PlanRequest, params: LoggingParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the level, and what it costs."""
        old = seen.values["log_level"]
        if old == "INFO":
            raise RefusedError("enable-execution-logging: the stage logs at INFO already, which holds more than ERROR")
        if not reads.call("apigateway", "GetAccount").get("cloudwatchRoleArn"):
            raise RefusedError(
                "enable-execution-logging: API Gateway has no CloudWatch Logs role in this account's settings; set one first"
            )
        level, api_id, stage = params.to_level, params.api_id, params.stage
        setting = {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": level}
        patch = Patch(
            "AWS::ApiGateway::Stage",
            {"RestApiId": api_id, "StageName": stage, "MethodSettings": [setting]},
            "aws_api_gateway_method_settings",
            {"rest_api_id": api_id, "stage_name": stage, "method_path": WILDCARD, "settings": Block(logging_level=level)},
        )
        if subject.details["kind"] == "websocket-api":
            patch = Patch(
                "AWS::ApiGatewayV2::Stage",
                {"ApiId": api_id, "StageName": stage, "DefaultRouteSettings": {"LoggingLevel": level}},
                "aws_apigatewayv2_stage",
                {"api_id": api_id, "name": stage, "default_route_settings": Block(logging_level=level)},
            )
        cost = "an entry for each failed call" if level == "ERROR" else "several entries for every call"
        return Draft(
            after={**seen.values, "log_level": level},
            undo="remove the wildcard's settings again: there were none" if old is None else f"set the level back to {old}",
            patch=patch,
            effects=[f"cost: CloudWatch Logs takes {cost}", "live at once, no new deployment of the API"],
            warnings=["settings of single methods go before this one", "bodies are not logged: dataTrace stays as it is"],
        )
