"""Which IAM action an API operation needs: mostly the same name, with the exceptions listed here."""

from __future__ import annotations

from typing import Final

IAM_PREFIXES: Final = {"apigatewayv2": "apigateway", "elbv2": "elasticloadbalancing"}
"""Where the IAM prefix is not botocore's name of the service.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

HTTP_VERB_SERVICES: Final = frozenset({"apigateway", "apigatewayv2"})
"""Services whose management actions are HTTP verbs; every read is a GET.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""


def operation_name(service: str, operation: str) -> str:
    """Return the operation as a gap names it, for example `apigateway:GetStage`."""
    return f"{IAM_PREFIXES.get(service, service)}:{operation}"


def iam_action(service: str, operation: str) -> str:
    """Return the IAM action that a read operation needs, for example `apigateway:GET`."""
    prefix = IAM_PREFIXES.get(service, service)
    return f"{prefix}:GET" if service in HTTP_VERB_SERVICES else f"{prefix}:{operation}"
