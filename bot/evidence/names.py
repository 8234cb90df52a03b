"""Names of functions: taken apart, and compared with those that exist."""

from __future__ import annotations

import difflib
import re
from typing import Final

from bot.models.incident_file import Target

_ARN: Final = re.compile(
    r"^arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_.-]+)(?::(?P<qualifier>[A-Za-z0-9$_.-]+))?$"
)
_PARTIAL: Final = re.compile(r"^(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[A-Za-z0-9_.-]+)(?::(?P<qualifier>[A-Za-z0-9$_.-]+))?$")
"""The forms that Lambda accepts: name, name:alias, account:function:name, ARN.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""


def with_plain_name(target: Target) -> Target:
    """Return the target with the parts of an ARN or a qualified name in their own fields."""
    given = target.function_name
    match = (_ARN.match(given) or _PARTIAL.match(given)) if given else None
    if match is None:
        return target
    parts = match.groupdict()
    return target.model_copy(
        update={
            "function_name": parts["name"],
            "qualifier": target.qualifier or parts.get("qualifier"),
            "region": target.region or parts.get("region"),
            "account_id": target.account_id or parts.get("account"),
        }
    )


def near_names(wanted: str, known: list[str]) -> list[str]:
    """Return up to three existing names that are near the wanted one: spelt alike, or holding it whole."""
    by_folded = {name.lower(): name for name in known}
    close = [by_folded[hit] for hit in difflib.get_close_matches(wanted.lower(), list(by_folded), n=3, cutoff=0.6)]
    holding = [name for name in sorted(known, key=len) if wanted.lower() in name.lower() and name not in close]
    return (close + holding)[:3]


def partition_of(region: str) -> str:
    """Return the partition of a region, which every ARN names.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
