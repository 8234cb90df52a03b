"""A thread in the terminal reads as it does in Slack."""

from __future__ import annotations

import io

from rich.console import Console

from bot.demo.render import mrkdwn, print_thread
from bot.demo.slack_workspace import File, Message

BLOCKS = (
    {"type": "header", "text": {"type": "plain_text", "text": "checkout fails"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Timeout* after `3 s`, see <https://example.com/a|the page>"}},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Status*\n502"}, {"type": "mrkdwn", "text": "*Since*\n03:12"}]},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "very sure"}]},
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Raise timeout"}, "action_id": "a"}]},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "Task timed out"}]},
            {"type": "rich_text_list", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a gap"}]}]},
        ],
    },
)


def rendered(*messages: Message, terminal: bool = False) -> str:
    """Return what is printed."""
    out = io.StringIO()
    print_thread(Console(file=out, width=100, force_terminal=terminal, color_system="standard" if terminal else None), messages)
    return out.getvalue()


def test_every_kind_of_block_is_shown() -> None:
    """Whatever the bot posts, its words are there."""
    shown = rendered(Message("C1", "1.1", "fallback", BLOCKS))

    expected = ["checkout fails", "Timeout after 3 s", "the page (https://example.com/a)", "502", "very sure", "Raise timeout", "• a gap"]
    for words in expected:
        assert words in shown
    assert "fallback" not in shown


def test_pipe_gets_plain_text_and_a_terminal_gets_colours() -> None:
    """No escape codes where nobody can see them."""
    message = Message("C1", "1.1", "*bold*")

    assert "\x1b[" not in rendered(message)
    assert "\x1b[1mbold" in rendered(message, terminal=True)


def test_log_text_cannot_pass_for_markup() -> None:
    """Escaped characters come back as what they were, and stay text."""
    assert mrkdwn("&lt;!channel&gt; &amp;lt; [bold]").plain == "<!channel> &lt; [bold]"
    assert mrkdwn("```\n*not bold*\n```").plain == "*not bold*"


def test_dates_and_emoji_are_shown_as_a_reader_sees_them() -> None:
    """Slack puts the date into the reader's time zone; here its fallback stands."""
    assert mrkdwn(":lock: since <!date^1700000000^{time}|22:13 UTC>").plain == "🔒 since 22:13 UTC"


def test_attached_file_is_shown_by_name_size_and_first_lines() -> None:
    """The reader sees that nothing was cut in silence."""
    file = File("F1", "log.txt", "Function log", b"\n".join(b"line %d" % n for n in range(10)))
    shown = rendered(Message("C1", "1.1", "first"), Message("C1", "1.2", "", thread_ts="1.1", files=(file,)))

    assert "Function log (69 bytes)" in shown
    assert "line 5" in shown
    assert "4 more lines" in shown
