"""A scenario: a broken function with its API, traffic, metrics and alarm, described as data in bot/demo/scenarios/*.yaml."""

from __future__ import annotations

from importlib.resources import files
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.errors import InputError

Place = Literal["function", "gateway"]

Statistic = Literal["Sum", "Maximum", "Average"]

METRIC_NAMESPACES: Final[dict[Place, str]] = {"function": "AWS/Lambda", "gateway": "AWS/ApiGateway"}


class Part(BaseModel):
    """Base of all parts: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Function(Part):
    """The function as it is configured."""

    name: str = Field(pattern=r"^[A-Za-z0-9-_]{1,48}$")
    timeout: int = Field(default=10, ge=1, le=900)
    memory: int = Field(default=256, ge=128, le=10240)
    reserved_concurrency: int | None = Field(default=None, ge=0)
    code: str = Field(min_length=1)
    """The source of its one module; what a reader of the demo can look at."""


class Api(Part):
    """The REST API before it."""

    name: str
    stage: str = "prod"
    method: str = "POST"
    path: str = "orders"
    timeout_ms: int = Field(default=29000, ge=50)
    permission: Literal["granted", "missing", "other-api"] = "granted"
    """Whether a statement of the function's resource policy lets this API in; `other-api`: its SourceArn names another one."""


class Line(Part):
    """A log line: seconds after the invocation began, and its text with placeholders.

    Known placeholders: <id> and <gw> (request ids), <ext> (extended request id), <time> (of the line, as Lambda writes it), <function>,
    <api>, <stage>, <method>, <path>, <region>, <account>. Texts that AWS prints are AWS's own wording.
    """

    at: float = Field(default=0.0, ge=0)
    text: str = Field(min_length=1)


class Traffic(Part):
    """Requests of one kind, spread evenly over the last minutes."""

    count: int = Field(ge=1, le=500)
    over_minutes: float = Field(default=5.0, gt=0, le=30)
    function_log: tuple[Line, ...] = ()
    gateway_log: tuple[Line, ...] = ()


class Metric(Part):
    """One value a minute, the last one for the minute before now."""

    place: Place
    name: str
    per_minute: tuple[float, ...] = Field(min_length=1)
    unit: str = "Count"


class Alarm(Part):
    """The alarm, on one metric: the local AWS forgets the parts of a metric-math alarm."""

    name: str
    place: Place
    metric: str
    statistic: Statistic = "Sum"
    threshold: float = 0.0


class Fixed(Part):
    """What a person's change must have come to for the trouble to end; nothing but a change of the configuration can be seen here."""

    timeout_above: int | None = None
    memory_above: int | None = None
    reserved_concurrency_above: int | None = None
    permission: bool = False
    """A statement of the resource policy lets this API in."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Fixed:
        said = [self.timeout_above, self.memory_above, self.reserved_concurrency_above, self.permission or None]
        if sum(value is not None for value in said) != 1:
            raise ValueError("fixed_when: say one thing")
        return self


class Scenario(Part):
    """A broken function and what the bot must find."""

    name: str
    title: str
    cause: str
    """The expected cause, a label of the vocabulary."""
    status: int
    """What callers see."""
    function: Function
    api: Api
    traffic: tuple[Traffic, ...] = ()
    metrics: tuple[Metric, ...] = Field(min_length=1)
    alarm: Alarm
    fixed_when: Fixed | None = None
    """None: no change of the configuration mends it."""

    @model_validator(mode="after")
    def _alarm_has_data(self) -> Scenario:
        if not any((metric.place, metric.name) == (self.alarm.place, self.alarm.metric) for metric in self.metrics):
            raise ValueError(f"alarm: {self.alarm.metric} of the {self.alarm.place} has no values under metrics")
        return self


def names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in files("bot.demo").joinpath("scenarios").iterdir() if entry.name.endswith(".yaml")
    )


def load(name: str) -> Scenario:
    """Read a shipped scenario.

    Raises:
        InputError: There is none of this name, or its file is not valid; every fault is named.
    """
    if name not in names():
        raise InputError(f"scenario: {name!r} is not known; known: {', '.join(names())}")
    text = files("bot.demo").joinpath("scenarios", f"{name}.yaml").read_text(encoding="utf-8")
    try:
        scenario = Scenario.model_validate(yaml.safe_load(text))
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in exc.errors())
        raise InputError(f"scenario {name}: {faults}") from exc
    if scenario.name != name:
        raise InputError(f"scenario {name}: name: expected {name!r}, found {scenario.name!r}")
    return scenario
