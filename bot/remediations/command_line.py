"""The calls of a change as a person would type them: one line of the AWS CLI for each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any, Final

from bot.models.plan import ApiCall, RemediationPlan

LOADED: Final = ("file://", "fileb://", "http://", "https://")
"""The CLI reads a file or an address that a parameter begins with in its place; within its JSON input it does not.
Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html"""


def command_line(plan: RemediationPlan) -> str:
    """Return the plan's calls, in order, one line each."""
    return "\n".join(line_of(call, plan.region) for call in plan.calls)


def line_of(call: ApiCall, region: str) -> str:
    """Return one call, quoted for a POSIX shell.

    botocore's names of services and operations are the CLI's, in its own spelling; so are those of parameters.
    """
    # Imported at the first call, since answering from a saved file needs no AWS.
    from botocore import xform_name

    words = ["aws", call.service, xform_name(call.operation, "-"), "--region", region]
    if any(isinstance(value, str) and value.startswith(LOADED) for value in call.parameters.values()):
        return shlex.join([*words, "--cli-input-json", _json(call.parameters)])
    for name, value in call.parameters.items():
        words += _option(xform_name(name, "-"), value)
    return shlex.join(words)


def _option(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        # Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-types.html (Boolean)
        yield f"--{name}" if value else f"--no-{name}"
        return
    text = value if isinstance(value, str) else _json(value)
    if text.startswith("-"):
        yield f"--{name}={text}"
    else:
        yield f"--{name}"
        yield text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
