"""The cause vocabulary: one label for each root cause that a diagnosis may name, with the actions that really help it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from bot.models.diagnosis import Action

Family = Literal["502", "504", "503", "403", "429", "other"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause.

    `family` is the status that callers usually see first (the front door decides what they really see). `help` lists
    the actions that mend it, the usual one first; where it is empty no button may be offered, only advice.
    """

    label: str
    family: Family
    meaning: str
    help: tuple[Action, ...] = ()


_CAUSES: Final = (
    Cause("function-timeout", "502", "The function ran into its own Timeout, which is shorter than the front door's.", ("raise-timeout",)),
    Cause(
        "integration-timeout", "504", "The front door gave up while the function was still running; a longer function timeout is no help."
    ),
    Cause("slow-downstream", "504", "The time goes into waiting for a dependency: a database, another API.", ("enable-tracing",)),
    Cause("cold-start", "504", "Initialisation, and not the handler, uses up the time.", ("set-provisioned-concurrency", "raise-memory")),
    Cause("vpc-no-egress", "504", "The function sits in a VPC from which no route leads to what it calls."),
    Cause("security-group-blocked", "504", "A security group or a network ACL drops the connection to a private resource."),
    Cause("dns-failure", "502", "A host name cannot be resolved."),
    Cause("event-loop-not-drained", "504", "The Node.js handler is done, but open handles keep the invocation running until its timeout."),
    Cause("connection-pool-exhausted", "504", "A pool of database or client connections is empty, so that requests wait or fail."),
    Cause("malformed-proxy-response", "502", "The function answered, but not in the shape that the proxy integration demands."),
    Cause("response-not-serializable", "502", "The runtime could not turn the return value into JSON."),
    Cause("response-too-large", "502", "The response is larger than Lambda, the load balancer or the gateway lets through."),
    Cause("unhandled-exception", "502", "The handler raised an error that nothing caught.", ("rollback-alias",)),
    Cause("import-error", "502", "A module that the code imports is neither in the package nor in a layer.", ("rollback-alias",)),
    Cause("handler-not-found", "502", "The configured handler names a file or a function that is not there.", ("rollback-alias",)),
    Cause(
        "dependency-native-mismatch",
        "502",
        "A compiled dependency was built for another architecture, C library or language version.",
        ("rollback-alias",),
    ),
    Cause("exec-format-error", "502", "The binary or the image's entry point cannot be run here.", ("rollback-alias",)),
    Cause(
        "init-failure",
        "502",
        "The init phase failed or ran out of time, in the function or in an extension.",
        ("raise-memory", "rollback-alias"),
    ),
    Cause("out-of-memory", "502", "The sandbox was killed, or the runtime gave up, for lack of memory.", ("raise-memory",)),
    Cause("runtime-exit", "502", "The process ended by itself, for a reason other than memory.", ("rollback-alias",)),
    Cause("package-file-permission", "502", "The sandbox's user may not read or run a file of the package.", ("rollback-alias",)),
    Cause("ephemeral-storage-full", "502", "The sandbox's /tmp is full.", ("raise-ephemeral-storage",)),
    Cause("file-descriptors-exhausted", "502", "File descriptors or sockets leak from one invocation to the next until none is left."),
    Cause(
        "deployment-regression",
        "502",
        "Errors began with a deployment or a change of configuration, which is their cause.",
        ("rollback-alias",),
    ),
    Cause(
        "throttled-reserved-concurrency",
        "503",
        "The function's own reserved concurrency is used up.",
        ("raise-reserved-concurrency", "remove-reserved-concurrency"),
    ),
    Cause(
        "reserved-concurrency-zero",
        "503",
        "Reserved concurrency is 0: somebody switched the function off.",
        ("remove-reserved-concurrency",),
    ),
    Cause(
        "throttled-account-concurrency",
        "503",
        "The account's unreserved concurrency is used up, by this function or by a neighbour.",
        ("request-quota-increase", "raise-reserved-concurrency"),
    ),
    Cause("throttled-burst-rate", "503", "Concurrency rose faster than a function may scale.", ("set-provisioned-concurrency",)),
    Cause("gateway-throttled", "429", "A limit of the gateway's stage, route or usage plan refused the call before Lambda saw it."),
    Cause("function-inactive-or-pending", "503", "The function's State is not Active, or an update is in progress."),
    Cause("service-outage", "503", "AWS itself failed."),
    Cause("recursion-stopped", "503", "Lambda's loop detection stopped the function."),
    Cause(
        "event-source-mapping-broken",
        "other",
        "The poller is disabled, failing or wrongly set up, so that events pile up.",
        ("enable-event-source",),
    ),
    Cause(
        "missing-invoke-permission",
        "403",
        "No statement of the function's resource policy lets the caller invoke it.",
        ("add-invoke-permission",),
    ),
    Cause(
        "wrong-source-arn", "403", "A statement is there, but its source or its qualifier is not the caller's.", ("add-invoke-permission",)
    ),
    Cause(
        "execution-role-denied", "403", "The execution role lacks an action on a resource that the code uses.", ("grant-role-permission",)
    ),
    Cause(
        "scp-or-boundary-denied", "403", "An organisation policy, a permissions boundary or a session policy denies what the role allows."
    ),
    Cause("vpc-endpoint-policy-denied", "403", "The policy of a VPC endpoint denies the call."),
    Cause(
        "kms-access-denied",
        "403",
        "The role or the key's policy does not allow the key that protects environment, secret, bucket or queue.",
        ("grant-role-permission",),
    ),
    Cause("caller-iam-denied", "403", "The caller's own identity may not invoke; the function's policy is right."),
    Cause("private-dns-captures-api", "403", "Inside a VPC, an execute-api endpoint with private DNS answers for a public API's name."),
    Cause("host-header-mismatch", "403", "The Host header or custom domain does not lead to this API, distribution or URL."),
    Cause(
        "resource-missing-or-elsewhere",
        "403",
        "The resource named does not exist in this account or region, reported as a denial or as not found.",
    ),
    Cause("s3-code-access-denied", "403", "Lambda cannot read the code package or the image."),
    Cause("api-resource-policy-denied", "403", "The API's own resource policy refuses the caller."),
    Cause("missing-api-key", "403", "The method demands an API key; the request carries none, or a wrong one."),
    Cause(
        "missing-authentication-token",
        "403",
        "Path, method or stage does not exist, and the gateway calls that a missing authentication token.",
    ),
    Cause("waf-blocked", "403", "A web ACL blocked the request."),
    Cause(
        "function-url-auth",
        "403",
        "The function URL refuses the caller: no signature, or a policy that lacks one of two actions.",
        ("add-invoke-permission",),
    ),
    Cause("authorizer-denied", "403", "The authorizer denied the caller, or failed itself."),
    Cause("signature-invalid", "403", "The signature, the credentials or the clock of the caller are wrong."),
    Cause(
        "client-error-not-lambda",
        "403",
        "The caller's request or the application's own logic made the error; the platform works as set up.",
    ),
    Cause("downstream-throttled", "429", "A service that the function calls throttles it; Lambda itself does not."),
    Cause("log-permission-missing", "other", "The role may not write logs, so that the function is silent.", ("grant-role-permission",)),
)

CAUSES: Final = MappingProxyType({cause.label: cause for cause in _CAUSES})
"""Every cause by its label, in the order of the vocabulary."""


def helps(cause: str, action: Action) -> bool:
    """Tell whether an action is one that mends a cause; False for a cause that is not in the vocabulary."""
    known = CAUSES.get(cause)
    return known is not None and action in known.help
