"""What a collector is: a registered question to AWS that declares the IAM actions it needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Final

from bot.evidence.context import Context, Run
from bot.registry import Registry


class Collector(ABC):
    """One independent question, or a few that need one another's answers.

    Each collector runs in a thread of its own from the start. One that needs what another one reads waits for just
    that with `context.need`; nothing else waits.
    """

    sections: ClassVar[tuple[str, ...]]
    """The sections of the incident file that it fills, or fills a part of."""
    iam_actions: ClassVar[frozenset[str]]
    """Every IAM action that its calls need; the deployment grants the union over all collectors."""
    source_url: ClassVar[str]
    """The AWS page that says what the answer means."""

    @classmethod
    def applies(cls, run: Run) -> bool:
        """Tell whether there is anything to ask about; most questions are about a function."""
        return run.target.function_name is not None

    @abstractmethod
    def collect(self, context: Context) -> Any:
        """Ask, and hand the answers to `context.answer`. What is returned reaches collectors that need this one.

        Raises:
            CollectionError: The question failed; it becomes a gap.
        """


COLLECTORS: Final[Registry[type[Collector]]] = Registry("collector")
