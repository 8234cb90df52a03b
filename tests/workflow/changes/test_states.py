"""What may follow what in a change's life: each step, each refusal, and each request counted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from bot.errors import RefusedError
from bot.models.change import STANDING, Change, ChangeState, Check, Decision
from bot.models.plan import AppliedChange
from bot.workflow.changes import states
from tests.slack.changes.factories import APPROVER, ASKED_BY, NOW, a_change, a_check

ALL: tuple[ChangeState, ...] = get_args(ChangeState)

LATER = NOW + 60
AFTER_ITS_LIFETIME = NOW + 900


def by(user_id: str = APPROVER, request_id: str = "click-1", at: float = LATER) -> Decision:
    """Return what a person decided."""
    return Decision(user_id=user_id, at=at, request_id=request_id)


def made(change: Change, *, is_undo: bool = False) -> AppliedChange:
    """Return what AWS was told."""
    before, after = (change.plan.after, change.plan.before) if is_undo else (change.plan.before, change.plan.after)
    return AppliedChange(
        plan=change.plan, plan_fingerprint=change.fingerprint, is_undo=is_undo, before=before, after=after, outcome="applied"
    )


def nothing_seen(number: int) -> Check:
    """Return a look that finds the alarm as red as before."""
    return a_check(number=number, alarm_state="ALARM", recovered_at=None)


STEPS: dict[str, tuple[Callable[[Change], Change], set[ChangeState], ChangeState]] = {
    "approve": (lambda change: states.approve(change, by()), {"pending"}, "approved"),
    "reject": (lambda change: states.reject(change, by()), {"pending"}, "rejected"),
    "withdraw": (lambda change: states.withdraw(change, by(ASKED_BY)), {"pending"}, "withdrawn"),
    "begin": (lambda change: states.begin(change, LATER), {"approved"}, "applying"),
    "applied": (lambda change: states.applied(change, made(change), LATER), {"applying"}, "applied"),
    "rehearsed": (lambda change: states.rehearsed(change, LATER), {"applying"}, "rehearsed"),
    "failed": (lambda change: states.failed(change, "AWS said no"), {"pending", "approved", "applying"}, "failed"),
    "begin_undo": (lambda change: states.begin_undo(change, by()), set(STANDING), "undoing"),
    "undone": (lambda change: states.undone(change, made(change, is_undo=True), LATER), {"undoing"}, "undone"),
    "undo_refused": (lambda change: states.undo_refused(change, "AWS said no", is_end=False), {"undoing"}, "applied"),
}
"""Each step with the states that it may be taken from, and the one that it leads to."""

GOES_ON = {("begin", "applying"), ("begin_undo", "undoing")}
"""Steps that a retry takes again: what has begun goes on."""


@pytest.mark.parametrize(("step", "state"), [(step, state) for step, (_, sources, _) in STEPS.items() for state in ALL if state in sources])
def test_each_step_leads_on_from_the_states_that_it_may_follow(step: str, state: ChangeState) -> None:
    """And changes nothing of what was asked for."""
    take, _, then = STEPS[step]
    before = a_change(state=state)

    after = take(before)

    assert after.state == then
    assert (after.plan, after.token, after.version) == (before.plan, before.token, before.version)


@pytest.mark.parametrize(
    ("step", "state"),
    [(step, state) for step, (_, sources, _) in STEPS.items() for state in ALL if state not in sources and (step, state) not in GOES_ON],
)
def test_from_every_other_state_a_step_is_refused_in_words(step: str, state: ChangeState) -> None:
    """A change that is over stays so, and nothing is made twice."""
    with pytest.raises(RefusedError) as refused:
        STEPS[step][0](a_change(state=state))

    assert str(refused.value) == f"this change {states.WORDS[state]}"


class TestApprove:
    def test_counts_people_until_there_are_enough(self) -> None:
        """Two are needed: after one of them it still waits."""
        one = states.approve(a_change(needed=2), by("U0FIRST", "click-1"))
        two = states.approve(one, by("U0SECOND", "click-2"))

        assert (one.state, two.state) == ("pending", "approved")
        assert [given.user_id for given in two.approvals] == ["U0FIRST", "U0SECOND"]

    def test_takes_no_person_for_two(self) -> None:
        """Another click of the same one is refused."""
        one = states.approve(a_change(needed=2), by("U0FIRST", "click-1"))

        with pytest.raises(RefusedError, match="another person must approve it too"):
            states.approve(one, by("U0FIRST", "click-2"))

    @pytest.mark.parametrize("state", ALL)
    def test_is_the_same_when_its_request_comes_again(self, state: ChangeState) -> None:
        """However far the change went meanwhile, and however late it is."""
        change = a_change(state=state, approvals=(by(),))

        assert states.approve(change, by(at=AFTER_ITS_LIFETIME)) == change


class TestEnd:
    def test_holds_who_and_by_which_request(self) -> None:
        """For the trail."""
        assert states.reject(a_change(), by()).ended_by == by()

    @pytest.mark.parametrize(("end", "user_id"), [(states.reject, APPROVER), (states.withdraw, ASKED_BY)])
    def test_is_the_same_when_its_request_comes_again(self, end: Callable[[Change, Decision], Change], user_id: str) -> None:
        """Another request finds it ended."""
        ended = end(a_change(), by(user_id))

        assert end(ended, by(user_id, at=AFTER_ITS_LIFETIME)) == ended
        with pytest.raises(RefusedError, match="this change was"):
            end(ended, by(user_id, "click-2"))

    def test_a_rejection_is_no_withdrawal(self) -> None:
        """One request cannot be both."""
        rejected = states.reject(a_change(), by(ASKED_BY))

        with pytest.raises(RefusedError, match="was rejected"):
            states.withdraw(rejected, by(ASKED_BY))

    def test_only_who_asked_withdraws(self) -> None:
        """Others reject."""
        with pytest.raises(RefusedError, match="only the person who asked"):
            states.withdraw(a_change(), by(APPROVER))


class TestLifetime:
    @pytest.mark.parametrize(
        "decide",
        [
            lambda change: states.approve(change, by(at=AFTER_ITS_LIFETIME)),
            lambda change: states.reject(change, by(at=AFTER_ITS_LIFETIME)),
            lambda change: states.withdraw(change, by(ASKED_BY, at=AFTER_ITS_LIFETIME)),
        ],
    )
    def test_ends_every_decision(self, decide: Callable[[Change], Change]) -> None:
        """Its last second is the one before."""
        with pytest.raises(RefusedError, match="has expired"):
            decide(a_change())

    def test_ends_the_beginning_and_not_what_has_begun(self) -> None:
        """A worker that died in the midst must find out what stands, at any time."""
        with pytest.raises(RefusedError, match="has expired"):
            states.begin(a_change(state="approved"), AFTER_ITS_LIFETIME)
        applying = a_change(state="applying", began_at=LATER)

        assert states.begin(applying, AFTER_ITS_LIFETIME) == applying

    @pytest.mark.parametrize("state", ALL)
    def test_expires_only_what_was_not_begun(self, state: ChangeState) -> None:
        """And not a moment early."""
        change = a_change(state=state)

        assert states.expire(change, AFTER_ITS_LIFETIME - 0.001) == change
        assert states.expire(change, AFTER_ITS_LIFETIME).state == ("expired" if state in {"pending", "approved"} else state)


class TestApplied:
    def test_holds_what_an_undoing_needs(self) -> None:
        """What was sent, and since when it stands; an earlier problem is over."""
        change = a_change(state="applying", problem="throttled")

        after = states.applied(change, made(change), LATER)

        assert (after.applied, after.applied_at, after.problem, after.revert_at) == (made(change), LATER, "", None)

    def test_counts_the_minutes_from_when_it_stands(self) -> None:
        """Not from the request or the approval."""
        change = a_change(state="applying", minutes=30)

        assert states.applied(change, made(change), LATER).revert_at == LATER + 1800


class TestChecked:
    @pytest.mark.parametrize(
        ("state", "check", "is_last", "then"),
        [
            ("applied", nothing_seen(1), False, "applied"),
            ("applied", nothing_seen(3), True, "ineffective"),
            ("applied", a_check(), False, "verified"),
            ("applied", a_check(), True, "verified"),
            ("applied", a_check(stands=False), False, "applied"),
            ("applied", a_check(stands=False), True, "ineffective"),
            ("verified", nothing_seen(3), True, "verified"),
            ("ineffective", nothing_seen(4), True, "ineffective"),
            ("ineffective", a_check(number=4), True, "verified"),
        ],
    )
    def test_says_whether_it_helped(self, state: ChangeState, check: Check, is_last: bool, then: ChangeState) -> None:
        """A recovery that was seen stays seen, a late one is one, and none is due to a change that no longer stands."""
        after = states.checked(a_change(state=state), check, is_last=is_last)

        assert (after.state, after.checks) == (then, (check,))

    def test_counts_each_number_once(self) -> None:
        """The same look, delivered twice, may see something else: the first one counts."""
        once = states.checked(a_change(state="applied"), nothing_seen(1), is_last=False)

        assert states.checked(once, a_check(number=1), is_last=True) == once

    @pytest.mark.parametrize("state", [state for state in ALL if state not in STANDING])
    def test_looks_at_nothing_that_does_not_stand(self, state: ChangeState) -> None:
        """A look that comes after an undoing began changes nothing."""
        change = a_change(state=state)

        assert states.checked(change, a_check(), is_last=True) == change


class TestUndo:
    def test_one_that_has_begun_goes_on_for_who_began_it(self) -> None:
        """A second person's click, or the same one again."""
        begun = states.begin_undo(a_change(state="verified"), by("U0FIRST"))

        assert states.begin_undo(begun, by("U0SECOND", "click-2")) == begun
        assert (begun.undo_by, begun.undo_from) == (by("U0FIRST"), "verified")

    @pytest.mark.parametrize("state", sorted(STANDING))
    def test_a_refusal_puts_it_back_where_it_stood(self, state: ChangeState) -> None:
        """With the reason, and free to be tried again."""
        begun = states.begin_undo(a_change(state=state), by())

        back = states.undo_refused(begun, "somebody changed it since", is_end=False)

        assert (back.state, back.undo_by, back.undo_from, back.problem) == (state, None, None, "somebody changed it since")
        assert states.begin_undo(back, by(request_id="click-2")).problem == ""

    @pytest.mark.parametrize(
        ("checks", "state"),
        [((), "applied"), ((nothing_seen(1),), "applied"), ((a_check(stands=False),), "applied"), ((a_check(),), "verified")],
    )
    def test_where_it_stood_is_told_by_its_checks_when_nothing_else_does(self, checks: tuple[Check, ...], state: ChangeState) -> None:
        """A change stored without it."""
        assert states.undo_refused(a_change(state="undoing", checks=checks), "no", is_end=False).state == state

    @pytest.mark.parametrize(("is_end", "revert_at"), [(True, None), (False, NOW + 1800)])
    def test_an_end_that_was_refused_does_not_come_by_itself_again(self, is_end: bool, revert_at: float | None) -> None:
        """A click that was refused leaves the end where it was."""
        change = a_change(state="undoing", undo_from="applied", minutes=30, revert_at=NOW + 1800)

        assert states.undo_refused(change, "no", is_end=is_end).revert_at == revert_at

    def test_what_is_undone_has_no_end_ahead(self) -> None:
        """Whoever undid it, the time that was set is no more."""
        change = a_change(state="undoing", minutes=30, revert_at=NOW + 1800, problem="throttled")

        after = states.undone(change, made(change, is_undo=True), LATER)

        assert (after.undone, after.undone_at, after.revert_at, after.problem) == (made(change, is_undo=True), LATER, None, "")


class TestKept:
    @pytest.mark.parametrize("state", sorted(STANDING))
    def test_stays_for_good(self, state: ChangeState) -> None:
        """And it is known who decided so."""
        after = states.kept(a_change(state=state, minutes=30, revert_at=NOW + 1800), APPROVER)

        assert (after.state, after.revert_at, after.kept_by) == (state, None, APPROVER)

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"state": "applied"}, "does not end by itself"),
            ({"state": "applied", "minutes": 30, "kept_by": ASKED_BY}, "kept already"),
            ({"state": "undoing", "minutes": 30, "revert_at": NOW + 1800}, "being taken back"),
            ({"state": "undone", "minutes": 30}, "made and taken back"),
            ({"state": "pending", "minutes": 30}, "waits for approval"),
        ],
    )
    def test_is_refused_where_nothing_ends(self, fields: dict[str, Any], why: str) -> None:
        """In words that say what it is instead."""
        with pytest.raises(RefusedError, match=why):
            states.kept(a_change(**fields), APPROVER)
