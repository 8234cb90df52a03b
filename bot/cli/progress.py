"""Which collectors still run, on standard error; nothing where standard error is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner

from bot.evidence.collect import Progress


class CollectorProgress:
    """Shows a spinner with the collectors that have not yet answered, while the block runs."""

    def __init__(self, console: Console) -> None:
        self._running: list[str] = []
        self._ended = 0
        self._spinner = Spinner("dots", text="asking AWS")
        self._live = Live(self._spinner, console=console, transient=True, refresh_per_second=12) if console.is_terminal else None

    def show(self, progress: Progress) -> None:
        """Note that a collector began or ended."""
        if progress.state == "started":
            self._running.append(progress.collector)
        else:
            self._running.remove(progress.collector)
            self._ended += 1
        self._spinner.update(text=f"{self._ended} of {self._ended + len(self._running)} answered; waiting for {', '.join(self._running)}")

    def __enter__(self) -> Self:
        """Start the display."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None) -> None:
        """Take the display away."""
        if self._live:
            self._live.stop()
