"""raise-timeout: give the function more time, up to what its front door waits."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

from pydantic import Field

from bot.errors import RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import PlanRequest, Subject
from bot.remediations import timeout_effects
from bot.remediations.case import Case
from bot.remediations.configuration import CONFIGURATION_ACTIONS, ConfigurationChange, latest_only_warnings
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import REMEDIATIONS, Draft, count, next_step
from bot.remediations.state import Observed
from bot.remediations.timeout_effects import VISIBILITY_FACTOR

MAX_TIMEOUT_S: Final = 900
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

STEPS_S: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900)

FRONT_DOOR_LIMIT_MS: Final = {"rest-api": 29_000, "http-api": 30_000, "websocket-api": 29_000, "appsync": 30_000, "cloudfront": 30_000}
"""How long each front door waits unless its evidence says otherwise. Sources:
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html,
https://docs.aws.amazon.com/general/latest/gr/appsync.html,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html (origin response; Lambda@Edge origin triggers)."""

DEFAULT_TO_S: Final = 30
"""The proposal where neither the present timeout nor a successful run is known."""

WORDS: Final = {
    "rest-api": "the REST API",
    "http-api": "the HTTP API",
    "websocket-api": "the WebSocket API",
    "appsync": "AppSync",
    "cloudfront": "CloudFront",
    "alb": "the load balancer",
}


class TimeoutParams(Strict):
    """The new limit."""

    to_seconds: int = Field(ge=1, le=MAX_TIMEOUT_S)


@REMEDIATIONS.register("raise-timeout")
class RaiseTimeout(ConfigurationChange):
    """Raise the function's Timeout."""

    action: ClassVar[Action] = "raise-timeout"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = CONFIGURATION_ACTIONS | timeout_effects.READS
    Params: ClassVar[type[Strict]] = TimeoutParams
    field_name: ClassVar[str] = "timeout_s"
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return a timeout above the slowest successful run and within what the front door waits."""
        present, limit_s = present_timeout_s(case), front_door_limit_s(case)
        door = WORDS.get(case.kind or "", "the front door")
        if present is not None and present >= MAX_TIMEOUT_S:
            return self.declined(f"the timeout is already {MAX_TIMEOUT_S} s, the most that Lambda allows")
        if present is not None and limit_s is not None and present >= math.floor(limit_s):
            return self.declined(f"the timeout is already {count(present)} s; {door} stops waiting at {count(limit_s)} s")
        cap = min(MAX_TIMEOUT_S, math.floor(limit_s)) if limit_s is not None else MAX_TIMEOUT_S
        to = min(cap, next_step(self._wanted(case, present), STEPS_S))
        reasons = [self._basis(case, present)]
        if limit_s is not None:
            reasons.append(f"{door} allows {count(limit_s)} s")
        queue = self._queue_hint(case, to)
        if queue:
            reasons.append(queue)
        alias = case.alias()
        if alias:
            reasons.append(f"the change reaches $LATEST only: publish a version and move alias {alias} to it")
        return self.offered({"from_seconds": present, "to_seconds": to}, "; ".join(reasons), risk="medium" if queue or alias else None)

    def _wanted(self, case: Case, present: int | None) -> float:
        """Return twice the present timeout, or half again the slowest successful run where that is more."""
        slowest_s = (case.facts.runs.ok_duration_max_ms or 0) / 1000
        if present is None:
            return max(DEFAULT_TO_S, slowest_s * 1.5)
        return max(present * 2, slowest_s * 1.5)

    def _basis(self, case: Case, present: int | None) -> str:
        runs = case.facts.runs
        if runs.ok_duration_p99_ms is not None and runs.ok_duration_max_ms is not None:
            return (
                f"p99 of successful runs is {runs.ok_duration_p99_ms / 1000:.1f} s, the slowest took {runs.ok_duration_max_ms / 1000:.1f} s"
            )
        if present is None:
            return "the present timeout is not in the evidence"
        return f"runs are cut at {count(present)} s, so how long they need is not known: the timeout is doubled first"

    def _queue_hint(self, case: Case, to_s: int) -> str | None:
        queues = [m for m in case.incident.event_sources or [] if ":sqs:" in str(m.get("EventSourceArn", ""))]
        if not queues:
            return None
        needed = to_s * VISIBILITY_FACTOR
        hidden = next((int(m["VisibilityTimeout"]) for m in queues if str(m.get("VisibilityTimeout", "")).isdigit()), None)
        if hidden is not None and hidden >= needed:
            return None
        now = f"hides messages for {hidden} s only" if hidden is not None else "must hide messages long enough"
        return f"the queue {now}: set its visibility timeout to {needed} s first, or messages are handled twice"

    def from_config(self, config: dict[str, Any]) -> int:
        """Return Timeout."""
        return int(config["Timeout"])

    def to_parameters(self, value: Any) -> dict[str, Any]:
        """Return Timeout."""
        return {"Timeout": value}

    def draft(self, request: PlanRequest, params: TimeoutParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the new limit, what it may hold at worst, and what waits less long than it."""
        old, new = seen.values[self.field_name], params.to_seconds
        if new <= old:
            raise RefusedError(f"raise-timeout: {new} s is not more than the present {old} s")
        door = WORDS.get(request.front_door or "", "the front door")
        limit_s = request.front_door_limit_s
        if limit_s is not None and old >= math.floor(limit_s):
            raise RefusedError(f"raise-timeout: the timeout is already {old} s; {door} stops waiting at {count(limit_s)} s")
        warnings = latest_only_warnings(request, seen.raw, reads)
        if limit_s is not None and new > limit_s:
            warnings.append(f"{door} stops waiting at {count(limit_s)} s: what lies above helps no caller behind it")
        warnings += timeout_effects.door_warnings(subject.function_name, new, reads, known=limit_s is not None)
        warnings += timeout_effects.queue_warnings(subject.function_name, new, reads)
        return Draft(
            after={self.field_name: new},
            undo=f"set Timeout back to {old} s",
            patch=Patch(
                "AWS::Lambda::Function",
                self.to_parameters(new),
                "aws_lambda_function",
                {"timeout": new},
                on_function=True,
                cdk={"timeout": f"cdk.Duration.seconds({new})"},
                serverless={"timeout": new},
            ),
            effects=timeout_effects.worst_case(subject.function_name, old, new, reads),
            warnings=warnings,
        )


def present_timeout_s(case: Case) -> int | None:
    """Return the Timeout as configured, else as the platform's own lines say it."""
    configured = case.number("Timeout")
    if configured is not None:
        return configured
    seen = [i.timeout_s for i in case.facts.invocations if i.outcome == "timeout" and i.timeout_s]
    # The line says 3.00, a REPORT 3000.52 ms: both mean a limit of 3 s.
    return round(max(seen)) if seen else None


def front_door_limit_s(case: Case) -> float | None:
    """Return after how long the front door stops waiting, or None where it does not or is unknown."""
    limit_ms = case.facts.front_door.limit_ms or FRONT_DOOR_LIMIT_MS.get(case.kind or "")
    return limit_ms / 1000 if limit_ms else None
