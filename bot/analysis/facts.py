"""The facts: what can be derived from an incident file before any playbook is asked.

Every item that a playbook can match on carries `cite`: where in the incident file it was seen. A scalar that could not
be derived is None (unknown), which is not the same as False or 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.models.diagnosis import Citation

TextRole = Literal[
    "function-log", "gateway-log", "access-log", "edge-log", "authorizer-log", "delivery-log", "other-log",
    "client-body", "client-header", "denial", "change", "mapping", "function-state", "health", "trace",
]  # fmt: skip
"""Where a text was seen. `gateway-log`: REST/WebSocket execution log. `delivery-log`: SNS, EventBridge and IoT delivery status.
`mapping`: an event source mapping's LastProcessingResult and StateTransitionReason. `function-state`: StateReason, LastUpdateStatusReason.
`change` and `denial`: errorMessage (with errorCode) of a CloudTrail event. `client-header`: one `name: value` a text."""

Outcome = Literal["ok", "error", "timeout", "oom", "running", "unknown"]
"""How an invocation ended. `ok` needs a REPORT (or platform.report) without an error status and without a platform failure line;
`unknown`: no REPORT was seen, so nothing is known of its end."""


class Fact(BaseModel):
    """Base of the facts: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Fact):
    """A fact that was seen somewhere; `cite` says where. `count` is how often."""

    cite: tuple[Citation, ...] = Field(min_length=1)
    count: int = 1


class Invocation(Item):
    """One invocation that did not end well, or that is notable (slow, cold). Healthy ones are only counted in Runs."""

    request_id: str | None = None
    outcome: Outcome = "unknown"
    started_ms: int | None = None
    ended_ms: int | None = None
    duration_ms: float | None = None
    init_duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    memory_ratio: float | None = None
    status: str | None = None
    """`Status:` on REPORT or `status` of platform.report, where the platform said one."""
    error_type: str | None = None
    timeout_s: float | None = None
    """From `Task timed out after N seconds`, or the duration where only a status says timeout."""
    cold: bool = False
    over_front_door_limit: bool = False
    """Duration is over the front door's own limit although the function ended well."""


class Runs(Fact):
    """Counts over all invocations that the function's log shows."""

    total: int = 0
    ok: int = 0
    failed: int = 0
    timed_out: int = 0
    out_of_memory: int = 0
    cold: int = 0
    over_front_door_limit: int = 0
    ok_duration_p99_ms: float | None = None
    ok_duration_max_ms: float | None = None
    max_memory_ratio: float | None = None
    max_memory_used_mb: int | None = None
    init_timeouts: int = 0
    init_errors: int = 0


class RuntimeFault(Item):
    """One kind of error that a runtime, the platform or the application reported, grouped by type, message shape and phase."""

    error_type: str | None = None
    message: str = ""
    phase: Literal["init", "invoke", "unknown"] = "unknown"
    by: Literal["runtime", "platform", "application", "gateway"] = "runtime"
    """`runtime`: an uncaught error in a runtime's own shape. `application`: a line that the code logged itself at error level.
    `gateway`: the errorMessage that a gateway logged."""
    module: str | None = None
    """For import errors: the module that is missing."""
    outcome: Outcome = "unknown"
    """How the invocations concerned ended: `ok` means that the error was handled."""
    first_in_invocation: bool = True
    """No earlier fault stands in the same invocation."""
    role: TextRole = "function-log"


class Denial(Item):
    """One refused action, parsed from AWS's wording wherever it was seen (log, CloudTrail, body, mapping, delivery log)."""

    principal: str | None = None
    principal_kind: Literal["execution-role", "service", "caller", "anonymous", "poller", "deployer", "unknown"] = "unknown"
    """`poller`: the event source mapping's session (awslambda_...) under the execution role."""
    action: str | None = None
    """For example `dynamodb:PutItem`; None where the text names none (a bare `Access Denied`)."""
    service: str | None = None
    operation: str | None = None
    """The API operation of the failing call when the text names it (`calling the GetObject operation`); may differ from `action`."""
    resource: str | None = None
    policy_type: Literal[
        "identity",
        "resource",
        "permissions-boundary",
        "session",
        "service-control",
        "resource-control",
        "vpc-endpoint",
        "role-trust",
        "unspecified",
    ] = "unspecified"
    explicit: bool | None = None
    """True: an explicit deny; False: nothing allows it; None: the text does not say."""
    outcome: Outcome = "unknown"
    role: TextRole = "function-log"


class GatewayOutcome(Item):
    """What a gateway or load balancer itself said of requests.

    It says so in execution logs, access logs (ALB: error_reason), or a client's body and headers.
    """

    status: int | None = None
    reason: Literal[
        "function-error", "timeout", "malformed-response", "throttled-lambda", "permission", "authorizer-failed", "authorizer-denied",
        "authorizer-permission", "role-not-assumable", "kms", "function-state", "waf", "api-key", "missing-token", "bad-token",
        "signature", "expired-token",
        "resource-policy", "gateway-throttle", "quota", "too-large-request", "too-large-response", "unauthorized", "not-found", "no-target",
        "edge-execution-error", "edge-validation-error", "edge-limit", "service-error", "mapping", "other",
    ]  # fmt: skip
    detail: str = ""
    """The message after the reason, for example the function's errorMessage."""
    latency_ms: float | None = None
    function_request_id: str | None = None
    source: TextRole = "gateway-log"


class InvokePermission(Fact):
    """The function's resource policy, evaluated for the caller that the front door is. None fields: not known."""

    verdict: Literal[
        "allowed",
        "no-policy",
        "no-statement",
        "source-mismatch",
        "account-mismatch",
        "qualifier-mismatch",
        "url-incomplete",
        "explicit-deny",
        "unknown",
    ] = "unknown"
    caller_service: str | None = None
    """The service principal that must be allowed, for example apigateway.amazonaws.com."""
    caller_arn: str | None = None
    """An ARN of the request as the service presents it (SourceArn), as far as it is known."""
    statement_sid: str | None = None
    statement_source: str | None = None
    """The SourceArn (or account) that the nearest statement has."""
    needed_source_arn: str | None = None
    """The narrowest SourceArn that would let this front door in."""
    missing_actions: tuple[str, ...] = ()
    qualifier: str | None = None
    for_authorizer: bool = False
    cite: tuple[Citation, ...] = ()


class Throttling(Fact):
    """Concurrency against throttles. Counts over the file's window; None where nothing was read."""

    throttles: float | None = None
    reason: str | None = None
    """Lambda's own Reason, for example ReservedFunctionConcurrentInvocationLimitExceeded."""
    seen_as: Literal["metric", "gateway", "client", "log", "none"] = "none"
    reserved: int | None = None
    has_reserved: bool | None = None
    """False: AWS said that none is reserved. None: not read."""
    account_limit: int | None = None
    unreserved_limit: int | None = None
    peak: float | None = None
    peak_is_at: Literal["reserved", "account", "below", "unknown"] = "unknown"
    account_peak: float | None = None
    provisioned: int | None = None
    spillover: float | None = None
    cite: tuple[Citation, ...] = ()


class NetworkPath(Fact):
    """Whether the function can get out of its VPC, and what blocks it."""

    in_vpc: bool | None = None
    egress: Literal["nat", "internet-gateway-only", "endpoints-only", "none", "not-in-vpc", "unknown"] = "unknown"
    """`internet-gateway-only`: a public subnet, which gives a function no way out, since it has no public address."""
    endpoint_services: tuple[str, ...] = ()
    private_dns_execute_api: bool = False
    security_group_blocks: tuple[str, ...] = ()
    """Words for each rule that is missing, for example `egress to 5432/tcp`."""
    dns_blocked: bool = False
    """The security groups or the DHCP options let no DNS query through."""
    nacl_blocks: bool = False
    cite: tuple[Citation, ...] = ()


class Change(Item):
    """One change to the target from CloudTrail or the deployment history."""

    name: str
    """EventName without the API version suffix, for example UpdateFunctionConfiguration."""
    kind: Literal["code", "configuration", "permission", "concurrency", "alias", "gateway", "network", "creation", "deletion", "other"] = (
        "other"
    )
    at_ms: int | None = None
    by: str | None = None
    seconds_before_errors: float | None = None
    """How long before the first failure it came; negative: after it. None: one of the two times is unknown."""
    fields: tuple[str, ...] = ()
    """Names of the request parameters that it set."""
    failed: bool = False


class ResponseShape(Item):
    """A proxy response body that a gateway logged, checked against what a REST API enforces."""

    unknown_keys: tuple[str, ...] = ()
    wrong_types: tuple[str, ...] = ()
    """Words such as `body is an object`."""
    is_error_payload: bool = False
    """The logged body is Lambda's own refusal or an error payload (throttle, KMS), and not the function's answer."""


class Traffic(Fact):
    """Metrics of the window, summed or maximised; None where the metric was not read."""

    invocations: float | None = None
    errors: float | None = None
    error_rate: float | None = None
    throttles: float | None = None
    duration_max_ms: float | None = None
    duration_avg_ms: float | None = None
    duration_p99_ms: float | None = None
    duration_rise: float | None = None
    """How many times the usual the longest run took: the highest value of the longest runs over their median. None: fewer than three."""
    concurrent_max: float | None = None
    front_door_5xx: float | None = None
    front_door_4xx: float | None = None
    front_door_count: float | None = None
    integration_latency_max_ms: float | None = None
    iterator_age_max_ms: float | None = None
    cite: tuple[Citation, ...] = ()


class FrontDoorFacts(Fact):
    """The front door and its own limits. Source of the limits: aws-failure facts carried on the constants of the code."""

    kind: str | None = None
    limit_ms: int | None = None
    """After how long it stops waiting, in milliseconds; None: it does not (ALB, function URL) or unknown."""
    function_timeout_ms: int | None = None
    function_outlives_it: bool | None = None
    """The function's Timeout is longer than the front door waits."""
    payload_format: str | None = None
    is_proxy: bool | None = None
    gateway_throttle_zero: bool = False
    """A stage, route or usage plan limit is 0, so that every call is refused."""
    status: int | None = None
    """The status callers see, from the client section, else the commonest failing one in gateway and access logs."""
    status_from: Literal["client", "gateway-log", "access-log", "alarm", "unknown"] = "unknown"
    handler_answered: bool | None = None
    """The status came from the function's own answer (a success at the Lambda API), not from the gateway."""
    forwards_host: bool | None = None
    """A CloudFront behaviour sends the viewer's Host header on to an API Gateway or function URL origin. None: no such origin was read."""
    domain_without_mapping: bool | None = None
    """A custom domain is called, and AWS said that it has no API mapping or base path mapping. None: one of the two is unknown."""


class Health(Fact):
    """What speaks for a healthy function. `looked_at` is in words, for the no-fault verdict."""

    is_healthy: bool = False
    """Evidence affirms health: runs or traffic were seen, and nothing failed that a caller would notice."""
    client_errors_only: bool = False
    handled_errors: int = 0
    looked_at: tuple[str, ...] = ()


class SimulatedDenial(Item):
    """One action that IAM's policy simulator says the execution role may not do."""

    action: str
    service: str
    explicit: bool = False
    resource: str | None = None


class HealthEvent(Item):
    """One AWS Health event; the ones of other regions and services are kept apart, since an account sees them all."""

    service: str
    region: str | None = None
    is_issue: bool = False
    is_open: bool = False
    """Open now, or open when the first failure was seen."""
    concerns: Literal["function", "dependency", "elsewhere"] = "elsewhere"
    """`function`: Lambda or what stands in front of it, here; `dependency`: a service that functions rest on, here."""


class TraceCall(Item):
    """What one traced invocation waited for: all its calls to one dependency. `count` is the number of calls."""

    name: str
    namespace: Literal["aws", "remote"]
    """`aws`: a call by an AWS SDK; `remote`: any other."""
    duration_ms: float | None = None
    """The time in which at least one of the calls ran. None: they have no end, and nor has the trace."""
    share: float | None = None
    """That time as a share of the whole invocation."""
    invocation_ms: float | None = None
    fault: bool = False
    error: bool = False
    throttle: bool = False
    in_progress: bool = False
    """At least one call had not come back when the invocation ended."""
    trace_id: str | None = None


class Stall(Item):
    """The longest silence between two log lines of an invocation that timed out or was over its front door's limit."""

    gap_ms: int
    share: float | None = None
    """The silence as a share of the invocation's duration."""
    before: str = ""
    """The last line before it; empty where the code had said nothing yet."""
    at_end: bool = False
    """The next line is Lambda's own: the code said nothing more."""
    outcome: Outcome = "unknown"
    request_id: str | None = None


class Facts(Fact):
    """All that was derived. A playbook reaches it by path, for example `runs.timed_out` or `denials[*].policy_type`."""

    runs: Runs = Runs()
    invocations: tuple[Invocation, ...] = ()
    faults: tuple[RuntimeFault, ...] = ()
    denials: tuple[Denial, ...] = ()
    denied_simulations: tuple[SimulatedDenial, ...] = ()
    gateway_outcomes: tuple[GatewayOutcome, ...] = ()
    response_shapes: tuple[ResponseShape, ...] = ()
    changes: tuple[Change, ...] = ()
    traces: tuple[TraceCall, ...] = ()
    stalls: tuple[Stall, ...] = ()
    invoke_permission: InvokePermission = InvokePermission()
    authorizer_permission: InvokePermission = InvokePermission(for_authorizer=True)
    throttling: Throttling = Throttling()
    network: NetworkPath = NetworkPath()
    traffic: Traffic = Traffic()
    front_door: FrontDoorFacts = FrontDoorFacts()
    health: Health = Health()
    health_events: tuple[HealthEvent, ...] = ()
    role_may_write_logs: bool | None = None
    """Whether the execution role's policies allow writing to the function's log group. None: a policy could not be read."""
    function_log_is_empty: bool | None = None
    """The function's own log group was read and holds no event, or AWS said that there is none. None: it was not read."""
    first_failure_ms: int | None = None
    runtime_family: Literal["python", "nodejs", "java", "dotnet", "go", "ruby", "provided", "image"] | None = None
