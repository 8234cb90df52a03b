"""X-Ray traces: what each invocation waited for, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.analysis.facts import TraceCall
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile

DOCUMENTS_SOURCE: Final = "https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html"
"""Keys of a segment document: `namespace` is `aws` for SDK calls and `remote` for others; `in_progress` stands
instead of `end_time` while it runs."""

MAX_CALLS: Final = 40
"""Calls kept over all traces, the longest first."""
MAX_DEPTH: Final = 40

Namespace = Literal["aws", "remote"]
Span = tuple[float, float]


@dataclass(slots=True)
class _Dependency:
    """All calls of one invocation to one dependency."""

    cite: Citation
    spans: list[Span] = field(default_factory=list)
    count: int = 0
    flags: set[str] = field(default_factory=set)


def trace_calls(incident: IncidentFile) -> tuple[TraceCall, ...]:
    """Return what the invocations in the traces called, the longest first; calls to one dependency in one invocation are one item."""
    found = [call for index, trace in enumerate(incident.traces or []) for call in _of_trace(trace, f"traces[{index}]")]
    return tuple(sorted(found, key=lambda call: -(call.duration_ms or 0.0))[:MAX_CALLS])


def _of_trace(trace: dict[str, Any], ref: str) -> Iterator[TraceCall]:
    rows = trace.get("Segments")
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        document, place = _document(row, f"{ref}.Segments[{index}]")
        # An inferred segment tells of a call once more, from the far side.
        if document is not None and not document.get("inferred") and isinstance(trace.get("Id"), str | None):
            yield from _of_segment(document, place, trace.get("Id"), _number(trace.get("Duration")))


def _document(row: object, ref: str) -> tuple[dict[str, Any] | None, str]:
    """Return the segment, which BatchGetTraces gives as a JSON string, and where it stands."""
    if not isinstance(row, dict):
        return None, ref
    document = row.get("Document", row)
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return None, ref
    return (document if isinstance(document, dict) else None), f"{ref}.Document" if "Document" in row else ref


def _of_segment(segment: dict[str, Any], ref: str, trace_id: str | None, trace_s: float | None) -> Iterator[TraceCall]:
    start = _number(segment.get("start_time"))
    if start is None:
        return
    end = _number(segment.get("end_time")) or (start + trace_s if trace_s else None)
    found: dict[tuple[str, Namespace], _Dependency] = {}
    _collect(segment, (start, end), ref, found, is_text=ref.endswith(".Document"), depth=0)
    for (name, namespace), one in found.items():
        took_s = _covered(one.spans)
        share = round(min(1.0, took_s / (end - start)), 4) if took_s is not None and end is not None and end > start else None
        yield TraceCall(
            cite=(one.cite,), count=one.count, name=name, namespace=namespace, trace_id=trace_id,
            duration_ms=None if took_s is None else round(took_s * 1000, 3), share=share,
            invocation_ms=None if end is None else round((end - start) * 1000, 3), fault="fault" in one.flags, error="error" in one.flags,
            throttle="throttle" in one.flags, in_progress="in_progress" in one.flags,
        )  # fmt: skip


def _collect(
    parent: dict[str, Any], whole: tuple[float, float | None], ref: str, found: dict[tuple[str, Namespace], _Dependency], *,
    is_text: bool, depth: int,
) -> None:  # fmt: skip
    children = parent.get("subsegments")
    if depth > MAX_DEPTH or not isinstance(children, list):
        return
    for index, child in enumerate(children):
        if not isinstance(child, dict):
            continue
        place = ref if is_text else f"{ref}.subsegments[{index}]"
        name, namespace = child.get("name"), child.get("namespace")
        if isinstance(name, str) and namespace in ("aws", "remote"):
            one = found.setdefault((name, namespace), _Dependency(Citation(section="traces", ref=place, text=name)))
            _add(one, child, whole)
        _collect(child, whole, place, found, is_text=is_text, depth=depth + 1)


def _add(one: _Dependency, call: dict[str, Any], whole: tuple[float, float | None]) -> None:
    """Take one call; of one that never came back is known that it lasted to the end."""
    one.count += 1
    one.flags.update(flag for flag in ("fault", "error", "throttle", "in_progress") if call.get(flag) is True)
    start, end = _number(call.get("start_time")), _number(call.get("end_time"))
    if end is None and call.get("in_progress") is True:
        end = whole[1]
    if start is not None and end is not None and end >= start:
        one.spans.append((start, end))


def _covered(spans: list[Span]) -> float | None:
    """Return the time in which at least one of the calls ran; calls at the same time count once."""
    if not spans:
        return None
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
