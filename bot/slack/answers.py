"""Answers to one person: what is open, what was, who did what, what can be recognised, what they may do."""

from __future__ import annotations

from typing import Final

from bot.models.audit import AuditEntry
from bot.models.replies import (
    AuditReply,
    ChangeLine,
    HelpReply,
    HistoryReply,
    IncidentLine,
    NoteReply,
    PlaybookReply,
    PlaybooksReply,
    Reply,
    StatusReply,
)
from bot.slack.blocks import Composer, Message
from bot.slack.escape import Mrkdwn, bold, brief, code, date, mrkdwn, user

SIGNS: Final = {"investigating": "🔎", "open": "🔴", "recovered": "🟢", "not-found": "⚠️", "broken-off": "⚠️"}

STATE_WORDS: Final = {
    "investigating": "investigating",
    "open": "open",
    "recovered": "recovered",
    "not-found": "no function found",
    "broken-off": "investigation broke off",
}

GRADE_WORDS: Final = {"right": "graded right", "partly": "graded partly right", "wrong": "graded wrong"}


def render_reply(reply: Reply) -> Message:
    """Return an answer as a message."""
    composer = Composer(left_out="ask for less to see all of it")
    if isinstance(reply, NoteReply):
        composer.sentence(Mrkdwn(""), reply.text)
        return composer.message(reply.text)
    if isinstance(reply, StatusReply):
        return _status(composer, reply)
    if isinstance(reply, HistoryReply):
        return _history(composer, reply)
    if isinstance(reply, AuditReply):
        return _audit(composer, reply)
    if isinstance(reply, HelpReply):
        return _help(composer, reply)
    if isinstance(reply, PlaybookReply):
        return _playbook(composer, reply)
    return _playbooks(composer, reply)


def incident_words(line: IncidentLine) -> Mrkdwn:
    """Return an incident in one line of markup: sign and words, never a colour alone."""
    parts = [Mrkdwn(f"{SIGNS[line.state]} {bold(brief(line.title))} {STATE_WORDS[line.state]}")]
    if line.cause:
        parts.append(mrkdwn(line.cause.replace("-", " ")))
    parts.append(Mrkdwn(f"since {date(line.opened_at)}"))
    if line.recovered_at is not None:
        parts.append(Mrkdwn(f"until {date(line.recovered_at)}"))
    if line.grade:
        parts.append(mrkdwn(GRADE_WORDS[line.grade]))
    if line.channel and line.thread_ts:
        parts.append(Mrkdwn(f"<{thread_link(line.channel, line.thread_ts)}|thread>"))
    return Mrkdwn(" · ".join(parts))


def change_words(line: ChangeLine) -> Mrkdwn:
    """Return a change that waits for approval in one line of markup."""
    asked = (
        f"{mrkdwn(brief(line.words))} on {code(line.function_name)}, asked for by {user(line.requested_by)}, until {date(line.expires_at)}"
    )
    link = f" · <{thread_link(line.channel, line.thread_ts)}|thread>" if line.channel.isalnum() and line.thread_ts else ""
    return Mrkdwn(f"⏳ {asked}{link}")


def thread_link(channel: str, thread_ts: str) -> str:
    """Return the address of a message: Slack leads whoever is signed in from here to their workspace.

    Source: https://docs.slack.dev/reference/methods/chat.getPermalink
    """
    safe = "".join(char for char in channel if char.isalnum())
    stamp = "".join(char for char in thread_ts if char.isdigit())
    return f"https://slack.com/archives/{safe}/p{stamp}"


def _status(composer: Composer, reply: StatusReply) -> Message:
    if not reply.incidents and not reply.waiting:
        composer.section(Mrkdwn("🟢 Nothing is open, and no change waits for approval."))
        return composer.message("Nothing is open, and no change waits for approval.")
    if reply.incidents:
        composer.section(bold("Open incidents"))
        for line in reply.incidents:
            composer.section(incident_words(line))
    if reply.waiting:
        composer.section(bold("Waiting for approval"))
        for change in reply.waiting:
            composer.section(change_words(change))
    named = ", ".join(line.title for line in reply.incidents)
    return composer.message(f"{len(reply.incidents)} open: {named or 'none'}. {len(reply.waiting)} changes wait for approval.")


def _history(composer: Composer, reply: HistoryReply) -> Message:
    muted = Mrkdwn(f"🔕 muted until {date(reply.muted_until)}: alarms are recorded, nothing is posted") if reply.muted_until else Mrkdwn("")
    if reply.incidents:
        composer.section(bold(f"The last incidents of {brief(reply.function_name)}"))
        for line in reply.incidents:
            composer.section(incident_words(line))
    elif not reply.muted_until:
        composer.section(Mrkdwn(f"No incident of {code(reply.function_name)} is kept. They are kept for 30 days."))
    if muted:
        composer.section(Mrkdwn(f"{code(reply.function_name)} is {muted}."))
    told = f"{reply.function_name}: {len(reply.incidents)} incidents are kept"
    return composer.message(f"{told}; it is muted." if muted else f"{told}.")


def _audit(composer: Composer, reply: AuditReply) -> Message:
    if not reply.entries:
        composer.section(Mrkdwn(f"Nothing was asked for or changed on {code(reply.function_name)} through me."))
        return composer.message(f"Nothing was asked for or changed on {reply.function_name} through me.")
    composer.section(bold(f"What was done to {brief(reply.function_name)} through me, newest first"))
    for entry in reply.entries:
        composer.section(_entry_words(entry))
    newest = reply.entries[0]
    return composer.message(f"{reply.function_name}: {len(reply.entries)} entries, the newest: {newest.event} by {newest.by}.")


def _entry_words(entry: AuditEntry) -> Mrkdwn:
    details = "; ".join(f"{name}: {value}" for name, value in entry.details.items())
    action = f" {mrkdwn(entry.action.replace('-', ' '))}" if entry.action else ""
    by = user(entry.by)
    told = f" ({mrkdwn(brief(details))})" if details else ""
    return Mrkdwn(f"{code(str(entry.number))} {date(entry.at)} {bold(entry.event)}{action} by {by}{told}")


def _help(composer: Composer, reply: HelpReply) -> Message:
    composer.section(Mrkdwn("*Lambda Medic* finds why a Lambda-backed API fails, with the evidence, and posts one thread."))
    rows = [
        "/lambda why: choose a function from a list",
        "/lambda why my-function 502 2h: investigate; my-function:live, an ARN, an alarm or an API also do",
        "/lambda status: what is open, and what waits for approval",
        "/lambda history my-function: its last incidents",
        "/lambda audit my-function: what was asked for, approved, changed and refused",
        "/lambda playbooks [name]: what I can recognise",
        "/lambda mute my-function 1h, /lambda unmute my-function: no posts for a time; alarms are still recorded",
    ]
    composer.bullets("What you can type", rows)
    composer.section(Mrkdwn(f"{bold('Changes: ')}{_rights(reply)}"))
    return composer.message("Lambda Medic: /lambda why | status | history | audit | playbooks | mute | unmute | help")


def _rights(reply: HelpReply) -> str:
    if not reply.are_changes_configured:
        return "nobody may make one here: no approval rules are configured. Buttons show the command and the patch to run by hand."
    if reply.may_ask and reply.may_approve:
        return "you may ask for some, and approve some; which ones, a button tells."
    if reply.may_ask:
        return "you may ask for some; others approve them."
    if reply.may_approve:
        return "you may approve some that others ask for."
    return "you may look at their plans; the rules let you neither ask for one nor approve one."


def _playbooks(composer: Composer, reply: PlaybooksReply) -> Message:
    hops: dict[str, list[str]] = {}
    for playbook in reply.playbooks:
        hops.setdefault(playbook.hop, []).append(f"{playbook.id}: {playbook.title}")
    for hop, rows in hops.items():
        composer.bullets(f"At the {hop.replace('-', ' ')}", rows)
    return composer.message(f"I can recognise {len(reply.playbooks)} causes.")


def _playbook(composer: Composer, reply: PlaybookReply) -> Message:
    composer.sentence(Mrkdwn(f"{bold(brief(reply.title))} {code(reply.id)}\n"), reply.doc)
    if reply.remediations:
        composer.bullets("What may help", [action.replace("-", " ") for action in reply.remediations])
    composer.links("References", list(reply.references))
    return composer.message(f"{reply.title}: {reply.doc}")
