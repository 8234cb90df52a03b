"""Messages of a report: what they say, that they fit, and that nothing in them is live."""

from __future__ import annotations

import json

import pytest

from bot.models.diagnosis import Citation
from bot.models.incident import Report
from bot.models.incident_file import FrontDoor, Gap, IncidentFile, Target
from bot.slack.blocks import Message, iter_texts
from bot.slack.render import excerpt_file, part_names, render_part, render_root
from tests.slack.factories import DENIED, SINCE, a_report, a_timeout, an_answer, an_incident, findings, undetermined
from tests.slack.validation import assert_valid_message, objects


def texts(message: Message) -> str:
    """Return all text of a message."""
    return "\n".join(iter_texts(list(message.blocks)))


def excerpt_of(message: Message) -> str:
    """Return the first text that stands as it is."""
    block = next(member for member in objects(list(message.blocks)) if member.get("type") == "rich_text_preformatted")
    return str(block["elements"][0]["text"])


class TestRoot:
    def test_says_it_all_on_one_screen(self) -> None:
        """Function, what callers see, cause, how sure, since when, what would help, where."""
        message = render_root(a_report())

        shown = texts(message)
        for said in (
            "checkout",
            "function timeout",
            "`502`",
            "POST /orders",
            "3 s limit 41 times",
            "almost certain",
            "Raise timeout 3 s → 10 s",
            "eu-west-1",
        ):
            assert said in shown
        assert f"<!date^{int(SINCE)}^" in shown
        assert len(message.blocks) <= 8
        assert len(shown) < 1200

    def test_tells_the_story_in_its_fallback_text(self) -> None:
        """A notification shows nothing else."""
        text = render_root(a_report()).text

        assert text.startswith(
            "checkout: function timeout (123456789012, eu-west-1). Callers see 502. Almost certain: checkout stopped at its 3 s limit"
        )
        assert "Would help: raise timeout 3 s → 10 s." in text
        assert "1 question to AWS failed." in text

    def test_says_that_it_is_at_work(self) -> None:
        """The first message stands before anything is known."""
        message = render_root(Report(incident=an_incident(phase="investigating")))

        assert "checkout-errors: investigating" in texts(message)

    def test_says_so_when_nothing_can_be_told(self) -> None:
        """No cause is made up; the checks that would tell are named."""
        shown = texts(render_root(a_report(undetermined())))

        assert "can't tell" in shown
        assert "ec2:DescribeRouteTables" in shown
        assert "How sure" not in shown

    def test_says_that_a_healthy_function_is_healthy(self) -> None:
        """No fault is an answer too."""
        shown = texts(render_root(a_report(undetermined(verdict="no-fault", hypotheses=[]), findings=None)))
        assert "broke off" in shown

        healthy = findings(undetermined(verdict="no-fault", hypotheses=[]), impact={})
        assert "🟢 checkout: no fault found" in texts(render_root(a_report(findings=healthy)))

    @pytest.mark.parametrize(("phase", "words"), [("no-target", "not found"), ("broken-off", "broke off")])
    def test_gives_the_reason_when_there_is_no_answer(self, phase: str, words: str) -> None:
        """Never silence."""
        report = Report(incident=an_incident(phase=phase, problem="There is no function chekout in eu-west-1. Did you mean checkout?"))

        assert words in texts(render_root(report))
        assert "Did you mean checkout?" in texts(render_root(report))
        assert "Did you mean checkout?" in render_root(report).text

    def test_turns_green_when_the_alarm_recovered(self) -> None:
        """The cause stays to be read."""
        shown = texts(render_root(a_report(incident=an_incident(recovered_at=SINCE + 600, alarm_state="OK"))))

        assert "🟢 checkout: recovered" in shown
        assert f"<!date^{int(SINCE) + 600}^" in shown
        assert "3 s limit" in shown

    def test_does_not_take_silence_for_recovery(self) -> None:
        """No data is often the worst state of all."""
        shown = texts(render_root(a_report(incident=an_incident(alarm_state="INSUFFICIENT_DATA"))))

        assert "no data any more" in shown
        assert "recovered" not in shown

    def test_says_that_a_function_is_gone(self) -> None:
        """An alarm outlives its function; AWS said that there is none, which is not the same as not knowing."""
        answer = undetermined(hypotheses=[])
        evidence = IncidentFile(version=1, target=answer.target, function=None)

        shown = texts(render_root(a_report(findings=findings(answer, evidence=evidence))))

        assert "checkout: no such function" in shown
        assert "There is no function checkout (any more) in eu-west-1." in shown

    def test_counts_refused_questions(self) -> None:
        """A reader of the first message knows that the picture has holes."""
        assert ":lock: 1 question to AWS refused" in texts(render_root(a_report()))

    def test_names_the_person_who_asked(self) -> None:
        """A question from chat is answered to someone."""
        report = a_report(incident=an_incident(origin="question", title="checkout 502", asked_by="U2147483697", alarm_state=None))

        assert "Asked by <@U2147483697>: `checkout 502`" in texts(render_root(report))

    def test_works_without_a_function(self) -> None:
        """Where only a front door is known, that is the subject."""
        target = Target(function_name=None, front_door=FrontDoor(kind="http-api", id="abc123"))

        assert "abc123: function timeout" in texts(render_root(a_report(an_answer(target=target))))


class TestReplies:
    def test_come_in_order_and_only_when_they_say_something(self) -> None:
        """An empty reply is noise."""
        assert part_names(a_report()) == ("evidence", "gaps", "candidates", "advice", "receipt")
        assert part_names(a_report(an_answer(gaps=[], diagnoses=[a_timeout(evidence=a_timeout().evidence[:1])]))) == (
            "evidence",
            "advice",
            "receipt",
        )

    def test_evidence_has_counts_and_verbatim_lines(self) -> None:
        """What was seen, where, how often."""
        message = render_part(a_report(), "evidence")

        assert message is not None
        assert "logs · /aws/lambda/checkout · 41×" in texts(message)
        assert "rich_text_preformatted" in [member.get("type") for member in objects(list(message.blocks))]

    def test_gaps_name_the_action_to_grant(self) -> None:
        """API Gateway's actions are HTTP verbs, so the operation's name would not do."""
        gateway = Gap(section="gateway", operation="apigateway:GetStage", code="AccessDeniedException", message="no")
        message = render_part(a_report(an_answer(gaps=[DENIED, gateway])), "gaps")

        assert message is not None
        policy = json.loads(excerpt_of(message))
        assert policy["Version"] == "2012-10-17"
        assert policy["Statement"] == [
            {"Sid": "LambdaMedicReads", "Effect": "Allow", "Action": ["apigateway:GET", "lambda:GetPolicy"], "Resource": "*"}
        ]

    @pytest.mark.parametrize(
        ("code", "words"),
        [("ExpiredTokenException", "credentials have expired"), ("ThrottlingException", "throttled"), ("Timeout", "deadline")],
    )
    def test_gaps_say_what_went_wrong(self, code: str, words: str) -> None:
        """A late question, an expired key and a throttle call for different things."""
        gap = Gap(section="metrics", operation="cloudwatch:GetMetricData", code=code, message="the deadline ended first")
        message = render_part(a_report(an_answer(gaps=[gap])), "gaps")

        assert message is not None
        assert words in texts(message)
        assert "grant" not in texts(message)

    def test_advice_says_what_would_not_help(self) -> None:
        """The tempting change is declined with its reason."""
        message = render_part(a_report(), "advice")

        assert message is not None
        assert "raise memory: 41 % of the memory" in texts(message)
        assert "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html" in texts(message)

    def test_a_repeat_is_one_short_note(self) -> None:
        """The thread is the same; the first message carries the detail."""
        report = a_report(incident=an_incident(fired=2), repeat_of="function-timeout")

        assert part_names(report)[0] == "repeated"
        message = render_part(report, "repeated")
        assert message is not None
        assert "number 2" in texts(message)


class TestNothingIsLost:
    def test_a_long_excerpt_is_whole_in_the_file(self) -> None:
        """What is cut is said to be cut, and attached."""
        long = "Traceback\n" + "\n".join(f"  line {i}" for i in range(2000))
        report = a_report(an_answer(diagnoses=[a_timeout(evidence=[Citation(section="logs", ref="/aws/lambda/checkout", text=long)])]))

        message = render_part(report, "evidence")

        assert message is not None
        assert "too long to be shown; the attached file has all of it" in texts(message)
        assert "excerpts" in part_names(report)
        assert long in excerpt_file(report)

    def test_many_excerpts_are_all_somewhere(self) -> None:
        """Those that don't fit into the message are in the file."""
        cited = [Citation(section="logs", ref=f"/aws/lambda/{i}", text=f"line {i} " + "x" * 900) for i in range(60)]
        report = a_report(an_answer(diagnoses=[a_timeout(evidence=cited)]))

        message = render_part(report, "evidence")

        assert message is not None
        assert_valid_message(message)
        everything = texts(message) + excerpt_file(report)
        assert all(f"line {i} " in everything for i in range(60))

    def test_many_gaps_are_all_somewhere(self) -> None:
        """Also short rows, when there are very many."""
        gaps = [Gap(section="logs", operation=f"logs:Op{i}", code="X", message="m" * 200) for i in range(200)]
        report = a_report(an_answer(gaps=gaps))

        message = render_part(report, "gaps")

        assert message is not None
        assert_valid_message(message)
        everything = texts(message) + excerpt_file(report)
        assert all(f"logs:Op{i} " in everything for i in range(200))
