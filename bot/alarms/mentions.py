"""Alarms and functions that a text written for people names: a chat message of Amazon Q or another tool, or a person's own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

MAX_MENTIONS: Final = 20

_FUNCTION_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
_ALARM_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:cloudwatch:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):alarm:(?P<name>[^\n\r<>|\"`*]{1,255})"
)

_CONSOLE: Final = r"https://[a-z0-9.-]*console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)"

_ALARM_PAGE: Final = re.compile(_CONSOLE + r"/cloudwatch/[^\s<>|#]*#alarmsV2:(?:alarm/|\?~\(alarm~')(?P<name>[^\s<>|?&']+)")
"""The console's page of one alarm, as CloudWatch's own mails and chat messages link to it."""

_FUNCTION_PAGE: Final = re.compile(_CONSOLE + r"/lambda/[^\s<>|#]*#/functions/(?P<name>[A-Za-z0-9_-]{1,140})")

_REGION: Final = re.compile(r"[?&]region=([a-z0-9-]+)")

_AMAZON_Q: Final = re.compile(
    r"CloudWatch (?:Composite )?Alarm \| (?P<name>.{1,255}?) \| (?P<region>[a-z]{2}(?:-[a-z]+)+-\d) \| Account: (?P<account>\d{12})"
)
"""The headline of an alarm that Amazon Q posts. Source: https://docs.aws.amazon.com/chatbot/latest/adminguide/related-services.html"""

_MAIL_SUBJECT: Final = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA): \"(?P<name>[^\"\n]{1,255})\" in (?P<place>[^\n<>|]{2,40})")
"""How CloudWatch begins a notice. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""

_LOG_GROUP: Final = re.compile(r"/aws/lambda/(?P<name>[A-Za-z0-9_-]{1,140})")

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{3,140}")


@dataclass(frozen=True)
class Mention:
    """A name in a text, with what stands beside it."""

    kind: Literal["function", "alarm"]
    name: str
    qualifier: str | None = None
    region: str | None = None
    account_id: str | None = None


def mentions(text: str, known: Collection[str] = ()) -> tuple[Mention, ...]:
    """Return what a text names, the surest first and each once: ARNs and console pages, then words that are a function's name.

    `known` are the names of the account's functions; no other word counts.
    """
    found = dict.fromkeys([*_exact(text), *_words(text, frozenset(known))])
    # The same name may stand there with and without its region.
    best = {(one.kind, one.name): one for one in reversed(found)}
    return tuple(one for one in found if best[one.kind, one.name] == one)[:MAX_MENTIONS]


def _exact(text: str) -> Iterator[Mention]:
    for match in _ALARM_ARN.finditer(text):
        yield Mention("alarm", match["name"].strip(), region=match["region"], account_id=match["account"])
    for match in _FUNCTION_ARN.finditer(text):
        yield Mention("function", match["name"], match["qualifier"], match["region"], match["account"])
    for match in _AMAZON_Q.finditer(text):
        yield Mention("alarm", match["name"].strip(), region=match["region"], account_id=match["account"])
    for match in _ALARM_PAGE.finditer(text):
        yield Mention("alarm", unquote(unquote(match["name"].replace("*", "%"))), region=_region_of_page(match[0]))
    for match in _FUNCTION_PAGE.finditer(text):
        yield Mention("function", match["name"], region=_region_of_page(match[0]))
    for match in _MAIL_SUBJECT.finditer(text):
        yield Mention("alarm", match["name"])
    for match in _LOG_GROUP.finditer(text):
        yield Mention("function", match["name"])


def _words(text: str, known: frozenset[str]) -> Iterator[Mention]:
    for match in _WORD.finditer(text):
        if match[0] in known:
            yield Mention("function", match[0])


def _region_of_page(address: str) -> str | None:
    found = _REGION.search(address)
    return found[1] if found else None
