"""One call to AWS, and its failure as an error with AWS's code."""

from __future__ import annotations

from typing import Any

from bot.errors import RemediationError
from bot.ports import AwsClients


def call_aws(aws: AwsClients, region: str | None, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return AWS's answer.

    Raises:
        RemediationError: AWS refused, or could not be reached; carries the operation and the code.
    """
    # Imported at the first call, since answering from a saved file needs no AWS.
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError

    name = f"{service}:{operation}"
    try:
        answer: dict[str, Any] = getattr(aws.client(service, region), xform_name(operation))(**parameters)
    except ClientError as exc:
        error = exc.response.get("Error", {})
        code = str(error.get("Code", ""))
        raise RemediationError(f"{name}: {code}: {error.get('Message', '')}".rstrip(": "), operation=name, code=code) from exc
    except BotoCoreError as exc:
        raise RemediationError(f"{name}: {exc}", operation=name, code=type(exc).__name__) from exc
    return answer
