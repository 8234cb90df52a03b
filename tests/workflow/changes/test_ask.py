"""A plan's window was sent: a change is opened once, or refused, recorded and told in private."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import DeliveryError, StateError
from bot.models.change import change_id_of
from bot.workflow.changes.ask import request
from bot.workflow.changes.rules import Rule, Rules
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import events
from tests.workflow.changes.world import (
    APPROVER,
    ASKER,
    CHANNEL,
    INCIDENT,
    RULE,
    STRANGER,
    TEAM,
    THREAD,
    World,
    a_world,
    an_incident,
    an_offer,
)
from tests.workflow.fakes import Killed


def refused(world: World) -> str:
    """Return why nothing was asked for."""
    assert world.changes.all == ()
    assert world.messenger.messages == {}
    assert world.aws.writes == []
    (why,) = world.audit.reasons
    assert why in world.messenger.told[0][1]
    return why


def test_a_request_waits_in_the_thread_for_the_people_of_its_rule() -> None:
    """Bound to the plan made now, with the rule's lifetime."""
    world = a_world(RULE.model_copy(update={"lifetime_minutes": 30, "approvals": 2}))
    command = world.form(values={"to_seconds": "20"})
    request(world.desk, command)
    change = world.change
    assert change.id == change_id_of(command.request_id)
    assert (change.state, change.requested_by, change.needed, change.approvers) == ("pending", ASKER, 2, (APPROVER, TEAM))
    assert change.expires_at - change.requested_at == 1800
    assert change.plan.after == {"timeout_s": 20}
    assert change.fingerprint == change.plan.fingerprint()
    assert (change.channel, change.thread_ts) == (CHANNEL, THREAD)
    assert change.message_ts in world.messenger.messages
    assert world.messenger.roots[-1].changes == (change,)
    assert world.audit.events == [("requested", ASKER)]
    assert world.audit.entries[0].details["fields"] == {"timeout_s": {"old": 3, "new": 20}}
    assert world.queue.sent == []
    assert world.aws.writes == []


def test_the_plan_is_made_again_when_the_window_is_sent() -> None:
    """Somebody changed the function while the window was open."""
    world = a_world()
    world.aws.set("orders", Timeout=5)
    request(world.desk, world.form())
    assert world.change.plan.before == {"timeout_s": 5}


def test_a_temporary_change_keeps_its_minutes() -> None:
    """It will end by itself so long after it was made."""
    world = a_world()
    request(world.desk, world.form(values={"minutes": "60"}))
    assert world.change.minutes == 60


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"to_seconds": "901"}, "expected a number from 1 to 900"),
        ({"function_name": "payments"}, "not a value of this change that can be edited"),
        ({"minutes": "1"}, "from 5 to 1440"),
        ({"to_seconds": "2"}, "2 s is not more than the present 3 s"),
    ],
)
def test_tampered_and_useless_values_are_refused(values: dict[str, Any], said: str) -> None:
    """Whatever the window had shown."""
    world = a_world()
    request(world.desk, world.form(values=values))
    assert said in refused(world)
    assert world.messenger.told[0][0] == ASKER


def test_a_person_who_may_not_ask_is_refused() -> None:
    """Also when the form is sent without ever having been shown."""
    world = a_world(Rule(may_ask=(ASKER,), may_approve=(APPROVER,)))
    request(world.desk, world.form(STRANGER))
    assert "do not let you ask" in refused(world)
    assert world.audit.events == [("refused", STRANGER)]


def test_with_nobody_configured_nobody_can_ask() -> None:
    """No rules, no changes."""
    world = a_world()
    world.rules[0] = Rules()
    request(world.desk, world.form())
    assert "Nobody is configured" in refused(world)


def test_a_group_that_cannot_be_read_lets_nobody_ask() -> None:
    """And says that it was this."""
    world = a_world(Rule(may_ask=(TEAM,), may_approve=(TEAM,)))
    world.groups.unread.add(TEAM)
    request(world.desk, world.form("U0SECOND"))
    assert f"{TEAM} cannot be read" in refused(world)


def test_an_offer_that_is_not_known_is_refused() -> None:
    """A forged one, or one that was kept no longer."""
    world = a_world()
    request(world.desk, world.click("request", "off-ffffffffffffffff", ASKER))
    assert "no longer known" in refused(world)


def test_an_incident_without_a_thread_is_no_place_to_ask() -> None:
    """Nobody could see the request."""
    world = a_world()
    world.incidents.change(INCIDENT, thread_ts="")
    request(world.desk, world.form())
    assert "no thread" in refused(world)


def test_what_cannot_be_undone_cannot_be_temporary() -> None:
    """A quota request stands."""
    world = a_world(offers=[an_offer("request-quota-increase", {"desired_value": 2000})])
    request(world.desk, world.form(values={"minutes": "60"}))
    assert "it cannot end by itself" in refused(world)


def test_the_same_change_is_not_asked_for_twice() -> None:
    """The second one is told what the first does; after its end it may be asked for again."""
    world = a_world()
    request(world.desk, world.form())
    request(world.desk, world.form(STRANGER))
    assert len(world.changes.all) == 1
    assert "raise-timeout of orders waits for approval" in world.audit.reasons[0]
    world.clock.move(15 * 60)
    request(world.desk, world.form(STRANGER))
    assert len(world.changes.all) == 2


def test_another_change_of_the_same_function_may_wait_beside_it() -> None:
    """They are made one after the other."""
    world = a_world(offers=[an_offer(), an_offer("raise-memory", {"from_mb": 128, "to_mb": 512})])
    for offer_id in world.changes.offers:
        request(world.desk, world.click("request", offer_id, ASKER, values="{}"))
    assert [change.plan.action for change in world.changes.all] == ["raise-timeout", "raise-memory"]


def test_a_form_delivered_twice_opens_one_change_and_posts_one_message() -> None:
    """Whatever happened to the function meanwhile."""
    world = a_world()
    command = world.form()
    request(world.desk, command)
    world.aws.set("orders", Timeout=60)
    request(world.desk, command)
    assert len(world.changes.all) == len(world.messenger.messages) == len(world.audit.entries) == 1


def test_killed_at_any_call_the_next_delivery_opens_one_change_with_one_message() -> None:
    """Before and after each call to a port."""
    counted: list[str] = []
    calm = a_world()
    request(calm.watched(counted.append), calm.form())
    for last in range(len(counted)):
        world, calls = a_world(), [0]

        def watch(name: str, calls: list[int] = calls, last: int = last) -> None:
            calls[0] += 1
            if calls[0] == last + 1:
                raise Killed(name)

        command = world.form()
        with pytest.raises(Killed):
            request(world.watched(watch), command)
        request(world.desk, command)
        assert [change.state for change in world.changes.all] == ["pending"], counted[last]
        assert list(world.messenger.messages) == [world.change.message_ts], counted[last]
        assert world.audit.events == [("requested", ASKER)], counted[last]


def test_slack_in_trouble_brings_the_form_again() -> None:
    """The change waits; its message comes with the next delivery."""
    world = a_world()
    world.messenger.refuse["post_change"] = ["ratelimited"]
    command = world.form()
    with pytest.raises(DeliveryError):
        request(world.desk, command)
    request(world.desk, command)
    assert world.change.message_ts


def test_a_change_whose_message_slack_will_never_take_has_failed() -> None:
    """Nobody could decide about it; the person is told."""
    world = a_world()
    world.messenger.refuse["post_change"] = ["is_archived"]
    request(world.desk, world.form())
    assert world.change.state == "failed"
    assert world.changes.open_changes() == ()
    assert world.audit.events == [("requested", ASKER), ("failed", "lambda-medic")]
    assert "is_archived" in world.said_to(ASKER)[0]


def test_without_an_audit_trail_nothing_is_asked_for_in_the_thread() -> None:
    """The delivery comes again."""
    world = a_world()
    world.audit.broken = True
    with pytest.raises(StateError):
        request(world.desk, world.form())
    assert world.messenger.messages == {}


def test_an_answer_that_slack_does_not_take_does_not_lose_the_refusal() -> None:
    """It stands in the audit trail."""
    world = a_world()
    world.rules[0] = Rules()
    world.messenger.refuse["tell_person"] = ["channel_not_found"]
    request(world.desk, world.form())
    assert world.audit.events == [("refused", ASKER)]


def test_an_offer_of_another_incident_is_asked_for_in_its_own_channel(world: World, queue: Queue, account: LiveAccount) -> None:
    """A window's metadata may be that of any offer: the request goes where that incident's people are, and nowhere else."""
    queue.deliver(world.form(STRANGER, channel_id="C0MINE"))

    assert world.change.channel == an_incident(world.clock).channel
    assert world.change.incident_id == INCIDENT
    queue.deliver(world.button("approve", APPROVER, channel_id="C0MINE"))
    queue.run()
    assert account.updates == []


@pytest.mark.parametrize("subject", ["", "off-0000000000000000", "chg-0000000000000000.0000000000000000", "x" * 3000])
def test_a_made_up_offer_leads_nowhere(world: World, queue: Queue, account: LiveAccount, subject: str) -> None:
    """The form's metadata is not ours."""
    form = world.form()
    queue.deliver(type(form)(**{**form.__dict__, "subject": subject}))

    assert world.changes.all == ()
    assert account.writes == []
    assert events(world) == ["refused"]
