"""The first message through an incident's life: what it says, which buttons it has."""

from __future__ import annotations

from typing import Any

import pytest

from bot.models.change import ChangeState, offer_id_of
from bot.models.diagnosis import RemediationOffer
from bot.models.incident import AlarmNote, Asking, Report
from bot.slack.blocks import Message
from bot.slack.render import excerpt_file, part_names, render_root
from tests.slack.factories import (
    SINCE,
    TARGET,
    a_change,
    a_charted_report,
    a_report,
    a_timeout,
    a_victim,
    an_answer,
    an_incident,
    with_evidence,
)
from tests.slack.validation import assert_valid_message, objects, shown


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    """Return what can be pressed, by its action id."""
    return {member["action_id"]: member for member in objects(list(message.blocks)) if "action_id" in member}


def said(message: Message) -> str:
    """Return all that a message shows, after checking it."""
    assert_valid_message(message, meant=["<@U2147483697>", "<@U0123ABCD9>", "<!subteam^S0123ABCD9>"])
    return shown(list(message.blocks))


THREE = [
    RemediationOffer(action="raise-timeout", params={"from_seconds": 3, "to_seconds": 10}, why="w", risk="low"),
    RemediationOffer(action="enable-tracing", why="w", risk="low"),
    RemediationOffer(action="raise-memory", params={"from_mb": 128, "to_mb": 256}, why="w", risk="medium"),
    RemediationOffer(action="rollback-alias", why="w", risk="medium"),
]


class TestLife:
    def test_counts_questions_while_they_are_asked(self) -> None:
        """A reader sees that something happens."""
        report = Report(incident=an_incident(phase="investigating"), progress=Asking(asked=14, answered=9))

        assert "`▰▰▰▰▰▰▱▱▱▱` Reading configuration, logs, metrics and recent changes: 9 of 14 questions answered." in said(
            render_root(report)
        )
        assert not buttons(render_root(report))

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            ("pending", "fix requested"),
            ("approved", "fix approved"),
            ("applying", "fix being applied"),
            ("applied", "fix applied"),
            ("verified", "fix applied and it helped"),
            ("ineffective", "fix applied, did not help"),
            ("undoing", "fix being undone"),
            ("undone", "fix undone"),
            ("failed", "fix failed"),
            ("rehearsed", "fix rehearsed"),
        ],
    )
    def test_tells_how_far_the_fix_is(self, state: ChangeState, words: str) -> None:
        """In the headline, in a line of its own, and in the notification."""
        message = render_root(a_report(changes=(a_change(state),)))

        assert f"checkout: function timeout, {words} (123456789012, eu-west-1)" in said(message)
        assert f"*{words[0].upper()}{words[1:]}*: raise timeout: Timeout 3 → 10" in said(message)
        assert words in message.text

    @pytest.mark.parametrize("state", ["rejected", "expired", "withdrawn"])
    def test_stands_where_it_stood_after_a_refusal(self, state: ChangeState) -> None:
        """The headline is about the incident, and the button comes back."""
        message = render_root(a_report(changes=(a_change(state, ended_by={"user_id": "U2147483697", "at": 1.0, "request_id": "r"}),)))

        assert "checkout: function timeout (123456789012" in said(message)
        assert f"*Fix {state}*" in said(message)
        assert "medic.plan.0" in buttons(message)

    def test_says_what_a_pending_change_waits_for(self) -> None:
        """Who asked, how many must approve, until when."""
        text = said(render_root(a_report(changes=(a_change(needed=2),))))

        assert f"asked for by <@U2147483697>; waits for 2 approvals until <!date^{int(SINCE) + 900}^" in text

    def test_says_when_a_temporary_change_ends(self) -> None:
        """It goes back by itself."""
        assert f"ends by itself <!date^{int(SINCE) + 3600}^" in said(
            render_root(a_report(changes=(a_change("applied", revert_at=SINCE + 3600),)))
        )

    def test_recovers_with_the_fix_named(self) -> None:
        """Green, in words too, with nothing left to press but a new look."""
        incident = an_incident(recovered_at=SINCE + 600, alarm_state="OK")
        message = render_root(a_report(incident=incident, changes=(a_change("verified"),)))

        assert "🟢 checkout: recovered, fix applied and it helped (" in said(message)
        assert set(buttons(message)) == {"medic.again"}


class TestImpact:
    def test_says_how_many_callers_and_since_when(self) -> None:
        """The front door counted them."""
        text = said(render_root(a_charted_report()))

        assert "*Callers see: *" not in text
        assert f"`POST /orders`, 240 times in the window, since <!date^{int(SINCE)}^" in text
        assert "Callers see 502 (240 times)." in render_root(a_charted_report()).text

    def test_counts_an_answer_once(self) -> None:
        """A stage's count and its API's are the same answers."""
        report = a_charted_report()
        assert report.findings is not None
        metrics = [series.model_dump() for series in report.findings.evidence.metrics or []]
        metrics.append({**metrics[-1], "Dimensions": {"ApiName": "shop"}})

        assert "240 times" in said(render_root(with_evidence(report, metrics=metrics)))


class TestPlace:
    def test_goes_by_the_accounts_alias(self) -> None:
        """Nobody knows twelve digits at night."""
        target = TARGET.model_copy(update={"account_alias": "shop-prod"})

        assert "checkout: function timeout (shop-prod, eu-west-1)" in said(render_root(a_report(an_answer(target=target))))


class TestButtons:
    def test_hold_ids_and_say_the_change(self) -> None:
        """Three at most, the first one primary."""
        message = render_root(a_report(an_answer(diagnoses=[a_timeout(remediations=THREE)])))

        found = buttons(message)
        assert [name for name in found if name.startswith("medic.plan")] == ["medic.plan.0", "medic.plan.1", "medic.plan.2"]
        assert found["medic.plan.0"]["value"] == offer_id_of(an_incident().id, "e1", 0)
        assert found["medic.plan.0"]["text"]["text"] == "Raise timeout 3 s → 10 s"
        assert [member.get("style") for member in found.values()][:3] == ["primary", None, None]

    @pytest.mark.parametrize("state", ["pending", "approved", "applying", "applied", "verified", "ineffective", "undoing"])
    def test_give_way_to_the_state_of_their_change(self, state: ChangeState) -> None:
        """What is asked for is not asked for twice; the others stay, and one of them becomes primary."""
        message = render_root(a_report(an_answer(diagnoses=[a_timeout(remediations=THREE)]), changes=(a_change(state),)))

        found = buttons(message)
        assert "medic.plan.0" not in found
        assert found["medic.plan.1"]["style"] == "primary"

    def test_mute_for_a_time_that_ends(self) -> None:
        """The menu holds incident and minutes."""
        found = buttons(render_root(a_report()))

        assert [option["value"] for option in found["medic.mute"]["options"]] == [f"{an_incident().id}|{m}" for m in (60, 240, 1440)]
        assert found["medic.again"]["value"] == an_incident().id

    def test_offer_to_end_a_mute(self) -> None:
        """With the time when it ends by itself; a mute that is over is over."""
        muted = render_root(a_report(incident=an_incident(muted_until=SINCE + 3600)))
        over = render_root(a_report(incident=an_incident(muted_until=SINCE - 1)))

        assert f"Muted until <!date^{int(SINCE) + 3600}^" in said(muted)
        assert "medic.unmute" in buttons(muted)
        assert "Muted" not in said(over).replace("Mute for", "")
        assert "medic.mute" in buttons(over)

    def test_are_words_where_no_thread_is(self) -> None:
        """A private answer has no thread that a change could be decided in."""
        message = render_root(a_report(incident=an_incident(thread_ts="")))

        assert not buttons(message)
        assert "raise timeout 3 s → 10 s (low risk)" in said(message)


class TestOwner:
    @pytest.mark.parametrize(
        ("tags", "words"),
        [
            ({"Owner": "U0123ABCD9"}, "Owner: <@U0123ABCD9>"),
            ({"owner": "payments", "slack": "@S0123ABCD9"}, "Owner: <!subteam^S0123ABCD9>"),
            ({"team": "SUPPORTDESK"}, "Owner: SUPPORTDESK"),
            ({"team": "<!channel>"}, "Owner: &lt;!channel&gt;"),
            ({"owner": "U0123ABCD9|x> <!here"}, "Owner: U0123ABCD9|x&gt; &lt;!here"),
            ({"stage": "U0123ABCD9"}, ""),
        ],
    )
    def test_is_a_mention_only_where_the_tag_is_an_id(self, tags: dict[str, str], words: str) -> None:
        """Everything else is words."""
        text = said(render_root(with_evidence(a_report(), tags=tags)))

        assert words in text
        assert ("Owner:" in text) == bool(words)


class TestVictims:
    def test_are_counted_and_the_oldest_named(self) -> None:
        """Forty names fill no phone screen; all of them are in the file."""
        victims = tuple(a_victim(f"fn-{n:02}", minutes=40 - n, fired=n) for n in range(40))
        report = a_report(incident=an_incident(victims=victims))
        message = render_root(report)

        assert "*40 functions with one cause*: `fn-39` 39×, `fn-38` 38×," in said(message)
        assert "and 34 more" in said(message)
        assert "40 functions with one cause." in message.text
        assert all(f"fn-{n:02} (123456789012 eu-west-1): fn-{n:02}-errors {n}× (ALARM)" in excerpt_file(report) for n in range(40))
        assert "excerpts" in part_names(report)

    def test_are_no_list_of_one(self) -> None:
        """The function itself stands in the headline."""
        assert "one cause" not in said(render_root(a_report(incident=an_incident(victims=(a_victim("checkout"),)))))

    def test_end_in_another_thread_when_folded(self) -> None:
        """The message only points there."""
        lead = an_incident(id="inc-lead", function="orders", channel="C0LEAD", thread_ts="1778728300.000200")
        message = render_root(a_report(incident=an_incident(folded_into="inc-lead"), lead=lead))

        assert "↪️ checkout: part of another incident" in said(message)
        assert "https://slack.com/archives/C0LEAD/p1778728300000200" in said(message)
        assert "It goes on in the thread of orders" in said(message)
        assert not buttons(message)


class TestSmallPrint:
    def test_names_all_alarms_of_the_function(self) -> None:
        """Three by name."""
        notes = tuple(AlarmNote(identity=f"a{n}", name=f"alarm-{n}", state="ALARM", changed_at=SINCE) for n in range(4))
        text = said(
            render_root(
                a_report(incident=an_incident(alarms=notes, fired=7, severity="high", channel_note="The channel #deploys is archived."))
            )
        )

        assert "Alarms `checkout-errors`, `alarm-0`, `alarm-1` and 2 more, fired 7 times, severity high" in text
        assert "The channel #deploys is archived." in text
