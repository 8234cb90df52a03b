"""What could not be seen, and what would have to be granted."""

from __future__ import annotations

import json
from typing import Final

from bot.evidence.iam import iam_action
from bot.models.diagnosis import Answer
from bot.models.incident import Report
from bot.models.incident_file import Gap
from bot.slack.blocks import Composer, Message
from bot.slack.escape import Mrkdwn, bold

EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"""

THROTTLED_CODES: Final = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException"}
)

DENIED_CODES: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedException"}
)
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""

EXPLICIT: Final = "with an explicit deny"
"""How AWS says that a policy forbids it; then no Allow helps.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

POLICY_VERSION: Final = "2012-10-17"


def is_denied(code: str) -> bool:
    """Tell whether a gap is for lack of permission."""
    return code in DENIED_CODES


def gaps_message(report: Report) -> Message | None:
    """Return what could not be seen, with the policy to paste."""
    answer = report.findings.answer if report.findings else None
    if answer is None or not answer.gaps:
        return None
    composer = Composer()
    composer.section(bold("What I could not see"))
    composer.bullets("Questions that failed", [_gap_words(gap) for gap in answer.gaps])
    if actions := missing_actions(answer):
        composer.excerpt("Policy to attach to the bot's investigating role, to let me see it", policy_for(actions))
    if any(EXPLICIT in gap.message for gap in answer.gaps):
        composer.context(Mrkdwn("A policy denies some of it explicitly: there no grant helps while that statement stands."))
    return composer.message("Could not be seen: " + "; ".join(_gap_words(gap) for gap in answer.gaps))


def missing_actions(answer: Answer) -> list[str]:
    """Return the IAM actions that would have to be granted, sorted."""
    denied = (gap for gap in answer.gaps if is_denied(gap.code) and EXPLICIT not in gap.message)
    return sorted({action for gap in denied if (action := _action(gap))})


def policy_for(actions: list[str]) -> str:
    """Return a policy that grants the actions, as JSON; all of them read only."""
    statement = {"Sid": "LambdaMedicReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": POLICY_VERSION, "Statement": [statement]}, indent=2)


def _gap_words(gap: Gap) -> str:
    if gap.code in EXPIRED_CODES:
        reason = "the credentials have expired or are not valid"
    elif gap.code in THROTTLED_CODES:
        reason = "AWS throttled the question, also after retries"
    else:
        reason = gap.message
    asked = " ".join(part for part in (gap.operation, gap.code) if part)
    return f"{gap.section.replace('_', ' ')}: {asked}{': ' if asked and reason else ''}{reason}"


def _action(gap: Gap) -> str:
    service, colon, operation = gap.operation.partition(":")
    return iam_action(service, operation) if colon and operation else ""
