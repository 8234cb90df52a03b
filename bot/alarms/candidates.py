"""Functions that an alarm may be about, in the order in which they should be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.alarms.questions import NotThere, Questions
from bot.models.incident_file import FrontDoor
from bot.models.window import Window

MAX_CANDIDATES: Final = 50
"""Three queries each stay far below GetMetricData's 500.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html."""

MAX_CHECKED: Final = 5
"""GetFunctionConfiguration shares 15 requests a second with the customer's deployments.
Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

ASKED: Final = {"Errors": "Sum", "Throttles": "Sum", "Duration": "Maximum"}

_FUNCTION_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[$A-Za-z0-9_-]+))?"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function, and how callers reach it. `deleted` None: not asked."""

    function_name: str
    qualifier: str | None = None
    account_id: str | None = None
    front_door: FrontDoor | None = None
    is_authorizer: bool = False
    errors: float | None = None
    throttles: float | None = None
    duration_max_ms: float | None = None
    deleted: bool | None = None

    @property
    def failures(self) -> float:
        """Return errors and throttles of the window."""
        return (self.errors or 0) + (self.throttles or 0)


def functions_in(text: object) -> Iterator[Candidate]:
    """Yield the functions whose ARNs stand in a text, also inside an API's integration URI."""
    for found in _FUNCTION_ARN.finditer(text if isinstance(text, str) else ""):
        qualifier = found["qualifier"] if found["qualifier"] != "$LATEST" else None
        yield Candidate(found["name"], qualifier, account_id=found["account"])


def distinct(candidates: list[Candidate]) -> list[Candidate]:
    """Return each function and qualifier once, the first mention first; several routes to one function leave no route."""
    found: dict[tuple[str, str | None], Candidate] = {}
    for candidate in candidates:
        key = (candidate.function_name, candidate.qualifier)
        known = found.get(key)
        if known is None:
            found[key] = candidate
        elif known.front_door and candidate.front_door and known.front_door.route != candidate.front_door.route:
            found[key] = replace(known, front_door=known.front_door.model_copy(update={"route": None}))
    return list(found.values())[:MAX_CANDIDATES]


def ranked(candidates: list[Candidate], window: Window, ask: Questions) -> list[Candidate]:
    """Return the candidates by their own metrics in the window: most failures first, then the longest run.

    A function that was deleted leaves no metric, so it stands before those that did not fail either.
    """
    if len(candidates) > 1:
        candidates = _measured(candidates, window, ask)
    candidates = [c for c in candidates if not c.is_authorizer or c.failures or len(candidates) == 1]
    candidates.sort(key=lambda c: (-c.failures, -(c.duration_max_ms or 0)))
    checked = [_checked(c, ask) for c in candidates[:MAX_CHECKED]] + candidates[MAX_CHECKED:]
    return sorted(checked, key=lambda c: (-c.failures, not c.deleted))


def _checked(candidate: Candidate, ask: Questions) -> Candidate:
    qualifier = {"Qualifier": candidate.qualifier} if candidate.qualifier else {}
    try:
        answer = ask.ask("function", "lambda", "get_function_configuration", FunctionName=candidate.function_name, **qualifier)
    except NotThere:
        return replace(candidate, deleted=True)
    return replace(candidate, deleted=False if answer is not None else None)


def _measured(candidates: list[Candidate], window: Window, ask: Questions) -> list[Candidate]:
    names = list(dict.fromkeys(c.function_name for c in candidates))
    queries = [
        {"Id": f"q{number}_{metric.lower()}", "MetricStat": _stat(name, metric), "ReturnData": True}
        for number, name in enumerate(names)
        for metric in ASKED
    ]
    rows = ask.pages(
        "metrics",
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=queries,
        StartTime=window.start,
        EndTime=window.end,
    )
    if not rows:
        return candidates
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(str(row.get("Id")), []).extend(row.get("Values") or [])
    return [_with_figures(c, values, names.index(c.function_name)) for c in candidates]


def _stat(function_name: str, metric: str) -> dict[str, Any]:
    where = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": [{"Name": "FunctionName", "Value": function_name}]}
    return {"Metric": where, "Period": 60, "Stat": ASKED[metric]}


def _with_figures(candidate: Candidate, values: dict[str, list[float]], number: int) -> Candidate:
    return replace(
        candidate,
        errors=sum(values.get(f"q{number}_errors", [])),
        throttles=sum(values.get(f"q{number}_throttles", [])),
        duration_max_ms=max(values.get(f"q{number}_duration", []), default=None),
    )
