"""The replies: links to the evidence, why other candidates rank lower, what it cost, and notes about what happens later."""

from __future__ import annotations

from typing import Any

import pytest

from bot import __version__
from bot.models.diagnosis import Citation
from bot.models.incident import AlarmNote, Report, Worsening
from bot.models.incident_file import Gap
from bot.models.receipt import LogsRead, Receipt
from bot.slack.blocks import Message
from bot.slack.receipt import estimated_cost
from bot.slack.render import render_part
from bot.slack.report_links import constant_words, evidence_links
from tests.slack.factories import (
    DENIED,
    SINCE,
    TARGET,
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
from tests.slack.validation import assert_valid_message, objects, shown

LINE = "2026-05-14T03:12:01.000Z 8f5f1c1e Task timed out after 3.00 seconds"


def part(report: Report, name: str) -> Message:
    """Return a reply that the report has, after checking it."""
    message = render_part(report, name)
    assert message is not None
    assert_valid_message(message, meant=["<@U0123ABCD9>"])
    return message


def said(report: Report, name: str) -> str:
    """Return all that a reply shows."""
    return shown(list(part(report, name).blocks))


def cited(*evidence: Citation, **sections: Any) -> Report:
    """Return a report whose first diagnosis stands on this evidence."""
    return with_evidence(a_report(an_answer(diagnoses=[a_timeout(evidence=list(evidence))])), **sections)


class TestLinks:
    def test_lead_to_the_stream_at_the_moment_of_the_first_cited_line(self) -> None:
        """Later lines of the same kind are in the query."""
        events = [
            {"timestamp": 1778728320000, "message": "START", "stream": "2026/05/14/[$LATEST]aa"},
            {"timestamp": 1778728321000, "message": LINE, "stream": "2026/05/14/[$LATEST]ab12"},
            {"timestamp": 1778728399000, "message": LINE, "stream": "2026/05/14/[$LATEST]later"},
        ]
        report = cited(
            Citation(section="logs", ref="/aws/lambda/checkout", text="Task timed out after 3.00 seconds", count=2),
            logs=[{"group": "/aws/lambda/checkout", "events": events}],
        )

        places = dict(evidence_links(report))

        stream = places["Log stream of /aws/lambda/checkout at 03:12:01 UTC"]
        assert stream.endswith("2026$252F05$252F14$252F$255B$2524LATEST$255Dab12$3Fstart$3D1778728321000")
        assert "filter*20*40message*20like*20*22Task*20timed*20out*20after*22" in places["Logs Insights over the window"]
        assert "source~(~'*2faws*2flambda*2fcheckout)" in places["Logs Insights over the window"]

    def test_lead_to_graph_function_stage_and_alarm(self) -> None:
        """Where one would go on looking."""
        places = dict(evidence_links(a_charted_report()))

        assert "~'Errors~'FunctionName~'checkout~(stat~'Sum)" in places["Graph of the metrics"]
        assert places["Function checkout"].endswith("#/functions/checkout?tab=monitoring")
        assert places["Stage of the API"].endswith("#/apis/a1b2c3d4e5/stages/prod")
        assert places["Alarm checkout-errors"].endswith("#alarmsV2:alarm/checkout-errors")

    @pytest.mark.parametrize(
        ("row", "end"),
        [
            (
                {"EventId": "90c72977-31e0", "awsRegion": "us-east-1"},
                "us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/90c72977-31e0",
            ),
            ({}, "eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events?ResourceName=checkout"),
        ],
    )
    def test_lead_to_the_cited_change(self, row: dict[str, Any], end: str) -> None:
        """IAM's changes are in another region; files of others have no ids."""
        change = {"EventTime": "2026-05-14T03:01:10Z", "EventName": "PutRolePolicy", **row}
        report = cited(
            Citation(section="changes", ref="changes[1].EventName", text="PutRolePolicy"), changes=[{"EventName": "Other"}, change]
        )

        assert dict(evidence_links(report))["PutRolePolicy in CloudTrail at 03:01:10 UTC"] == f"https://{end}"

    def test_are_in_the_evidence_with_words(self) -> None:
        """An address of 400 characters is nothing to read."""
        links = [member for member in objects(list(part(a_charted_report(), "evidence").blocks)) if member.get("type") == "link"]

        assert [link["text"] for link in links][-1] == "Alarm checkout-errors"

    def test_are_there_below_the_longest_excerpts(self) -> None:
        """Who sees less of the lines needs the links more."""
        report = cited(*[Citation(section="logs", ref="/aws/lambda/checkout", text=f"line {n} " + "x" * 2000) for n in range(40)])

        assert "In the AWS console" in said(report, "evidence")

    def test_are_none_where_the_region_is_not_known(self) -> None:
        """A console without a region shows another account's Ireland."""
        target = TARGET.model_copy(update={"region": None})

        assert evidence_links(a_report(an_answer(target=target))) == ()

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("2026-05-14T03:12:01.000Z 8f5f1c1e Task timed out after 3.00 seconds", "Task timed out after"),
            ('{"level":"ERROR","msg":"connect ECONNREFUSED 10.0.0.1:5432"}', "connect ECONNREFUSED"),
            ("12345", ""),
        ],
    )
    def test_look_for_what_the_next_failure_says_too(self, line: str, words: str) -> None:
        """No ids, no times, no quotes that would end the query's text."""
        assert constant_words(line) == words


class TestOwnerIsTold:
    def test_by_the_first_reply(self) -> None:
        """The first message stood before the tags were read, and its edit tells nobody."""
        assert "<@U0123ABCD9>" in said(a_charted_report(), "evidence")

    def test_not_while_muted(self) -> None:
        """Somebody asked for silence."""
        report = a_charted_report()
        muted = report.model_copy(update={"incident": report.incident.model_copy(update={"muted_until": SINCE + 999_999})})

        assert "<@U0123ABCD9>" not in said(muted, "evidence")


class TestCandidates:
    def test_say_why_they_rank_lower(self) -> None:
        """A consequence, weaker evidence, or nearly as good."""
        other = a_timeout(cause="out-of-memory", confidence=0.62)
        close = a_timeout(cause="cold-start", confidence=0.91)
        report = a_report(an_answer(diagnoses=[*an_answer().diagnoses, other, close]))
        text = said(report, "candidates")

        assert "slow-downstream (likely): " in text
        assert "It follows from function-timeout and is no cause of its own." in text
        assert "The evidence for it is weaker: likely, against almost certain." in text
        assert "The evidence for function-timeout is a little stronger." in text

    def test_name_the_check_that_would_tell(self) -> None:
        """What is missing is said, not guessed."""
        assert "vpc-no-egress; this check would tell: the route tables" in said(a_report(undetermined()), "candidates")


class TestGaps:
    def test_ask_for_nothing_that_would_not_help(self) -> None:
        """An explicit deny wins over every grant."""
        gap = Gap(
            section="function",
            operation="lambda:GetFunctionConfiguration",
            code="AccessDeniedException",
            message="... with an explicit deny in a service control policy",
        )
        text = said(a_report(an_answer(gaps=[gap, DENIED])), "gaps")

        assert '"lambda:GetPolicy"' in text
        assert '"lambda:GetFunctionConfiguration"' not in text
        assert "denies some of it explicitly" in text


class TestReceipt:
    def test_says_what_was_read_and_what_it_cost(self) -> None:
        """Against the budget, with playbook and version."""
        receipt = Receipt(
            seconds=4.2, api_calls=31, questions=14, logs=LogsRead(pages=3, events=812, bytes=140_212, bytes_allowed=8_000_000)
        )
        report = a_report(findings=findings(receipt=receipt))
        text = said(report, "receipt")

        assert "14 questions, 31 API calls, 4.2 s, about $0.0001" in text
        assert "812 log events (140 KB of 8.0 MB allowed) in 3 pages" in text
        assert f"Playbook `function-timeout`, Lambda Medic {__version__}" in text

    def test_counts_metrics_by_the_piece(self) -> None:
        """They are the dearest question."""
        report = a_charted_report()
        assert report.findings is not None

        dearer = estimated_cost(report.findings) - estimated_cost(findings())

        assert dearer == pytest.approx(4 * 0.01 / 1000)

    def test_asks_whether_it_was_right(self) -> None:
        """At the end of the thread, not in the first message."""
        message = part(a_report(), "receipt")
        found = {member["action_id"]: member["value"] for member in objects(list(message.blocks)) if "action_id" in member}

        assert found == {f"medic.{verb}": an_incident().id for verb in ("right", "partly", "wrong")}


class TestNotes:
    def test_joined_names_the_newest_alarm(self) -> None:
        """The one that fired last."""
        notes = tuple(
            AlarmNote(identity=n, name=n, state="ALARM", changed_at=at, since=at, reason="r")
            for n, at in [("new", SINCE + 60), ("old", SINCE)]
        )
        message = part(a_report(incident=an_incident(alarms=notes)), "joined")

        assert message.text == "Another alarm of checkout fired: new."

    @pytest.mark.parametrize(
        ("worse", "words"), [("victims", "spread to more functions"), ("severity", "server errors now"), ("reopened", "fails again")]
    )
    def test_worse_says_why(self, worse: Worsening, words: str) -> None:
        """The channel sees it too, so it tells the whole story."""
        message = part(a_report(worse=(worse,)), "worse")

        assert words in message.text
        assert "3 s limit" in message.text

    def test_worse_lists_every_victim(self) -> None:
        """None is dropped silently."""
        victims = tuple(a_victim(f"fn-{n:02}") for n in range(30))

        text = said(a_report(incident=an_incident(victims=victims), worse=("victims",)), "worse")

        assert all(f"fn-{n:02}-errors 1× (ALARM)" in text for n in range(30))

    def test_folded_leads_to_the_other_thread(self) -> None:
        """This thread ends here."""
        lead = an_incident(id="inc-lead", function="orders", channel="C0LEAD", thread_ts="1.2")
        report = a_report(incident=an_incident(folded_into="inc-lead"), lead=lead)

        assert "https://slack.com/archives/C0LEAD/p12" in said(report, "folded")
        assert "thread of orders" in part(report, "folded").text
        assert render_part(a_report(), "folded") is None

    def test_recovered_counts_what_recovered(self) -> None:
        """One alarm, several, or several functions."""
        alarms = tuple(AlarmNote(identity=n, name=n, state="OK", changed_at=SINCE) for n in "ab")
        victims = (a_victim("checkout"), a_victim("orders"))

        texts = [
            part(a_report(incident=an_incident(recovered_at=SINCE, **more)), "recovered").text
            for more in ({}, {"alarms": alarms}, {"victims": victims})
        ]

        assert texts == ["The alarm checkout-errors recovered.", "All 2 alarms of checkout recovered.", "All 2 functions recovered."]
