"""Text from outside, made safe for Slack: nothing in it is a mention, a link, markup, or invisible.

`Mrkdwn` is text that Slack reads as markup; the type checker lets nothing else into a section. It is built from the functions here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NewType

Mrkdwn = NewType("Mrkdwn", str)

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""Terminal sequences: colours, cursor moves, titles. Source: ECMA-48."""

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control characters, and those that turn text around, join it or hide it. A line can look like another one with them.
Source: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing"""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MARKUP: Final = re.compile(r"[*_~`]")

ELLIPSIS: Final = "…"

MAX_NAME_CHARS: Final = 200
MAX_ID_CHARS: Final = 40


def clean(text: str) -> str:
    """Return text without terminal sequences, control and invisible characters; line ends and tabs stay."""
    plain = _INVISIBLE.sub("", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return _SURROGATE.sub("\ufffd", plain)


def mrkdwn(text: str) -> Mrkdwn:
    """Return text for a section: Slack's three special characters escaped, `&` first.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return Mrkdwn(clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def code(text: str) -> Mrkdwn:
    """Return a name in a code span, which nothing in it can end."""
    flat = brief(text.replace("`", "'"))
    return Mrkdwn(f"`{mrkdwn(flat)}`") if flat else Mrkdwn("")


def brief(text: str) -> str:
    """Return a name on one line; no name that AWS gives out is longer than this, but for ARNs of layers and objects."""
    return shortened(" ".join(clean(text).split()), MAX_NAME_CHARS)[0]


def bold(text: str) -> Mrkdwn:
    """Return words in bold; marks in them would end it early and are dropped.

    A space at the end stays outside: Slack does not read `*Cause: *checkout` as bold.
    """
    words = mrkdwn(_MARKUP.sub("", text))
    return Mrkdwn(f"*{words.rstrip()}*{words[len(words.rstrip()) :]}")


def plain(text: str) -> str:
    """Return text for a `plain_text` object, on one line.

    Whether Slack shows entities there as they are is not documented, so the special characters become look-alikes instead.
    """
    return " ".join(clean(text).split()).replace("&", "＆").replace("<", "‹").replace(">", "›")


def date(seconds: float) -> Mrkdwn:
    """Return a time that each reader sees in their own time zone.

    Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Mrkdwn(f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{fallback}>")


def user(user_id: str) -> Mrkdwn:
    """Return the name of the person who asked, if this is a user's id; never a mention of a group or channel.

    Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    """
    return Mrkdwn(f"<@{user_id}>") if re.fullmatch(r"[UW][A-Z0-9]{2,20}", user_id) else mrkdwn(short(user_id, MAX_ID_CHARS))


def short(text: str, limit: int) -> str:
    """Return text on one line, of at most so many characters as `mrkdwn` writes it; for lists, in which each has its share."""
    return shortened(" ".join(clean(text).split()), limit, escaped=True)[0]


def shortened(text: str, limit: int, *, escaped: bool = False) -> tuple[str, bool]:
    """Return text of at most `limit` characters, and whether something was left out.

    With `escaped` the limit holds for the text as `mrkdwn` writes it, in which `<` has four characters.
    """
    cleaned = clean(text)

    def length(part: str) -> int:
        return len(mrkdwn(part)) if escaped else len(part)

    if length(cleaned) <= limit:
        return cleaned, False
    low, high = 0, min(len(cleaned), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if length(cleaned[:middle]) + len(ELLIPSIS) <= limit:
            low = middle
        else:
            high = middle - 1
    return cleaned[:low] + ELLIPSIS, True
