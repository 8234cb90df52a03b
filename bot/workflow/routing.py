"""Which channel an alarm is reported in: routes that the platform team writes as YAML, the first that fits decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from bot.errors import BotError, SettingsError
from bot.models.diagnosis import Strict
from bot.playbooks import marked_yaml

logger = logging.getLogger(__name__)


class Route(Strict):
    """One route; everything that it names must fit, and what it does not name fits always."""

    channel: str = Field(min_length=1)
    functions: tuple[str, ...] = ()
    """Names with the wildcards * and ?; one of them must fit."""
    alarms: tuple[str, ...] = ()
    """The same for the alarm's name."""
    accounts: tuple[str, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags of the function, all of which it must have; values may hold wildcards."""


@dataclass(frozen=True)
class Routed:
    """What is to be routed. The tags are asked for by those routes only that need them."""

    function: str
    alarm: str
    account: str
    tags: Callable[[], Mapping[str, str]]


_ROUTES: TypeAdapter[tuple[Route, ...]] = TypeAdapter(tuple[Route, ...])


def parse(text: str, path: str) -> tuple[Route, ...]:
    """Return the routes of a document.

    Raises:
        SettingsError: The document is no list of routes; every fault is named as `path:line: where: message`.
    """
    marked = marked_yaml.read(text)
    faults = list(marked.faults)
    if not faults:
        try:
            return _ROUTES.validate_python(_with_texts(marked.value) if marked.value is not None else ())
        except ValidationError as exc:
            faults = [marked_yaml.Fault(marked.line(fault["loc"]), fault["loc"], fault["msg"]) for fault in exc.errors()]
    raise SettingsError("\n".join(fault.words(path) for fault in faults))


def reader(read: Callable[[], str], path: str) -> Callable[[], tuple[Route, ...]]:
    """Return a function that reads the routes as they are now. Those that cannot be used are none, and logged."""

    def routes() -> tuple[Route, ...]:
        try:
            return parse(read(), path)
        except BotError:
            logger.exception("routes cannot be used, everything goes into the default channel", extra={"routes": path})
            return ()

    return routes


def channel_for(routes: tuple[Route, ...], routed: Routed, default: str) -> str:
    """Return the channel of the first route that fits."""
    return next((route.channel for route in routes if _fits(route, routed)), default)


def _fits(route: Route, routed: Routed) -> bool:
    if route.functions and not _any_fits(route.functions, routed.function):
        return False
    if route.alarms and not _any_fits(route.alarms, routed.alarm):
        return False
    if route.accounts and routed.account not in route.accounts:
        return False
    if not route.tags:
        return True
    tags = routed.tags()
    return all(name in tags and fnmatchcase(tags[name], value) for name, value in route.tags.items())


def _any_fits(patterns: tuple[str, ...], name: str) -> bool:
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in patterns)


def _with_texts(value: Any) -> Any:
    """Return the document with account ids as texts: unquoted, they are numbers to YAML."""
    if not isinstance(value, list):
        return value
    return [
        {**route, "accounts": [f"{each:012}" if type(each) is int else each for each in route["accounts"]]}
        if isinstance(route, dict) and isinstance(route.get("accounts"), list)
        else route
        for route in value
    ]
