"""Event source mappings: the queues and streams that a poller reads for the function."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context


@COLLECTORS.register("event-sources")
class EventSources(Collector):
    """The function's event source mappings; an empty list says that it has none."""

    sections = ("event_sources",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:ListEventSourceMappings"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html"

    def collect(self, context: Context) -> list[dict[str, Any]]:
        """Read the mappings of the function and of its alias."""
        name = ":".join(filter(None, (context.target.function_name, context.target.qualifier)))
        mappings: list[dict[str, Any]] = []
        for page in context.pages("lambda", "ListEventSourceMappings", ("NextMarker", "Marker"), FunctionName=name):
            mappings += page.get("EventSourceMappings", [])
        context.answer("event_sources", mappings)
        return mappings
