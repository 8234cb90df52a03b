"""Answers to one person: valid for Slack, readable without colours, and nothing in them is live that was not meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.audit import GENESIS, AuditEntry
from bot.models.replies import (
    AuditReply,
    ChangeLine,
    GradeWindow,
    HelpReply,
    HistoryReply,
    HomeReply,
    IncidentLine,
    NoteReply,
    PlaybookLine,
    PlaybookReply,
    PlaybooksReply,
    Reply,
    StatusReply,
)
from bot.playbooks.causes import CAUSES
from bot.slack.answers import render_reply
from bot.slack.home import grade_view, home_view
from tests.slack.validation import HOSTILE, HOSTILE_SAMPLES, assert_valid_message, assert_valid_view, shown

THREAD = "<https://slack.com/archives/C0INCIDENTS/p1778728321000100|thread>"
MEANT = (THREAD, "<@U0ONCALL>")


def a_line(title: str = "checkout", **fields: Any) -> IncidentLine:
    """Return an open incident."""
    standard = {"id": "inc-0123456789ab", "title": title, "state": "open", "cause": "function-timeout", "opened_at": 1778728321.0}
    return IncidentLine.model_validate({**standard, "channel": "C0INCIDENTS", "thread_ts": "1778728321.000100", **fields})


def a_change(words: str = "raise timeout: timeout_s 3 → 10") -> ChangeLine:
    """Return a change that waits."""
    return ChangeLine(
        id="chg-1",
        words=words,
        function_name=words,
        requested_by="U0ONCALL",
        expires_at=2.0,
        channel="C0INCIDENTS",
        thread_ts="1778728321.000100",
    )


def an_entry(said: str = "not among the approvers") -> AuditEntry:
    """Return a refusal."""
    return AuditEntry(
        id="x",
        event="refused",
        at=3.0,
        by="U0ONCALL",
        action="raise-timeout",
        function_name=said,
        details={"why": said},
        number=7,
        before=GENESIS,
    )


def replies(text: str) -> list[Reply]:
    """Return every kind of reply with a text from outside in each place for one."""
    lines = tuple(a_line(text, state=state, grade="wrong") for state in ("open", "recovered", "investigating", "not-found", "broken-off"))
    return [
        NoteReply(text=text),
        StatusReply(incidents=lines, waiting=(a_change(text),)),
        StatusReply(),
        HistoryReply(function_name=text, incidents=lines, muted_until=5.0),
        HistoryReply(function_name=text),
        AuditReply(function_name=text, entries=(an_entry(text),)),
        AuditReply(function_name=text),
        HelpReply(),
        PlaybooksReply(playbooks=tuple(PlaybookLine(id=f"p{n}", title=text, hop="function") for n in range(60))),
        PlaybookReply(id="p", title=text, doc=text, remediations=("raise-timeout",), references=("https://docs.aws.amazon.com/x", text)),
    ]


@pytest.mark.parametrize("text", ["checkout", *HOSTILE_SAMPLES])
def test_every_reply_is_valid_with_hostile_text_in_every_field(text: str) -> None:
    """Alarm names, tags and log lines are written by others."""
    for reply in replies(text):
        assert_valid_message(render_reply(reply), meant=MEANT)


@given(st.text(max_size=500))
def test_home_and_form_are_valid_whatever_stands_in_them(text: str) -> None:
    """A home that Slack refuses stays empty."""
    line = a_line(text)
    home = HomeReply(incidents=(line,) * 10, waiting=(a_change(text),) * 10, recent=(line,) * 10, at=1778728321.0)

    assert_valid_view(home_view(home), meant=MEANT)
    assert_valid_view(grade_view(GradeWindow(incident_id="inc-1", grade="wrong", said=text, causes=tuple(CAUSES))))


def test_form_offers_every_cause_but_the_one_that_was_said() -> None:
    """Whoever says that it was wrong does not mean that one."""
    view = grade_view(GradeWindow(incident_id="inc-1", grade="wrong", said="function-timeout", causes=tuple(CAUSES)))
    options = {option["value"] for option in view["blocks"][1]["element"]["options"]}

    assert options == {*CAUSES, "something-else"} - {"function-timeout"}
    assert (view["callback_id"], view["private_metadata"]) == ("medic.wrong", "inc-1")


def test_state_is_said_in_words_beside_its_colour() -> None:
    """Not everybody sees red."""
    blocks = render_reply(StatusReply(incidents=(a_line(), a_line(state="recovered", recovered_at=9.0)))).blocks

    assert "open" in shown(blocks)
    assert "recovered" in shown(blocks)


def test_help_says_only_what_this_person_may_do() -> None:
    """Without rules nobody may change anything, and help says so."""
    assert "no approval rules are configured" in shown(render_reply(HelpReply()).blocks)
    asking = shown(render_reply(HelpReply(are_changes_configured=True, may_ask=True)).blocks)
    assert "you may ask for some; others approve them" in asking


def test_refusals_stand_in_the_audit_with_their_reason() -> None:
    """Who tried, when, and why not."""
    text = shown(render_reply(AuditReply(function_name="checkout", entries=(an_entry(),))).blocks)

    assert "refused" in text
    assert "why: not among the approvers" in text
    assert "<@U0ONCALL>" in text


def test_hostile_sample_is_hostile() -> None:
    """Guards the tests above."""
    assert "<!channel>" in HOSTILE
