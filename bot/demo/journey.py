"""A change from the button to its undoing, as three people would go it in the demo's Slack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bot.demo.acts import Acts
from bot.demo.aws_side import AwsSide
from bot.demo.slack_workspace import Message, Workspace
from bot.errors import DemoError

T = TypeVar("T")

ON_CALL: Final = "U0ONCALL"
APPROVER: Final = "U0APPROVER"
STRANGER: Final = "U0STRANGER"

STEP_WITHIN_S: Final = 60.0

TRIES: Final = 3
"""A person presses again when Slack says that the app did not respond; a busy machine starts functions slowly."""

Report = Callable[[str, float], None]


@dataclass
class Journey:
    """Goes the whole way in one thread.

    Each step waits for what Slack or AWS shows, never for a time.
    """

    acts: Acts
    aws: AwsSide
    function_name: str
    thread_ts: str
    report: Report
    within_s: float = STEP_WITHIN_S
    refusals: int = field(default=0, init=False)

    @property
    def workspace(self) -> Workspace:
        """Return the workspace that it happens in."""
        return self.acts.workspace

    def go(self) -> bool:
        """Ask, get it approved, see it applied and the alarm recover, and take it back; tell whether there was a change to make.

        Raises:
            DemoError: A step did not happen in time; it is named, with what the thread says.
        """
        offered = next(self._buttons("medic.plan"), None)
        if offered is None:
            return False
        before = self._configuration()
        self._step("on-call opened the plan", lambda: self._press(ON_CALL, *offered))
        view = self._wait("the plan's window", self._window)
        self._step("on-call asked for approval", lambda: self._submit(view))
        approve = self._wait("a button to approve", lambda: next(self._buttons("medic.approve"), None))
        self._step("a stranger was refused", lambda: self._refused(approve))
        self._step("the approver approved", lambda: self._press(APPROVER, *approve))
        self._step("the change stands in AWS", lambda: self._wait("the change in AWS", lambda: self._configuration() != before))
        self._step("the bot saw the alarm recover", lambda: self._wait("the recovery", lambda: self._audited("verified")))
        undo = self._wait("a button to undo", lambda: next(self._buttons("medic.undo"), None))
        self._step("on-call took it back", lambda: self._press(ON_CALL, *undo))
        self._step("AWS is as it was before", lambda: self._wait("the old state", lambda: self._configuration() == before))
        self._wait("the word that it was undone", lambda: self._audited("undone"))
        return True

    def thread(self) -> list[Message]:
        """Return the thread as it stands now."""
        return next((thread for thread in self.workspace.threads() if thread[0].ts == self.thread_ts), [])

    def _step(self, said: str, do: Callable[[], object]) -> None:
        began = time.monotonic()
        do()
        self.report(said, time.monotonic() - began)

    def _buttons(self, action_id: str) -> Iterator[tuple[Message, dict[str, Any]]]:
        """Yield the buttons of the thread whose id begins so, newest message first."""
        for message in reversed(self.thread()):
            for block in message.blocks:
                accessory = [block["accessory"]] if block.get("accessory") else []
                for element in [*block.get("elements", []), *accessory] if block["type"] in {"actions", "section"} else []:
                    if element.get("type") == "button" and f"{element.get('action_id')}.".startswith(f"{action_id}."):
                        yield message, {**element, "block_id": block["block_id"]}

    def _press(self, user: str, message: Message, button: Mapping[str, Any]) -> None:
        action = {name: button[name] for name in ("type", "action_id", "block_id", "text", "value") if name in button}
        where = {"channel": message.channel, "ts": message.ts}
        self._tried(lambda: self.acts.click(user, where, action, {}))

    def _refused(self, approve: tuple[Message, dict[str, Any]]) -> None:
        def private() -> int:
            return sum(message.only_for == STRANGER for message in self.workspace.all_messages())

        before = private()
        self._press(STRANGER, *approve)
        self._wait("a private refusal", lambda: private() > before)

    def _submit(self, view: Mapping[str, Any]) -> None:
        inputs = [block for block in view["blocks"] if block["type"] == "input"]
        state = {block["block_id"]: {block["element"]["action_id"]: _filled(block["element"])} for block in inputs}
        answer = self._tried(lambda: self.acts.submit(ON_CALL, view["id"], state))
        if answer.get("errors"):
            raise DemoError(f"the plan's window took its own values back: {answer['errors']}")

    def _tried(self, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for _ in range(TRIES):
            answer = act()
            if not answer.get("error"):
                return answer
        raise DemoError(f"the bot did not respond: {answer['error']}")

    def _window(self) -> dict[str, Any] | None:
        view = self.workspace.views.top(ON_CALL)
        return view.shown() if view is not None and view.body.get("submit") else None

    def _configuration(self) -> dict[str, Any]:
        return self.aws.configuration(self.function_name)

    def _audited(self, event: str) -> bool:
        return any(entry["event"] == event and entry["function_name"] == self.function_name for entry in self.aws.shown().get("audit", []))

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + self.within_s
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        told = [f"(only to {message.only_for}) {message.text}" for message in self.workspace.all_messages() if message.only_for]
        said = "\n".join([message.text for message in self.thread()] + told)
        top = self.workspace.views.top(ON_CALL)
        window = f"\nThe window that is open: {top.body['blocks']}" if top else ""
        raise DemoError(f"{what}: not there within {self.within_s:.0f} s. The thread says:\n{said}{window}")


def _filled(element: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as it stands when nobody touches it."""
    if element["type"] in {"static_select", "external_select"}:
        return {"type": element["type"], "selected_option": element.get("initial_option")}
    return {"type": element["type"], "value": element.get("initial_value")}
