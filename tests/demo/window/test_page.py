"""The page shows what Slack shows, does what people do, and lets no log line become anything but text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.demo.window.canned import INCIDENTS, Canned

if TYPE_CHECKING:
    from playwright.sync_api import Page

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> <!channel> <@U0APPROVER> *bold* `code` &lt;b&gt;'


def text(words: str) -> dict[str, Any]:
    """Return a plain text object."""
    return {"type": "plain_text", "text": words}


def button(words: str, action_id: str, value: str = "", **more: Any) -> dict[str, Any]:
    """Return a block with one button."""
    return {"type": "actions", "elements": [{"type": "button", "action_id": action_id, "value": value, "text": text(words), **more}]}


FORM = {
    "type": "modal",
    "callback_id": "medic.request",
    "private_metadata": "off-1",
    "title": text("Change"),
    "submit": text("Ask for approval"),
    "blocks": [
        {
            "type": "input",
            "block_id": "to_seconds",
            "label": text("Seconds"),
            "element": {
                "type": "number_input",
                "action_id": "v",
                "is_decimal_allowed": False,
                "initial_value": "6",
                "min_value": "4",
                "max_value": "900",
            },
        },
        {
            "type": "input",
            "block_id": "who",
            "optional": True,
            "label": text("Function"),
            "element": {"type": "external_select", "action_id": "f", "min_query_length": 0},
        },
    ],
}


def test_hostile_text_stays_text_wherever_it_stands(page: Page, demo: Canned) -> None:
    """In rich text, in plain text, in a file's name and content: no element, no mention, no script."""
    rich = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": HOSTILE}]}
    blocks: list[dict[str, Any]] = [{"type": "rich_text", "elements": [rich]}, {"type": "header", "text": text(HOSTILE[:140])}]
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=blocks)
    demo.slack.files_upload_v2(channel=INCIDENTS, thread_ts=head["ts"], filename="x.html", title=HOSTILE, content=HOSTILE)

    page.click(".thread-link")
    page.wait_for_selector(".file")

    assert page.inner_text("#channel-list .fence") == HOSTILE
    assert page.evaluate("window.hacked") is None
    assert page.locator("#channel-list img, #thread-list img, #channel-list .mention").count() == 0


def test_dates_are_in_the_readers_own_time_zone(page: Page, demo: Canned) -> None:
    """The browser stands in Tokyo: a quarter past three in the morning there is a quarter past six in the evening in Greenwich."""
    demo.slack.chat_postMessage(channel=INCIDENTS, text="since <!date^1700072100^{date_num} {time}|fallback> and <!date^x^{time}|fallback>")

    body = page.inner_text(".message .body")

    assert "3:15" in body
    assert "16/11/2023" in body
    assert body.endswith("and fallback")


def test_message_is_edited_in_place_and_deleted(page: Page, demo: Canned) -> None:
    """The first message lives through the incident."""
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="investigating")
    page.wait_for_selector("text=investigating")
    demo.slack.chat_update(channel=INCIDENTS, ts=head["ts"], text="diagnosed")
    page.wait_for_selector("text=diagnosed")

    assert page.locator(".message").count() == 1
    demo.slack.api_call("chat.delete", json={"channel": INCIDENTS, "ts": head["ts"]})
    page.wait_for_selector(".message", state="detached")


def test_private_answer_is_seen_by_one_person(page: Page, demo: Canned) -> None:
    """The others see nothing of it."""
    demo.slack.chat_postEphemeral(channel=INCIDENTS, user="U0STRANGER", text="You may not approve this.")

    page.click("[data-person=U0STRANGER]")
    assert "Only visible to you" in page.inner_text(".message.private")
    page.click("[data-person=U0ONCALL]")
    page.wait_for_selector(".message.private", state="detached")


def test_click_asks_again_and_carries_who_where_and_what(page: Page, demo: Canned) -> None:
    """The dialog first; then the payload that Slack sends."""
    dialog = {"title": text("Sure?"), "text": text("Really?"), "confirm": text("Yes"), "deny": text("No"), "style": "danger"}
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=[button("Undo", "medic.undo", "chg-1.abc", confirm=dialog)])

    page.click("[data-action='medic.undo']")
    page.click(".modal.confirm >> text=No")
    assert demo.app.of("block_actions") == []
    page.click("[data-action='medic.undo']")
    page.click(".modal.confirm >> text=Yes")
    page.wait_for_selector("[data-action='medic.undo']:not([aria-busy])")

    [sent] = demo.app.of("block_actions")
    assert sent["user"]["id"] == "U0ONCALL"
    assert sent["container"] == {"type": "message", "message_ts": head["ts"], "channel_id": INCIDENTS, "is_ephemeral": False}
    assert (sent["actions"][0]["action_id"], sent["actions"][0]["value"]) == ("medic.undo", "chg-1.abc")
    assert "/response/" in sent["response_url"]


def test_app_that_fails_is_shown_at_the_button(page: Page, demo: Canned) -> None:
    """As Slack does; the words name the reason."""
    demo.app.answer = lambda _request: (500, "")
    demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=[button("Go", "medic.again")])

    page.click("[data-action='medic.again']")

    assert "did not respond" in page.inner_text(".toast.error")
    assert page.locator(".button.failed").count() == 1


def test_form_by_keyboard_alone(page: Page, demo: Canned) -> None:
    """Tab to the button, Enter, focus stays in the window, faults are named, Enter sends, focus comes back."""

    def answer(request: dict[str, Any]) -> tuple[int, dict[str, Any] | str]:
        if request["type"] == "block_actions":
            demo.slack.views_open(trigger_id=request["trigger_id"], view=FORM)
        if request["type"] == "block_suggestion":
            return 200, {"options": [{"text": text(f"{request['value']}-prod"), "value": "f"}]}
        if request["type"] == "view_submission" and len(demo.app.of("view_submission")) == 1:
            return 200, {"response_action": "errors", "errors": {"to_seconds": "More than the gateway waits."}}
        return 200, ""

    demo.app.answer = answer
    demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=[button("Raise timeout", "medic.plan.0", "off-1")])
    page.wait_for_selector("[data-action='medic.plan.0']")
    page.focus("#channel-list [data-action='medic.plan.0']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".modal")

    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('.modal').contains(document.activeElement)")
    page.focus("[data-block=to_seconds] input")
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    assert "Please enter 4 or more." in page.inner_text("[data-block=to_seconds] .fault")
    page.keyboard.press("Control+a")
    page.keyboard.type("60")
    page.keyboard.press("Tab")
    page.keyboard.type("checkout")
    page.wait_for_selector("[role=option] >> text=checkout-prod")
    page.keyboard.press("Enter")
    page.focus("[data-block=to_seconds] input")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=More than the gateway waits.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".modal", state="detached")

    values = demo.app.of("view_submission")[1]["view"]["state"]["values"]
    assert values["to_seconds"]["v"]["value"] == "60"
    assert values["who"]["f"]["selected_option"]["value"] == "f"
    assert page.evaluate("document.activeElement.dataset.action") == "medic.plan.0"


def test_escape_closes_the_window_and_enter_sends_a_command(page: Page, demo: Canned) -> None:
    """Type-ahead by arrow keys and Tab; the answer is seen by the asker alone."""
    demo.app.answer = lambda _request: (200, {"response_type": "ephemeral", "text": "On it."})
    page.focus("#box")
    page.keyboard.type("/lambda wh")
    page.wait_for_selector("[role=option] >> text=/lambda why")
    page.keyboard.press("Tab")
    page.keyboard.type("checkout 502")
    page.keyboard.press("Enter")

    assert "On it." in page.inner_text(".message.private")
    [sent] = demo.app.of("slash")
    assert (sent["command"], sent["text"], sent["user_id"]) == ("/lambda", "why checkout 502", "U0ONCALL")


def test_home_is_drawn_for_whoever_opens_it(page: Page, demo: Canned) -> None:
    """The app hears that it was opened, and its page is shown."""
    page.click("[data-place=home]")
    page.wait_for_selector("#home >> text=drawing")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Open incidents*"}}
    demo.slack.views_publish(user_id="U0ONCALL", view={"type": "home", "blocks": [section]})

    page.wait_for_selector("#home >> text=Open incidents")
    assert demo.app.of("event_callback")[0]["event"]["type"] == "app_home_opened"


def test_picture_is_shown_and_what_cannot_be_shown_says_so(page: Page, demo: Canned) -> None:
    """An element that the bot never sends gets a box of its own."""
    demo.slack.files_upload_v2(channel=INCIDENTS, filename="chart.png", title="Errors", content=PNG)
    strange = {"type": "rich_text", "elements": [{"type": "rich_text_hologram", "elements": []}]}
    demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=[strange])

    page.wait_for_selector(".picture img")
    assert page.evaluate("document.querySelector('.picture img').decode().then(() => 'shown')") == "shown"
    assert "rich_text_hologram" in page.inner_text(".cannot-show")


def test_phone_shows_one_pane_at_a_time(page: Page, demo: Canned) -> None:
    """Nothing is wider than the screen."""
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="x " * 200, blocks=[button("A long label " * 5, "medic.again")])
    demo.slack.chat_postMessage(channel=INCIDENTS, thread_ts=head["ts"], text="reply")
    page.set_viewport_size({"width": 375, "height": 700})

    panes = [".sidebar", ".channel", ".thread", ".aws"]

    def shown() -> list[str]:
        return [pane for pane in panes if page.is_visible(pane)]

    assert shown() == [".channel"]
    page.click(".thread-link")
    assert shown() == [".thread"]
    page.click(".thread [aria-label='Back to the channel']")
    page.click("#aws-toggle")
    assert shown() == [".aws"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_focus_stays_when_its_message_is_edited(page: Page, demo: Canned) -> None:
    """The bot edits a message while somebody stands on its button."""
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="x", blocks=[button("Raise timeout", "medic.plan.0")])
    page.focus("[data-action='medic.plan.0']")
    demo.slack.chat_update(channel=INCIDENTS, ts=head["ts"], text="y", blocks=[button("Raise it", "medic.plan.0")])

    page.wait_for_selector(".button >> text=Raise it")
    assert page.evaluate("document.activeElement.dataset.action") == "medic.plan.0"


def test_app_that_does_not_answer_a_command_is_told_by_slackbot(page: Page, demo: Canned) -> None:
    """In private, with Slack's own code."""
    demo.app.answer = lambda _request: (500, "")
    page.focus("#box")
    page.keyboard.type("/lambda status")
    page.keyboard.press("Enter")

    said = page.inner_text(".message.private")
    assert "Slackbot" in said
    assert "/lambda failed with the error “http_service_error”" in said


def test_link_to_a_thread_opens_it_here(page: Page, demo: Canned) -> None:
    """The app's home and private answers link to threads by slack.com's addresses."""
    head = demo.slack.chat_postMessage(channel=INCIDENTS, text="the incident")
    link = f"<https://slack.com/archives/{INCIDENTS}/p{head['ts'].replace('.', '')}|thread>"
    demo.slack.chat_postMessage(channel="C0GENERAL", text=f"see {link}")
    page.click("[data-place=C0GENERAL]")
    page.click(".message a >> text=thread")

    assert "the incident" in page.inner_text("#thread-list .message")
    assert page.inner_text("#channel-name") == "# incidents"
