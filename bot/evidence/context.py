"""What a collector works with: the target, the clients, the deadline, and the place for its answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import BotError, CollectionError, InputError, TargetNotFoundError
from bot.evidence.budget import LogBudget, LogMeter
from bot.evidence.harvest import Harvest
from bot.evidence.iam import iam_action, operation_name
from bot.models.incident_file import Target
from bot.models.window import Window
from bot.ports import AwsClients

logger = logging.getLogger(__name__)

NOT_FOUND_CODES: Final = frozenset(
    {
        "NoSuchEntity",
        "NoSuchEntityException",
        "NotFoundException",
        "ProvisionedConcurrencyConfigNotFoundException",
        "ResourceNotFoundException",
        "TargetGroupNotFound",
    }
)
"""How the services that are asked here say that there is none of what was asked for."""

MAX_MESSAGE_CHARS: Final = 500

to_method = cache(xform_name)


@dataclass
class Run:
    """What all collectors of one investigation share."""

    target: Target
    window: Window
    aws: AwsClients
    deadline: float
    """Reading of the monotonic clock at which the investigation ends."""
    budget: LogBudget = field(default_factory=LogBudget)
    alarm: Mapping[str, Any] | None = None
    client_status: int | None = None
    harvest: Harvest = field(default_factory=Harvest)
    results: dict[str, Future[Any]] = field(default_factory=dict)
    meters: list[LogMeter] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    api_calls: int = 0
    trail_slots: dict[str, list[float]] = field(default_factory=dict)
    """When CloudTrail was or will be asked in each region."""

    @property
    def remaining_s(self) -> float:
        """Return the time left, never negative."""
        return max(0.0, self.deadline - time.monotonic())


class Context:
    """The view that one collector has of the run."""

    def __init__(self, name: str, sections: tuple[str, ...], actions: frozenset[str], run: Run, region: str | None = None) -> None:
        self.name = name
        self.run = run
        self.region = region or run.target.region
        """Where to ask; None leaves it to the clients."""
        self.operation = ""
        """The question under way or asked last, for the gap of a collector that comes too late."""
        self._parts: list[tuple[Context, threading.Thread]] = []
        self._sections = sections
        self._actions = actions

    @property
    def target(self) -> Target:
        """Return the target as it was asked for."""
        return self.run.target

    @property
    def window(self) -> Window:
        """Return the stretch of time to look at."""
        return self.run.window

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Ask AWS one question.

        Raises:
            CollectionError: AWS refused, did not answer, or the deadline has passed.
        """
        question = operation_name(service, operation)
        if iam_action(service, operation) not in self._actions:
            raise CollectionError(f"collector {self.name} does not declare {question}", operation=question, code="UndeclaredAction")
        self.operation = question
        if self.run.remaining_s <= 0:
            raise late(question)
        try:
            answer: dict[str, Any] = getattr(self.run.aws.client(service, self.region), to_method(operation))(**params)
        except ClientError as exc:
            error = exc.response.get("Error", {})
            self._count(exc.response)
            raise CollectionError(
                _cut(error.get("Message") or str(exc)), operation=question, code=error.get("Code") or "ClientError"
            ) from exc
        except (BotoCoreError, InputError) as exc:
            self._count({})
            raise CollectionError(_cut(str(exc)), operation=question, code=type(exc).__name__) from exc
        self._count(answer)
        answer.pop("ResponseMetadata", None)
        return answer

    def call_or_none(self, service: str, operation: str, **params: Any) -> dict[str, Any] | None:
        """Ask AWS one question whose answer may be that there is none."""
        try:
            return self.call(service, operation, **params)
        except CollectionError as exc:
            if exc.code in NOT_FOUND_CODES:
                return None
            raise

    def pages(self, service: str, operation: str, tokens: tuple[str, str], *, limit: int = 10, **params: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list, up to `limit`; `tokens` are the names of the token in the answer and in the question."""
        out, back = tokens
        for _ in range(limit):
            page = self.call(service, operation, **params)
            yield page
            if not page.get(out):
                return
            params[back] = page[out]
        raise CollectionError(
            f"stopped after {limit} pages; more were there", operation=operation_name(service, operation), code="PageLimit"
        )

    def answer(self, section: str, value: Any) -> None:
        """Keep an answer; None says that AWS has none."""
        self._own(section)
        self.run.harvest.answer(section, value)

    def gap(self, section: str, error: CollectionError) -> None:
        """Keep a question that failed."""
        self._own(section)
        self.run.harvest.gap(section, error.operation, error.code, str(error))

    @contextmanager
    def question(self, section: str) -> Iterator[None]:
        """Turn a failure inside into a gap, so that the questions after it are still asked."""
        try:
            yield
        except CollectionError as exc:
            self.gap(section, exc)

    def elsewhere(self, region: str | None) -> Context:
        """Return a context of the same collector that asks in another region."""
        return Context(self.name, self._sections, self._actions, self.run, region)

    def together(self, section: str, *questions: Callable[[Context], None]) -> None:
        """Ask questions at once that do not need one another; each failure becomes a gap of its own."""
        children = [self.elsewhere(self.region) for _ in questions]
        threads = [
            threading.Thread(target=guarded, args=(child, section, question), name=f"collect-{self.name}", daemon=True)
            for child, question in zip(children, questions, strict=True)
        ]
        self._parts = list(zip(children, threads, strict=True))
        for thread in threads:
            thread.start()
        for child, thread in self._parts:
            thread.join(timeout=self.run.remaining_s)
            if thread.is_alive():
                for operation in child.under_way():
                    self.gap(section, late(operation))

    def under_way(self) -> list[str]:
        """Return the questions that have no answer yet."""
        waiting = [operation for child, thread in self._parts if thread.is_alive() for operation in child.under_way()]
        return waiting or [self.operation]

    def need(self, name: str) -> Any:
        """Wait for what another collector returns.

        Raises:
            CollectionError: That one failed, or did not answer before the deadline.
        """
        try:
            return self.run.results[name].result(timeout=self.run.remaining_s)
        except (CollectionError, TargetNotFoundError) as exc:
            cause = f"{exc.operation or name} failed with {exc.code}" if isinstance(exc, CollectionError) else "there is no such function"
            raise CollectionError(f"not asked: it needs {name}, and {cause}", operation=self.operation, code="NotAsked") from exc
        except (FutureTimeoutError, CancelledError) as exc:
            raise CollectionError(
                f"not asked: it needs {name}, which did not answer in time", operation=self.operation, code="NotAsked"
            ) from exc

    def need_or_none(self, name: str) -> Any:
        """Wait for what another collector returns; None where it failed."""
        try:
            return self.need(name)
        except CollectionError:
            return None

    def meter(self, fraction: float) -> LogMeter:
        """Return a meter over a share of the log budget."""
        meter = LogMeter(self.run.budget.share(fraction))
        with self.run.lock:
            self.run.meters.append(meter)
        return meter

    def _own(self, section: str) -> None:
        if section not in self._sections:
            raise CollectionError(f"collector {self.name} does not fill {section}", code="UndeclaredSection")

    def _count(self, answer: Mapping[str, Any]) -> None:
        retries = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)
        with self.run.lock:
            self.run.api_calls += 1 + retries


def guarded(context: Context, section: str, question: Callable[[Context], Any]) -> tuple[Any, BotError | None]:
    """Ask, and return the answer or the error; an error that AWS caused is a gap already."""
    try:
        return question(context), None
    except TargetNotFoundError as exc:
        return None, exc
    except CollectionError as exc:
        error = exc
    except Exception as exc:
        # A collector that meets a shape it does not know must not take the other questions down with it.
        logger.exception("collector failed", extra={"collector": context.name})
        error = CollectionError(f"{type(exc).__name__}: {exc}", operation=context.operation, code=type(exc).__name__)
    context.gap(section, error)
    return None, error


def late(operation: str) -> CollectionError:
    """Return the error of a question that the deadline left no time for."""
    return CollectionError("no answer before the deadline", operation=operation, code="DeadlineExceeded")


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE_CHARS else message[: MAX_MESSAGE_CHARS - 1] + "…"
