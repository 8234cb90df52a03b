"""Text of others in every field of every message: nothing of it is live, and Slack takes all of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.diagnosis import Citation
from bot.models.incident import AlarmNote, Asking, Findings, Impact, Incident, Report
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup
from bot.models.receipt import Receipt
from bot.models.window import Window
from bot.playbooks.engine import examine
from bot.playbooks.shipped import load_with_shipped
from bot.slack.blocks import Message
from bot.slack.chart import draw
from bot.slack.chart_plan import chart_plan
from bot.slack.messenger import MAX_RESPONSES, joined
from bot.slack.render import excerpt_file, excerpts, render_part, render_root
from bot.slack.thread import NOTES, PARTS
from tests.slack.factories import (
    NOW,
    SINCE,
    a_change,
    a_charted_report,
    a_report,
    a_timeout,
    a_victim,
    an_answer,
    an_incident,
    findings,
    undetermined,
    with_evidence,
)
from tests.slack.poison import poisoned
from tests.slack.validation import HOSTILE, HOSTILE_SAMPLES, assert_valid_blocks, assert_valid_message, live_tokens

FILES: Final = sorted((Path(__file__).parents[1] / "incidents" / "files").glob("*.json"))

SAMPLES: Final = tuple(sample for sample in HOSTILE_SAMPLES if len(sample) <= 20_000)
"""The line of a megabyte has a test of its own: in each of a hundred fields it would only take long."""

MARKS: Final = (
    "<!channel>",
    "<!subteam^S0123ABCD9>",
    "`",
    "*",
    "&",
    "\x1b[0m",
    "<https://e|x>",
    "\u2066",
    "\x00",
    "\ufffd",
    "\u200b",
    "\n",
)

MAX_RESPONSE_CHARS: Final = 40_000
"""Slack cuts a text there. Source: https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""

hostile_text = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(SAMPLES),
    st.lists(st.sampled_from(MARKS), min_size=1, max_size=200).map("".join),
)


def all_messages(report: Report) -> list[Message]:
    """Return every message that a report could make."""
    parts = [render_part(report, part) for part in [*PARTS, *NOTES]]
    return [render_root(report), *(part for part in parts if part)]


def check(report: Report, meant: tuple[str, ...] = ()) -> None:
    """Check every message of a report, together and alone, and its file."""
    messages = all_messages(report)
    for message in messages:
        assert_valid_message(message, meant=meant)
    for message in joined(messages, MAX_RESPONSES):
        assert len(message.text) <= MAX_RESPONSE_CHARS
        assert live_tokens(message.text, meant) == []
        assert_valid_blocks(list(message.blocks), meant=meant)
    excerpt_file(report).encode()


def lives() -> Iterator[Report]:
    """Yield a report of every stage of an incident's life."""
    notes = tuple(AlarmNote(identity=n, name=n, state="ALARM", changed_at=SINCE, since=SINCE, reason="r", fired=3) for n in "abcd")
    victims = tuple(a_victim(f"fn-{n}", minutes=n) for n in range(12))
    lead = an_incident(id="inc-lead", function="orders", channel="C0LEAD", thread_ts="1.2", victims=victims)
    told = an_incident(alarms=notes, victims=victims, function="checkout", account="1", severity="high", channel_note="n", problem="p")
    yield Report(incident=an_incident(phase="investigating"), progress=Asking(asked=3, answered=5))
    yield Report(incident=an_incident(phase="broken-off", problem="x"))
    yield Report(incident=an_incident(phase="no-target", problem="x", origin="question", asked_by="U2147483697"))
    yield a_charted_report().model_copy(update={"incident": told, "repeat_of": "x", "worse": ("victims", "severity", "reopened")})
    yield a_report(findings=findings(notes=("n",)), incident=told.model_copy(update={"muted_until": SINCE * 2}))
    yield a_report(undetermined(), incident=an_incident(origin="question", asked_by="U2147483697", alarm_state="INSUFFICIENT_DATA"))
    yield a_report(incident=told.model_copy(update={"recovered_at": SINCE, "thread_ts": ""}))
    yield a_report(incident=an_incident(folded_into="inc-lead"), lead=lead)
    for state in ("pending", "applied", "failed", "rejected"):
        ended = {"user_id": "U2147483697", "at": 1.0, "request_id": "r"}
        yield a_report(changes=(a_change(state, problem="p", ended_by=ended, revert_at=SINCE),) * 4)


LIVES: Final = tuple(lives())


class TestEveryField:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(stage=st.integers(0, len(LIVES) - 1), texts=st.lists(hostile_text, min_size=1, max_size=6))
    def test_is_harmless_whatever_stands_in_it(self, stage: int, texts: list[str]) -> None:
        """Log lines, names, tags, reasons, causes, titles of alarms: written by others, all of them."""
        check(poisoned(LIVES[stage], _in_turn(texts)))

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda text: ascii(text[:12]))
    def test_is_harmless_with_the_same_text_everywhere(self, sample: str) -> None:
        """With the texts that broke one bot or another."""
        for report in LIVES:
            check(poisoned(report, lambda: sample))

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda text: ascii(text[:12]))
    def test_is_harmless_beside_evidence_that_can_be_read(self, sample: str) -> None:
        """Only the names of things: links, chart and counts are still made."""
        report = a_charted_report()
        assert report.findings is not None
        target = poisoned(report.findings.answer.target, lambda: sample)
        answer = report.findings.answer.model_copy(update={"target": target})
        named = report.model_copy(update={"findings": report.findings.model_copy(update={"answer": answer})})

        check(named, ("<@U0123ABCD9>",))
        plan = chart_plan(named)
        assert plan is not None
        assert draw(plan) is not None

    def test_is_nobody_but_who_is_meant(self) -> None:
        """The person who asked and the owner by tag; the same ids in any other place are words."""
        report = poisoned(a_charted_report(), lambda: "<@U0123ABCD9>")

        check(report)


class TestSize:
    def test_a_line_of_a_megabyte_is_cut_and_kept(self) -> None:
        """The message says that it is cut; the file holds all of it."""
        line = "x" * 1_000_000 + "<!channel>"
        report = a_report(
            an_answer(diagnoses=[a_timeout(evidence=[Citation(section="logs", ref="/aws/lambda/checkout", text=line)], summary=line)])
        )
        report = with_evidence(
            report, logs=[LogGroup(group="/aws/lambda/checkout", events=[LogEvent(timestamp=1, message=line)]).model_dump()]
        )

        check(report)
        assert line in excerpt_file(report)

    def test_sixty_functions_behind_one_api_are_all_somewhere(self) -> None:
        """As candidates, and as victims."""
        names = [f"{'f' * 130}-{n:02}" for n in range(60)]
        victims = tuple(a_victim(name) for name in names)
        report = a_report(
            findings=findings(notes=tuple(f"{name} serves a route of this API and may be the one" for name in names)),
            incident=an_incident(victims=victims),
            worse=("victims",),
        )

        check(report)
        everything = excerpt_file(report) + "".join(str(message.blocks) for message in all_messages(report))
        assert all(name in everything for name in names)

    def test_the_total_stays_below_the_cap_that_slack_does_not_document(self) -> None:
        """Each part is allowed, their sum is not."""
        report = a_report(an_answer(diagnoses=[a_timeout(advice=["<" * 2000] * 30, summary="&" * 5000)] * 8))

        check(report)
        assert excerpts(report)


class TestEveryScenario:
    """Every incident of the open case set, as the bot would report it."""

    @pytest.mark.parametrize("part", range(4))
    def test_makes_messages_that_slack_takes(self, part: int) -> None:
        """Whatever the engine says of it."""
        playbooks = load_with_shipped(None)
        for path in FILES[part::4]:
            check(_report_of(IncidentFile.load(path), playbooks))

    def test_makes_harmless_messages_of_hostile_logs(self) -> None:
        """Each line goes on with what its writer wants the bot to say."""
        playbooks = load_with_shipped(None)
        for path in FILES[::30]:
            evidence = IncidentFile.load(path)
            groups = [
                group.model_copy(
                    update={
                        "events": [
                            LogEvent(e.timestamp, f"{e.message.rstrip()} {HOSTILE.replace(chr(0xD800), '')}", e.stream)
                            for e in group.events
                        ]
                    }
                )
                for group in evidence.logs or []
            ]
            check(_report_of(evidence.model_copy(update={"logs": groups}), playbooks))


def _report_of(evidence: IncidentFile, playbooks: Any) -> Report:
    """Return the report of an incident file, with alarm, victims and receipt as a running bot has them."""
    examined = examine(evidence, playbooks)
    status, first_ms = examined.facts.front_door.status, examined.facts.first_failure_ms
    found = Findings(
        answer=examined.answer,
        evidence=evidence,
        receipt=Receipt(seconds=4.2, api_calls=31, questions=14),
        window=Window.last(30, NOW),
        impact=Impact(status=status, since=first_ms / 1000 if first_ms else None),
    )
    incident: Incident = an_incident(victims=(a_victim("a"), a_victim("b")))
    return Report(incident=incident, findings=found, event="e1", repeat_of="x", worse=("victims",))


def _in_turn(texts: list[str]) -> Callable[[], str]:
    turns = itertools.cycle(texts)
    return lambda: next(turns)
