"""The conditions that a playbook may state: a closed set, each exactly one key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, StrictBool, Tag, field_validator, model_validator

from bot.analysis.facts import Outcome, TextRole
from bot.playbooks.paths import parse_path
from bot.playbooks.patterns import compile_pattern
from bot.playbooks.shape import UnknownNameError, check_choice, fact_lists, field_type, sections

KINDS: Final = ("all", "any", "not", "text", "value", "fact", "metric", "state")
OPERATORS: Final = ("equals", "not_equals", "in", "not_in", "gt", "gte", "lt", "lte", "matches", "contains", "exists")

Scalar = str | int | float | bool | None
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _valid_pattern(value: str) -> str:
    compile_pattern(value)
    return value


def _valid_path(value: str) -> str:
    parse_path(value)
    return value


class Part(BaseModel):
    """Base of a playbook and everything in it: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Part):
    """Another value of the incident file to compare with, scaled by `times`."""

    path: str
    times: float = 1.0

    _path = field_validator("path")(_valid_path)


def _operand_kind(value: Any) -> str:
    return "reference" if isinstance(value, dict | Reference) else "number"


Operand = Annotated[Annotated[float, Tag("number")] | Annotated[Reference, Tag("reference")], Discriminator(_operand_kind)]
"""A number, or a reference to one."""


def _equal_kind(value: Any) -> str:
    return "reference" if isinstance(value, dict | Reference) else "plain"


Equal = Annotated[Annotated[Scalar, Tag("plain")] | Annotated[Reference, Tag("reference")], Discriminator(_equal_kind)]


class Comparison(Part):
    """Operators on one value; all that are given must hold."""

    equals: Equal = None
    not_equals: Equal = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    not_in: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    gt: Operand | None = None
    gte: Operand | None = None
    lt: Operand | None = None
    lte: Operand | None = None
    matches: str | None = Field(default=None, description="An RE2 pattern.")
    contains: Scalar = None
    exists: StrictBool | None = None

    @field_validator("matches")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        return None if value is None else _valid_pattern(value)

    @model_validator(mode="after")
    def _compares(self) -> Comparison:
        if not self.operators():
            raise ValueError(f"no operator; known: {', '.join(OPERATORS)}")
        return self

    def operators(self) -> tuple[str, ...]:
        """Return the operators that were given, as the playbook writes them."""
        return tuple(name for name in OPERATORS if ("in_" if name == "in" else name) in self.model_fields_set)

    def operand(self, operator: str) -> Any:
        """Return what an operator compares with."""
        return getattr(self, "in_" if operator == "in" else operator)


class TextCondition(Part):
    """A pattern in the texts of an incident, in at least `min` lines.

    Lines of an invocation that ended well count only when they are at error level, and not at all with `handled: exclude`;
    `outcomes` names the outcomes that count instead.
    """

    pattern: str = Field(min_length=1, description="An RE2 pattern, case-sensitive unless it begins with (?i).")
    in_: tuple[TextRole, ...] = Field(default=(), alias="in", description="Where to look; everywhere when it is not given.")
    min: int = Field(default=1, ge=1)
    outcomes: tuple[Outcome, ...] = ()
    handled: Literal["include", "exclude"] = "include"
    source: str | None = Field(default=None, description="Where this wording was recorded: an address, or words.")
    as_: Name | None = Field(default=None, alias="as")

    _pattern = field_validator("pattern")(_valid_pattern)

    @field_validator("handled", mode="before")
    @classmethod
    def _handled_as_bool(cls, value: Any) -> Any:
        return {True: "include", False: "exclude"}[value] if isinstance(value, bool) else value


class ValueCondition(Comparison):
    """A value of the incident file (or of the facts, below `facts.`) compared; unknown where the file does not hold it."""

    path: str

    _path = field_validator("path")(_valid_path)


def _as_comparison(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {"in": value}
    return value if isinstance(value, dict | Comparison) else {"equals": value}


Where = Annotated[Comparison, BeforeValidator(_as_comparison, json_schema_input_type=Comparison | Scalar | list[Scalar])]


class FactCondition(Part):
    """At least `min` items of a list of facts satisfy every `where`."""

    of: str = Field(description="A list of the facts, for example denials.", json_schema_extra={"enum": [*sorted(fact_lists())]})
    where: dict[str, Where] = Field(default_factory=dict)
    min: int = Field(default=1, ge=1)
    as_: Name | None = Field(default=None, alias="as")

    @field_validator("of")
    @classmethod
    def _known_list(cls, value: str) -> str:
        if value not in fact_lists():
            raise UnknownNameError("list of facts", value, fact_lists())
        return value

    @model_validator(mode="after")
    def _known_fields(self) -> FactCondition:
        model = fact_lists()[self.of]
        for name, comparison in self.where.items():
            annotation = field_type(model, name, f"field of {self.of}")
            values = [*(comparison.in_ or ()), *(comparison.not_in or ()), comparison.equals, comparison.not_equals, comparison.contains]
            for value in values:
                if not isinstance(value, Reference):
                    check_choice(annotation, value, f"{self.of}.{name}")
        return self


class MetricCondition(Part):
    """A metric of the window, reduced to one number over all series that match."""

    namespace: str
    name: str
    stat: str = "Sum"
    dimensions: dict[str, str] = Field(default_factory=dict)
    reduce: Literal["sum", "max", "min", "avg", "last"] = "sum"
    equals: Operand | None = None
    gt: Operand | None = None
    gte: Operand | None = None
    lt: Operand | None = None
    lte: Operand | None = None

    @model_validator(mode="after")
    def _compares(self) -> MetricCondition:
        if not self.operators():
            raise ValueError("no operator; known: equals, gt, gte, lt, lte")
        return self

    def operators(self) -> tuple[str, ...]:
        """Return the operators that were given."""
        return tuple(name for name in ("equals", "gt", "gte", "lt", "lte") if getattr(self, name) is not None)

    def operand(self, operator: str) -> Any:
        """Return what an operator compares with."""
        return getattr(self, operator)


class StateCondition(Part):
    """Whether AWS answered for a section, said that there is none, or was not asked."""

    section: str = Field(json_schema_extra={"enum": [*sections()]})
    is_: Literal["none", "present", "absent"] = Field(alias="is")

    @field_validator("section")
    @classmethod
    def _known_section(cls, value: str) -> str:
        if value not in sections():
            raise UnknownNameError("section", value, sections())
        return value


class Condition(Part):
    """One condition: exactly one of its keys is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"minProperties": 1, "maxProperties": 1})

    all_: tuple[Condition, ...] | None = Field(default=None, alias="all", min_length=1)
    any_: tuple[Condition, ...] | None = Field(default=None, alias="any", min_length=1)
    not_: Condition | None = Field(default=None, alias="not")
    text: TextCondition | None = None
    value: ValueCondition | None = None
    fact: FactCondition | None = None
    metric: MetricCondition | None = None
    state: StateCondition | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Condition:
        given = [name for name in KINDS if self.part(name) is not None]
        if len(given) != 1:
            raise ValueError(f"a condition has exactly one key, this has {', '.join(given) or 'none'}; known: {', '.join(KINDS)}")
        return self

    def part(self, kind: str) -> Any:
        """Return what stands under one of the keys."""
        return getattr(self, f"{kind}_" if kind in ("all", "any", "not") else kind)

    @property
    def kind(self) -> str:
        """Return the key that is given."""
        return next(name for name in KINDS if self.part(name) is not None)

    def children(self) -> tuple[Condition, ...]:
        """Return the conditions that this one combines."""
        return self.all_ or self.any_ or ((self.not_,) if self.not_ is not None else ())

    def leaves(self) -> Iterator[Condition]:
        """Yield the conditions that look at evidence."""
        if not self.children():
            yield self
        for child in self.children():
            yield from child.leaves()
