"""What people ask beside a diagnosis is answered to them alone, once, and from what the table knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.commands import AskCommand, ClickCommand, HomeCommand, MessageCommand, WhyCommand
from bot.errors import CommandError, DeliveryError
from bot.models.incident import Incident
from bot.models.replies import AuditReply, HelpReply, HistoryReply, NoteReply, PlaybookReply, PlaybooksReply, StatusReply
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.handle import answer_person
from bot.workflow.changes.rules import Rule, Rules
from bot.workflow.investigate import investigate_alarm
from tests.workflow.asking.fakes import FakeAnswers, FakeDirectory, FakeFeedback, an_ask_desk
from tests.workflow.conftest import World, dynamodb, new_world, playbooks, world
from tests.workflow.fakes import an_alarm

__all__ = ["dynamodb", "new_world", "playbooks", "world"]

RULES = Rules(rules=(Rule(may_ask=("anyone",), may_approve=("S0LEADS",)),))


def long() -> float:
    """Return the time that a worker has."""
    return 100.0


@pytest.fixture
def desk(world: World) -> AskDesk:
    """Return a desk on an empty table."""
    return an_ask_desk(world.desk, world.clock, RULES)


def asked(topic: str, text: str = "", request_id: str = "1.2", user: str = "U0ONCALL") -> AskCommand:
    """Return a subcommand."""
    return AskCommand(request_id, topic, text, user, "C0ALARMS", response_url="https://hooks.slack.com/commands/1")


def clicked(verb: str, subject: str, request_id: str = "c1", **fields: Any) -> ClickCommand:
    """Return a click in a thread."""
    standard = {"user_id": "U0ONCALL", "channel_id": "C0ALARMS", "response_url": "https://hooks.slack.com/actions/1", "asked_at": 5.0}
    return ClickCommand(request_id, verb, subject, **{**standard, **fields})


def do(desk: AskDesk, command: Any) -> Any:
    """Hand a command over and return the last answer."""
    answer_person(desk, command, owner=f"w-{command.request_id}", time_left_s=long)
    answers = messenger(desk).answers
    return answers[-1][1] if answers else None


def messenger(desk: AskDesk) -> FakeAnswers:
    """Return what was said."""
    assert isinstance(desk.messenger, FakeAnswers)
    return desk.messenger


def an_incident(desk: AskDesk, world: World) -> Incident:
    """Let an alarm fire, and return its incident."""
    investigate_alarm(desk.desk, an_alarm(), owner="w", time_left_s=long)
    [root] = world.messenger.roots
    incident = desk.desk.store.incident(root.incident_id)
    assert incident is not None
    return incident


def test_status_names_what_is_open_with_its_cause(desk: AskDesk, world: World) -> None:
    """And an account where nothing is open hears so."""
    assert do(desk, asked("status")) == StatusReply()
    incident = an_incident(desk, world)

    reply = do(desk, asked("status", request_id="2"))

    assert [(line.id, line.title, line.cause, line.state) for line in reply.incidents] == [
        (incident.id, "checkout", "function-timeout", "open")
    ]


def test_history_keeps_what_has_recovered(desk: AskDesk, world: World) -> None:
    """With when, and until when."""
    an_incident(desk, world)
    investigate_alarm(desk.desk, an_alarm("OK", 9), owner="w2", time_left_s=long)

    reply = do(desk, asked("history", "checkout"))

    assert isinstance(reply, HistoryReply)
    assert [(line.state, line.recovered_at is not None) for line in reply.incidents] == [("recovered", True)]


def test_mute_lasts_as_long_as_was_asked_and_ends_by_itself(desk: AskDesk, world: World) -> None:
    """Nobody has to remember to switch it off."""
    now = world.clock.now().timestamp()
    reply = do(desk, asked("mute", "checkout 2h"))

    assert reply == HistoryReply(function_name="checkout", muted_until=now + 7200)
    assert desk.index.muted_until("checkout") == now + 7200
    world.clock.move(7201)
    assert desk.index.muted_until("checkout") == 0


def test_mute_from_the_thread_is_about_its_function(desk: AskDesk, world: World) -> None:
    """The menu's value holds the incident and the minutes."""
    incident = an_incident(desk, world)
    do(desk, clicked("mute", f"{incident.id}|60", thread_ts=incident.thread_ts))
    [root] = world.messenger.roots
    assert root.shown.incident.muted_until == world.clock.now().timestamp() + 3600, "everybody sees it"
    assert messenger(desk).answers[-1][0] == "U0ONCALL", "said in the thread, to one person"
    assert desk.index.muted_until("checkout") == world.clock.now().timestamp() + 3600

    assert do(desk, clicked("unmute", incident.id, "c2")) == NoteReply(text="checkout is not muted any more.")
    assert desk.index.muted_until("checkout") == 0
    assert root.shown.incident.muted_until is None


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (asked("playbooks"), PlaybooksReply),
        (asked("playbooks", "function-timeout"), PlaybookReply),
        (asked("audit", "checkout"), AuditReply),
        (asked("help"), HelpReply),
        (asked("nonsense"), HelpReply),
    ],
)
def test_each_subcommand_has_its_answer_and_an_unknown_one_gets_help(desk: AskDesk, command: AskCommand, kind: type) -> None:
    """Help is no error."""
    assert isinstance(do(desk, command), kind)


@pytest.mark.parametrize(
    "command", [asked("mute", "checkout for ever"), asked("mute", "checkout 99d"), asked("history"), asked("playbooks", "x")]
)
def test_words_that_make_no_sense_are_answered_with_what_would(desk: AskDesk, command: AskCommand) -> None:
    """In private, and the message is not delivered again."""
    reply = do(desk, command)

    assert isinstance(reply, NoteReply)
    assert reply.text.startswith("I did not understand that")


def test_help_says_what_this_person_may_do(desk: AskDesk) -> None:
    """By the rules as they are now, groups included."""
    assert do(desk, asked("help", user="U0LEAD")) == HelpReply(are_changes_configured=True, may_ask=True, may_approve=True)
    assert do(desk, asked("help", request_id="2")) == HelpReply(are_changes_configured=True, may_ask=True, may_approve=False)


def test_an_answer_is_given_once(desk: AskDesk) -> None:
    """SQS delivers at least once."""
    for _ in range(3):
        answer_person(desk, asked("status"), owner="w", time_left_s=long)

    assert len(messenger(desk).answers) == 1


def test_slack_that_does_not_answer_now_is_asked_again(desk: AskDesk) -> None:
    """A refusal that passes brings the command back; one that does not ends it."""
    messenger(desk).refuse = ["ratelimited"]
    with pytest.raises(DeliveryError):
        answer_person(desk, asked("status"), owner="w", time_left_s=long)
    assert answer_person(desk, asked("status"), owner="w2", time_left_s=long) == "done"
    assert len(messenger(desk).answers) == 1

    messenger(desk).refuse = ["used_url"]
    assert answer_person(desk, asked("status", request_id="9"), owner="w", time_left_s=long) == "done"


class TestVerdicts:
    """Right, partly, wrong."""

    def test_right_is_one_click(self, desk: AskDesk, world: World) -> None:
        """And stands in the list afterwards."""
        incident = an_incident(desk, world)
        do(desk, clicked("right", incident.id))

        assert [vote.grade for vote in desk.feedback.votes(incident.id)] == ["right"]
        assert do(desk, asked("status")).incidents[0].grade == "right"

    def test_wrong_asks_for_the_true_cause_and_keeps_it(self, desk: AskDesk, world: World) -> None:
        """The window says what the bot had said."""
        incident = an_incident(desk, world)
        do(desk, clicked("wrong", incident.id, view_id="V1"))
        [(view_id, window)] = messenger(desk).windows
        assert (view_id, window.said, window.grade) == ("V1", "function-timeout", "wrong")
        assert "slow-downstream" in window.causes

        values = '{"cause": "slow-downstream", "note": "the provider"}'
        do(desk, clicked("wrong", incident.id, "c2", channel_id="", response_url="", view_id="V1", values=values))

        [vote] = desk.feedback.votes(incident.id)
        assert (vote.grade, vote.cause, vote.note, vote.user_id) == ("wrong", "slow-downstream", "the provider", "U0ONCALL")

    def test_incident_that_is_gone_is_told(self, desk: AskDesk) -> None:
        """A form may be sent after thirty days."""
        reply = do(desk, clicked("right", "inc-gone"))

        assert "not kept any more" in reply.text
        assert isinstance(desk.feedback, FakeFeedback)
        assert desk.feedback.kept == {}


class TestHome:
    """The app's home."""

    def test_home_shows_what_is_open_and_what_was_said_lately(self, desk: AskDesk, world: World) -> None:
        """Drawn for the person who opened it."""
        incident = an_incident(desk, world)
        answer_person(desk, HomeCommand("h1", "U0LEAD"), owner="w", time_left_s=long)

        [(user, home)] = messenger(desk).homes
        assert user == "U0LEAD"
        assert [line.id for line in home.incidents] == [line.id for line in home.recent] == [incident.id]


class TestWhy:
    """What is meant by a name or a message."""

    def test_mistyped_name_gets_suggestions(self, desk: AskDesk, world: World) -> None:
        """In the thread that was asked for, without an investigation."""
        quiet = replace(desk, desk=replace(desk.desk, aws=NoAlarms()))
        answer_person(quiet, WhyCommand("1.2", "chekout-prod", "U0ONCALL", "C0ALARMS"), owner="w", time_left_s=long)

        [root] = world.messenger.roots
        assert root.shown.incident.phase == "no-target"
        assert "Did you mean checkout-prod" in root.shown.incident.problem

    def test_message_that_names_a_function_starts_an_investigation(self, desk: AskDesk, world: World) -> None:
        """By a word that is a function's name."""
        command = MessageCommand("m1", "why is checkout down?", "U0ONCALL", "C0ALARMS", "9.9")
        answer_person(desk, command, owner="w", time_left_s=long)

        [root] = world.messenger.roots
        assert root.shown.incident.cause == "function-timeout"

    def test_message_that_names_nothing_is_answered_in_private(self, desk: AskDesk, world: World) -> None:
        """Once, and nothing is posted."""
        for _ in range(2):
            answer_person(desk, MessageCommand("m1", "good morning", "U0ONCALL", "C0ALARMS", "9.9"), owner="w", time_left_s=long)

        assert [user for user, _ in messenger(desk).answers] == ["U0ONCALL"]
        assert world.messenger.messages == []

    @pytest.mark.parametrize("way", ["mention", "button"])
    def test_same_thread_gets_fresh_evidence(self, desk: AskDesk, world: World, way: str) -> None:
        """A mention in the thread, or the button, investigates once more without a second thread."""
        incident = an_incident(desk, world)
        before = len(world.messenger.messages)
        command: Any = clicked("again", incident.id)
        if way == "mention":
            command = MessageCommand("m1", "and now?", "U0ONCALL", incident.channel, "9.9", thread_ts=incident.thread_ts)
        answer_person(desk, command, owner="w", time_left_s=long)

        again = desk.desk.store.incident(incident.id)
        assert again is not None
        assert again.answered_by != incident.answered_by
        assert len(world.messenger.roots) == 1
        assert len(world.messenger.messages) > before


def test_command_of_another_worker_is_refused(desk: AskDesk) -> None:
    """It ends among the dead letters, where somebody sees it."""
    with pytest.raises(CommandError):
        answer_person(desk, clicked("approve", "chg-1"), owner="w", time_left_s=long)


class NoAlarms:
    """An account with neither alarms nor APIs."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client that finds nothing."""
        return self

    def describe_alarms(self, **_asked: Any) -> dict[str, Any]:
        """Return no alarm."""
        return {}

    def can_paginate(self, _operation: str) -> bool:
        """Return that one answer is all."""
        return False

    def get_rest_apis(self, **_asked: Any) -> dict[str, Any]:
        """Return no API."""
        return {}

    def __getattr__(self, name: str) -> Any:
        error = type("NotFoundException", (Exception,), {"response": {"Error": {"Code": "NotFoundException"}}})

        def ask(**_asked: Any) -> Any:
            raise error(name)

        return ask


def test_directory_is_the_fakes() -> None:
    """Guards the names above."""
    assert "checkout" in FakeDirectory().names()
