"""A function's tags, for the routes that ask for them before any evidence is collected."""

from __future__ import annotations

import logging
from typing import Final

from bot.alarms.questions import NotThere, Questions
from bot.evidence.names import partition_of
from bot.ports import AwsClients

logger = logging.getLogger(__name__)

IAM_ACTIONS: Final = frozenset({"lambda:ListTags"})


def read_tags(aws: AwsClients, function: str, region: str, account: str) -> dict[str, str]:
    """Return a function's tags; none, with a log line, where they cannot be read."""
    if not (function and region and account):
        return {}
    ask = Questions(aws, region)
    arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{function}"
    try:
        answer = ask.ask("tags", "lambda", "list_tags", Resource=arn) or {}
    except NotThere:
        return {}
    for gap in ask.gaps:
        logger.warning("tags cannot be read, routes by tag do not fit", extra={"function": function, "code": gap.code})
    tags: dict[str, str] = answer.get("Tags") or {}
    return tags
