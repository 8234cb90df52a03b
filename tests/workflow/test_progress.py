"""How far the collectors are, shown while they run."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from bot.commands import WhyCommand
from bot.errors import StateError
from bot.evidence.collect import Progress
from bot.models.incident import Asking
from bot.workflow.investigate import investigate_question
from bot.workflow.progress import ProgressDisplay
from tests.workflow.conftest import World


class Shown:
    """Keeps what is shown, and tells when something is."""

    def __init__(self) -> None:
        self.all: list[Asking] = []
        self.something = threading.Event()

    def __call__(self, asking: Asking) -> None:
        """Keep one showing."""
        self.all.append(asking)
        self.something.set()


class TestProgressDisplay:
    def test_shows_the_newest_step(self) -> None:
        """Many steps in one turn make one showing."""
        shown = Shown()
        display = ProgressDisplay(shown, 0.05)
        for name in "abc":
            display.listen(Progress(name, "started"))
        display.listen(Progress("a", "answered"))
        display.listen(Progress("b", "failed"))

        display.start()
        assert shown.something.wait(5)
        display.stop()

        assert shown.all == [Asking(asked=3, answered=2)]

    def test_shows_nothing_of_what_is_over_at_once(self) -> None:
        """An edit for a tenth of a second helps nobody."""
        shown = Shown()
        display = ProgressDisplay(shown, 60)
        display.start()
        display.listen(Progress("a", "started"))
        display.stop()

        assert shown.all == []

    def test_shows_nothing_after_its_end(self) -> None:
        """A showing that has begun is waited for: the answer comes after it."""
        began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

        def show(_: Asking) -> None:
            began.set()
            may_end.wait(5)
            ended.set()

        display = ProgressDisplay(show, 0.01)
        display.listen(Progress("a", "started"))
        display.start()
        assert began.wait(5)
        threading.Timer(0.05, may_end.set).start()
        display.stop()

        assert ended.is_set()

    def test_gives_up_when_it_cannot_show(self) -> None:
        """The investigation goes on without it."""
        tries = Shown()

        def show(asking: Asking) -> None:
            tries(asking)
            raise StateError("the table is away")

        display = ProgressDisplay(show, 0.01)
        display.listen(Progress("a", "started"))
        display.start()
        assert tries.something.wait(5)
        display.listen(Progress("b", "started"))
        display.stop()

        assert len(tries.all) == 1


class TestInvestigation:
    def test_shows_how_far_it_is(self, world: World) -> None:
        """The first message counts the questions while they are asked, and ends with the answer."""
        asked = threading.Event()

        def collect(*args: Any, **kwargs: Any) -> Any:
            kwargs["progress"](Progress("function", "started"))
            kwargs["progress"](Progress("logs", "started"))
            kwargs["progress"](Progress("logs", "answered"))
            for _ in range(200):
                if world.messenger.progress:
                    break
                asked.wait(0.02)
            return world.account.collect(*args, **kwargs)

        desk = replace(world.desk, collect=collect, progress_every_s=0.02)
        command = WhyCommand(request_id="t1", text="checkout 502", user_id="U2147483697", channel_id="C1")

        assert investigate_question(desk, command, owner="w", time_left_s=lambda: 60.0) == "done"
        assert world.messenger.progress[0].progress == Asking(asked=2, answered=1)
        assert world.messenger.messages[0].shown.incident.phase == "answered"
