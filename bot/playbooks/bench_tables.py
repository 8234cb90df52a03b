"""The bench's figures as Markdown, which a terminal shows as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

_WORDS: Final = {"yes": "answerable", "partly": "partly answerable", "no": "not answerable", "control": "healthy (controls)"}
_HEAD: Final = ("", "n", "right first", "95 %", "in first three", "abstained", "harmful buttons", "unhelpful buttons")


def markdown(figures: dict[str, Any], title: str = "Bench") -> str:
    """Return all figures as a Markdown page."""
    lines = [f"# {title}", "", f"{figures['incidents']} labelled incidents, answered by the playbooks as they are in this version.", ""]
    for part in (
        _accuracy(figures),
        _answers(figures),
        _calibration(figures["calibration"]),
        _confusion(figures["confusion"]),
        _misses(figures),
    ):
        lines += [*part, ""]
    return "\n".join(lines).rstrip() + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table whose columns line up."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    wide = [[cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
            for row in [head, *rows]]  # fmt: skip
    rule = ["-" * width if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return [f"| {' | '.join(row)} |" for row in [wide[0], rule, *wide[1:]]]


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal."""
    return "-" if share is None else f"{share:.1%}"


def _accuracy(figures: dict[str, Any]) -> Iterator[str]:
    yield from ("## Accuracy", "")
    rows = [_group_row(_WORDS[kind], group) for kind, group in figures["groups"].items()]
    rows += [_group_row(f"answerable, status {status}", group) for status, group in figures["statuses"].items()]
    yield from table(_HEAD, rows)


def _group_row(name: str, group: dict[str, Any]) -> list[str]:
    first = group["first"]
    low, high = first["interval_95"]
    counts = [str(group[key]) for key in ("abstained", "harmful", "unhelpful")]
    shares = [percent(first["share"]), f"{percent(low)} to {percent(high)}", percent(group["first_three"]["share"])]
    return [name, str(group["incidents"]), *shares, *counts]


def _answers(figures: dict[str, Any]) -> Iterator[str]:
    precision = figures["precision_when_answering"]
    low, high = precision["interval_95"]
    false = figures["false_diagnoses_on_controls"]
    yield from ("## When it answers", "")
    yield f"- right in {percent(precision['share'])} of {precision['of']} answers (95 %: {percent(low)} to {percent(high)})"
    yield f"- false diagnoses on healthy functions: {len(false)}{_named(false)}"
    harmful = figures["harmful_buttons"]
    yield f"- incidents with a harmful or useless button: {len(harmful)}{_named(harmful)}"


def _named(ids: Iterable[str]) -> str:
    joined = ", ".join(ids)
    return f" ({joined})" if joined else ""


def _calibration(figures: dict[str, Any]) -> Iterator[str]:
    yield from ("## Calibration", "")
    error = figures["expected_error"]
    yield f"Expected calibration error: {'-' if error is None else f'{error:.3f}'} over {figures['answers']} answers."
    rows = [
        [f"{one['from']:.1f} to {one['to']:.1f}", str(one["of"]), percent(one["mean_confidence"]), percent(one["share"]),
         f"{percent(one['interval_95'][0])} to {percent(one['interval_95'][1])}"]
        for one in figures["bins"]
    ]  # fmt: skip
    if rows:
        yield ""
        yield from table(("confidence", "answers", "mean confidence", "right", "95 %"), rows)


def _confusion(figures: dict[str, dict[str, dict[str, int]]]) -> Iterator[str]:
    yield from ("## Confusion", "")
    yield "For each status: the wanted cause, and what came first instead of it how often."
    for status, wanted in figures.items():
        rows = [[cause, str(sum(got.values())), str(got.get(cause, 0)), _others(cause, got)] for cause, got in wanted.items()]
        yield from ("", f"### {'Status ' + status if status != 'none' else 'No status'}", "")
        yield from table(("wanted", "n", "got it", "got instead"), rows)


def _others(cause: str, got: dict[str, int]) -> str:
    return ", ".join(f"{other} {count}" for other, count in got.items() if other != cause) or "-"


def _misses(figures: dict[str, Any]) -> Iterator[str]:
    yield from ("## Misses", "")
    if not figures["misses"]:
        yield "None."
    else:
        rows = [
            [miss["id"], miss["answerable"], miss["want"] or "-", ", ".join(miss["got"]) or miss["verdict"]] for miss in figures["misses"]
        ]
        yield from table(("incident", "answerable", "wanted", "got"), rows)
