"""Messages of a report: what they say, that they fit, and that nothing in them is live."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.models.diagnosis import Citation, DeclinedRemediation, Hypothesis
from bot.models.incident import Report
from bot.models.incident_file import FrontDoor, Gap, IncidentFile, Target
from bot.slack.blocks import Message, faults, iter_texts
from bot.slack.limits import MAX_MESSAGE_CHARS
from bot.slack.render import excerpt_file, excerpts, part_names, render_part, render_root
from bot.slack.thread import NOTES, PARTS
from tests.slack.factories import DENIED, SINCE, a_report, a_timeout, an_answer, an_incident, findings, undetermined

HOSTILE = (
    "<!channel> <!here|x> <@U012AB3CD> <#C1> <https://evil.example|AWS console> ``` `x` &amp; \x1b[31m \x00\u202e "
    "@everyone http://evil.example"
)

hostile_text = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from([HOSTILE, "<!channel>", "```\n<!here>", "&lt;!channel&gt;", "\u202e", "x" * 3100, "<" * 800, "\n", " "]),
    st.lists(st.sampled_from(["<!channel>", "`", "*", "&", "\x1b[0m", "<https://e|x>", "\u2066"]), min_size=1, max_size=200).map("".join),
)


def all_messages(report: Report) -> list[Message]:
    """Return every message that a report could make."""
    parts = [render_part(report, part) for part in [*PARTS, *NOTES]]
    return [render_root(report), *(part for part in parts if part)]


def texts(message: Message) -> str:
    """Return all text of a message."""
    return "\n".join(iter_texts(list(message.blocks)))


def assert_slack_takes(message: Message) -> None:
    """Check a message with slack_sdk's own block models, and with the limits that they don't know."""
    assert faults(message) == []
    parsed = Block.parse_all(list(message.blocks))
    assert len(parsed) == len(message.blocks)
    for block in parsed:
        block.validate_json()


def live_tokens(message: Message) -> list[str]:
    """Return every token in angle brackets that Slack would act on, but for dates and the person who asked."""
    found = re.findall("<[^>]*>?", message.text)
    for obj in mrkdwn_objects(list(message.blocks)):
        assert obj["verbatim"] is True
        found += re.findall("<[^>]*>?", obj["text"])
    return [
        token for token in found if not re.fullmatch(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[0-9: UTC-]+>|<@U2147483697>", token)
    ]


def mrkdwn_objects(value: Any) -> list[dict[str, Any]]:
    """Return every text object that is read as markup."""
    if isinstance(value, dict):
        own = [value] if value.get("type") == "mrkdwn" else []
        return own + [found for member in value.values() for found in mrkdwn_objects(member)]
    if isinstance(value, list | tuple):
        return [found for member in value for found in mrkdwn_objects(member)]
    return []


def rich_elements(value: Any) -> set[str]:
    """Return the types of all objects in the blocks."""
    if isinstance(value, dict):
        return {str(value.get("type"))} | {t for member in value.values() for t in rich_elements(member)}
    if isinstance(value, list | tuple):
        return {t for member in value for t in rich_elements(member)}
    return set()


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
            "raise timeout 3 s → 10 s",
            "eu-west-1",
        ):
            assert said in shown
        assert f"<!date^{int(SINCE)}^" in shown
        assert len(message.blocks) <= 8
        assert len(shown) < 1200

    def test_tells_the_story_in_its_fallback_text(self) -> None:
        """A notification shows nothing else."""
        text = render_root(a_report()).text

        assert text.startswith("checkout: function timeout. Almost certain: checkout stopped at its 3 s limit")
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
        assert "rich_text_preformatted" in rich_elements(message.blocks)

    def test_gaps_name_the_action_to_grant(self) -> None:
        """API Gateway's actions are HTTP verbs, so the operation's name would not do."""
        gateway = Gap(section="gateway", operation="apigateway:GetStage", code="AccessDeniedException", message="no")
        message = render_part(a_report(an_answer(gaps=[DENIED, gateway])), "gaps")

        assert message is not None
        assert "apigateway:GET\nlambda:GetPolicy" in texts(message)

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
        assert_slack_takes(message)
        everything = texts(message) + excerpt_file(report)
        assert all(f"line {i} " in everything for i in range(60))

    def test_many_gaps_are_all_somewhere(self) -> None:
        """Also short rows, when there are very many."""
        gaps = [Gap(section="logs", operation=f"logs:Op{i}", code="X", message="m" * 200) for i in range(200)]
        report = a_report(an_answer(gaps=gaps))

        message = render_part(report, "gaps")

        assert message is not None
        assert_slack_takes(message)
        everything = texts(message) + excerpt_file(report)
        assert all(f"logs:Op{i} " in everything for i in range(200))


class TestHostileText:
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_nothing_is_live_and_everything_fits(self, data: st.DataObject) -> None:
        """Log lines, names and reasons are written by others; none of them can mention a channel, forge a link or break a block."""

        def some() -> str:
            return data.draw(hostile_text)

        diagnosis = a_timeout(
            cause=some(),
            summary=some(),
            evidence=[Citation(section=some(), ref=some(), text=some(), count=3) for _ in range(data.draw(st.integers(1, 12)))],
            advice=[some(), some()],
            references=[some(), "https://docs.aws.amazon.com/<x>"],
            declined=[DeclinedRemediation(action="raise-memory", why=some())],
        )
        target = Target(
            function_name=some(),
            qualifier=some(),
            region=some(),
            account_id=some(),
            front_door=FrontDoor(kind="alb", id=some(), route=some()),
        )
        answer = an_answer(
            target=target,
            diagnoses=[diagnosis, diagnosis],
            hypotheses=[Hypothesis(cause=some(), check=some())],
            gaps=[Gap(section=some(), operation=some(), code="AccessDenied", message=some())],
        )
        incident = an_incident(
            title=some(), alarm_reason=some(), asked_by=some(), origin=data.draw(st.sampled_from(["alarm", "question"])), recovered_at=1.0
        )
        reports = [
            a_report(answer, incident, repeat_of="x", findings=findings(answer, notes=(some(),))),
            a_report(an_answer(target=target, verdict="undetermined", diagnoses=[], looked_at=[some()]), incident),
            Report(incident=an_incident(phase="broken-off", problem=some(), title=some())),
        ]

        for report in reports:
            for message in all_messages(report):
                assert_slack_takes(message)
                assert live_tokens(message) == []
                assert rich_elements(message.blocks) <= {
                    "header", "plain_text", "section", "mrkdwn", "context", "rich_text", "rich_text_section", "rich_text_preformatted",
                    "rich_text_list", "text", "link", "None",
                }  # fmt: skip
                shown = json.dumps([message.text, message.blocks], ensure_ascii=False)
                assert not re.search("[\x00-\x08\x1b\u202a-\u202e\u2066-\u2069\u200b]", shown)
            excerpt_file(report).encode()

    def test_total_stays_below_the_cap_that_slack_does_not_document(self) -> None:
        """Each part is allowed, their sum is not."""
        report = a_report(an_answer(diagnoses=[a_timeout(advice=["<" * 2000] * 30, summary="&" * 5000)] * 8))

        for message in all_messages(report):
            assert len(texts(message)) <= MAX_MESSAGE_CHARS + len(message.blocks) * 10
            assert_slack_takes(message)
        assert excerpts(report)
