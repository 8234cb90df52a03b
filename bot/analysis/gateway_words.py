"""What gateways and Lambda itself say when a request fails, and what it means. One place for the words, whoever quotes them."""

from __future__ import annotations

import re
from typing import Final, Literal

Reason = Literal[
    "function-error", "timeout", "malformed-response", "throttled-lambda", "permission", "authorizer-failed", "authorizer-denied",
    "authorizer-permission", "role-not-assumable", "kms", "function-state", "waf", "api-key", "missing-token", "bad-token",
    "signature", "expired-token",
    "resource-policy", "gateway-throttle", "quota", "too-large-request", "too-large-response", "unauthorized", "not-found", "no-target",
    "edge-execution-error", "edge-validation-error", "edge-limit", "service-error", "mapping", "other",
]  # fmt: skip

RESPONSE_TYPES: Final[dict[str, Reason]] = {
    "ACCESS_DENIED": "authorizer-denied",
    "API_CONFIGURATION_ERROR": "other",
    "AUTHORIZER_CONFIGURATION_ERROR": "authorizer-failed",
    "AUTHORIZER_FAILURE": "authorizer-failed",
    "EXPIRED_TOKEN": "expired-token",
    "INTEGRATION_FAILURE": "function-error",
    "INTEGRATION_TIMEOUT": "timeout",
    "INVALID_API_KEY": "api-key",
    "INVALID_SIGNATURE": "signature",
    "MISSING_AUTHENTICATION_TOKEN": "missing-token",
    "QUOTA_EXCEEDED": "quota",
    "REQUEST_TOO_LARGE": "too-large-request",
    "RESOURCE_NOT_FOUND": "not-found",
    "THROTTLED": "gateway-throttle",
    "UNAUTHORIZED": "unauthorized",
    "WAF_FILTERED": "waf",
}
"""$context.error.responseType. Source: API Gateway developer guide, "Gateway response types". INTEGRATION_FAILURE stands in live access
logs with status 502 for an error of the function, although the page gives 504 as its default."""

ERROR_TYPE_HEADERS: Final[dict[str, Reason]] = {
    "MissingAuthenticationTokenException": "missing-token",
    "AuthorizerConfigurationException": "authorizer-failed",
    "AuthorizerFailureException": "authorizer-failed",
    "UnauthorizedException": "unauthorized",
    "InvalidSignatureException": "signature",
    "SignatureDoesNotMatch": "signature",
    "UnrecognizedClientException": "signature",
    "InvalidClientTokenId": "signature",
    "ExpiredTokenException": "expired-token",
    "IncompleteSignatureException": "bad-token",
    "LimitExceededException": "quota",
    "RequestTooLargeException": "too-large-request",
    "KMSAccessDeniedException": "kms",
    "KMSDisabledException": "kms",
    "KMSInvalidStateException": "kms",
    "KMSNotFoundException": "kms",
    "CodeArtifactUserPendingException": "function-state",
    "ResourceConflictException": "function-state",
    "ResourceNotReadyException": "function-state",
    "ServiceException": "service-error",
}
"""x-amzn-ErrorType. InternalServerErrorException is left out: every 5xx of a REST API carries it. Sources: as RESPONSE_TYPES, and the
exceptions of the Lambda Invoke API."""

ALB_REASONS: Final[dict[str, Reason]] = {
    "LambdaInvalidResponse": "malformed-response",
    "LambdaUnhandled": "function-error",
    "LambdaThrottling": "throttled-lambda",
    "LambdaAccessDenied": "permission",
    "LambdaResponseTooLarge": "too-large-response",
    "LambdaRequestTooLarge": "too-large-request",
    "LambdaResourceNotFound": "not-found",
    "LambdaConnectionTimeout": "service-error",
    "LambdaConnectionError": "service-error",
    "LambdaServiceException": "service-error",
    "LambdaUnhandledException": "service-error",
    "LambdaBadRequest": "other",
    "LambdaWebsocketNotSupported": "other",
    "LambdaKMSAccessDeniedException": "kms",
    "LambdaKMSDisabledException": "kms",
    "LambdaKMSInvalidStateException": "kms",
    "LambdaKMSNotFoundException": "kms",
    "LambdaENILimitReachedException": "function-state",
    "LambdaSubnetIPAddressLimitReachedException": "function-state",
    "LambdaEC2AccessDeniedException": "function-state",
    "LambdaEC2ThrottledException": "function-state",
    "LambdaEC2UnexpectedException": "function-state",
    "LambdaInvalidZipFileException": "function-state",
    "LambdaInvalidRuntimeException": "function-state",
    "LambdaInvalidSubnetIDException": "function-state",
    "LambdaInvalidSecurityGroupIDException": "function-state",
}
"""error_reason. Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""

EDGE_CACHE: Final[dict[str, Reason]] = {
    "LambdaExecutionError": "edge-execution-error",
    "LambdaValidationError": "edge-validation-error",
    "LambdaLimitExceeded": "edge-limit",
    "LambdaThrottledError": "edge-limit",
}
"""x-edge-result-type, which X-Cache repeats. Source: CloudFront developer guide, "Standard logging reference", x-edge-result-type."""

_WORDS: Final[tuple[tuple[str, Reason], ...]] = (
    ("due to customer function error", "function-error"),
    ("Lambda Customer Function Error", "function-error"),
    ("The Lambda function returned the following error", "function-error"),
    ("KMS access was denied", "kms"),
    ("unable to decrypt the environment variables", "kms"),
    ("KMS Exception:", "kms"),
    ("Rate Exceeded", "throttled-lambda"),
    ("InvocationLimitExceeded", "throttled-lambda"),
    ("InvocationRateLimitExceeded", "throttled-lambda"),
    ("due to a timeout error", "timeout"),
    ("Endpoint request timed out", "timeout"),
    ("Malformed Lambda proxy response", "malformed-response"),
    ("permissions to call the authorizer", "authorizer-permission"),
    ("permissions to call the integration", "permission"),
    ("Invalid permissions on Lambda function", "permission"),
    ("is not authorized to perform: lambda:InvokeFunction", "permission"),
    ("troubleshooting Function URL authorization issues", "permission"),
    ("does not have permission to assume the provided role", "role-not-assumable"),
    ("Authorizer error", "authorizer-failed"),
    ("AuthorizerConfigurationException", "authorizer-failed"),
    ("AuthorizerFailureException", "authorizer-failed"),
    ("User is not authorized to access this resource", "authorizer-denied"),
    ("The client is not authorized to perform this operation", "authorizer-denied"),
    ("Unauthorized request:", "unauthorized"),
    ("Output mapping refers to an invalid method response", "mapping"),
    ("No match for output mapping", "mapping"),
    ("currently in the following state", "function-state"),
    ("Lambda is initializing your function", "function-state"),
    ("CodeArtifactUserPendingException", "function-state"),
    ("Missing Authentication Token", "missing-token"),
    ("missing equal-sign", "bad-token"),
    ("signature we calculated does not match", "signature"),
    ("SignatureDoesNotMatch", "signature"),
    ("security token included in the request is expired", "expired-token"),
    ("security token included in the request is invalid", "signature"),
    ("Signature expired", "expired-token"),
    ("Request Too Long", "too-large-request"),
    ("requires API Key", "api-key"),
    ("function tried to", "edge-validation-error"),
    ("result failed validation", "edge-validation-error"),
    ("result validation failed", "edge-validation-error"),
    ("ERROR Validation error", "edge-validation-error"),
    ("associated with the CloudFront distribution is invalid or doesn't have the required permissions", "edge-execution-error"),
    ("associated with the CloudFront distribution was throttled", "edge-limit"),
    ("due to an internal error", "service-error"),
)
"""In the order in which they are asked.

Sources: AWS re:Post knowledge center on REST and HTTP APIs with Lambda, API Gateway developer guide
("Troubleshooting issues with HTTP API Lambda integrations", "Gateway response types"), Lambda's Invoke API, CloudFront error pages, and
execution logs and responses recorded in public reports, 2018-2026."""

_ANONYMOUS = re.compile(r"User: \S+ is not authorized to perform: execute-api:Invoke")


def reason_in(text: str) -> Reason | None:
    """Return what a gateway's words mean, or None for words of no known meaning."""
    for words, reason in _WORDS:
        if words in text:
            return reason
    if "execute-api:Invoke" in text and (match := _ANONYMOUS.search(text)):
        if "User: anonymous " in match.group() or "resource-based" in text or "explicit deny" in text:
            return "resource-policy"
        return "other"
    return None
