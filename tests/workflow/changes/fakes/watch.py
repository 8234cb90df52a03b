"""A watcher hears of every call to a port before and after, and may kill the process there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Watch = Callable[[str], None]
"""Called with `name of the port.method` before, and with a `!` behind it after each call."""


class Watched:
    """Wraps a port and tells the watcher of every call."""

    def __init__(self, port: Any, name: str, watch: Watch) -> None:
        self._port, self._name, self._watch = port, name, watch

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if not callable(member):
            return member

        def called(*args: Any, **kwargs: Any) -> Any:
            self._watch(f"{self._name}.{name}")
            result = member(*args, **kwargs)
            self._watch(f"{self._name}.{name}!")
            return result

        return called
