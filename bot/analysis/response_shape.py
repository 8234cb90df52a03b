"""A function's answer to a REST API's proxy integration, checked against what the gateway really enforces.

No key is required: `{}` and an answer with headers alone are 200. What breaks it are unknown keys and wrong types.
Source: responses recorded on AWS, github.com/localstack/localstack, tests/aws/services/apigateway (snapshots of 2024).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bot.analysis.facts import ResponseShape
from bot.analysis.reading import Text

BODY_MARK: Final = "Endpoint response body before transformations: "

KNOWN_KEYS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
"""Source: API Gateway developer guide, "Output format of a Lambda function for proxy integration"."""

_ERROR_KEYS: Final = frozenset({"errormessage", "errortype", "reason", "type", "message", "stacktrace", "requestid", "trace", "cause"})
_WHOLE: Final = re.compile(r"-?\d+")


def response_shape(text: Text) -> ResponseShape | None:
    """Return the shape of the answer that an execution log line holds; None where it is cut off or is no JSON at all."""
    raw = text.raw.partition(BODY_MARK)[2].strip()
    if not raw or raw.endswith("[TRUNCATED]"):
        return None
    try:
        answer = json.loads(raw)
    except ValueError:
        return None
    cite = (text.cite(raw),)
    if not isinstance(answer, dict):
        return ResponseShape(cite=cite, wrong_types=(f"the answer is {_named(answer)}",))
    return ResponseShape(
        cite=cite,
        unknown_keys=tuple(sorted(str(key) for key in answer if key not in KNOWN_KEYS)),
        wrong_types=tuple(_wrong_types(answer)),
        is_error_payload=_is_error_payload(answer),
    )


def _is_error_payload(answer: dict[str, Any]) -> bool:
    """Lambda's refusals (`Reason`, `Type`, `Message`) and error payloads (`errorMessage`) hold nothing else."""
    keys = {str(key).lower() for key in answer}
    if not keys or not keys <= _ERROR_KEYS:
        return False
    return bool(keys & {"errormessage", "errortype"}) or ("Type" in answer and keys >= {"message"}) or "Reason" in answer


def _wrong_types(answer: dict[str, Any]) -> list[str]:
    wrong: list[str] = []
    status = answer.get("statusCode")
    if status is not None and not _is_status(status):
        wrong.append(f"statusCode is {_named(status)}" if not isinstance(status, str) else f"statusCode is the string {status!r}")
    if isinstance(answer.get("body"), dict | list):
        wrong.append(f"body is {_named(answer['body'])}")
    headers = answer.get("headers")
    if headers is not None and not isinstance(headers, dict):
        wrong.append(f"headers is {_named(headers)}")
    elif isinstance(headers, dict):
        wrong += [f"header {name} is {_named(value)}" for name, value in headers.items() if isinstance(value, dict | list)]
    many = answer.get("multiValueHeaders")
    if many is not None and not isinstance(many, dict):
        wrong.append(f"multiValueHeaders is {_named(many)}")
    elif isinstance(many, dict):
        wrong += [f"multiValueHeaders {name} is {_named(value)}" for name, value in many.items() if not isinstance(value, list)]
    return wrong


def _is_status(value: object) -> bool:
    """A number, or a string of digits, which the gateway takes as one."""
    if isinstance(value, bool):
        return False
    return (
        isinstance(value, int)
        or (isinstance(value, float) and value.is_integer())
        or (isinstance(value, str) and bool(_WHOLE.fullmatch(value)))
    )


def _named(value: object) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", bool: "a boolean", str: "a string", int: "a number", float: "a number"}
    return names.get(type(value), "of another type")
